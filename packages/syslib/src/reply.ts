import { AMF_NOREPLY, messageSource, SENDREC, statusCall, type Message, type Program } from "@procyon-os/message";
import { asynsend } from "./asynsend.ts";
import { sendNb, type Received } from "./ipc.ts";

/**
 * Answers a request in the way in which it came, and never waits for the client: one that made a SENDREC is waiting now;
 * one that sent asynchronously takes the answer when it likes. Gives 0 or a negative error.
 */
export function* sendReply({ message, status }: Received, reply: Message): Program<number> {
  const source = messageSource(message);
  return statusCall(status) === SENDREC ? yield* sendNb(source, reply) : yield* asynsend(source, reply, AMF_NOREPLY);
}
