import { AMF_NOREPLY, errorCode, messageSource, SENDREC, statusCall, type Endpoint, type Message, type Program } from "@procyon-os/message";
import { asynsend, kernel, panic, printf, sendNb, type Received } from "@procyon-os/syslib";
import { context } from "./context.ts";
import { checkSaved } from "./check-saved.ts";
import type { HowToSend, QueuedMessage } from "./saved-log.ts";
import { commit } from "./saved-state.ts";
import { isWaiting } from "./waiting.ts";

/**
 * Queues a message that goes out when the state that it speaks of is saved: with the next `sefReceive`, or `sendQueued`. Where
 * the service dies in between, its successor sends it.
 * @param how "sendnb" to one who waits in SENDREC, "senda" to anyone else (it does not complete a SENDREC)
 */
export function queueMessage(to: Endpoint, message: Message, how: HowToSend): void {
  context().queue.push({ how, to, message: message.slice() });
}

/** Queues the answer to a request, to go out in the way in which the request came. */
export function queueReply({ message, status }: Received, reply: Message): void {
  queueMessage(messageSource(message), reply, statusCall(status) === SENDREC ? "sendnb" : "senda");
}

/** Saves the state and what is queued as one transaction, then sends what is queued. It waits for no client. */
export function* sendQueued(): Program<void> {
  const sef = context();
  const queue = sef.queue;
  if (queue.length > 0) sef.queue = [];
  // An asynchronous answer cannot be told from its repetition: a request that has one counts as handled, whatever it changed.
  yield* commit(queue, queue.some(({ how }) => how !== "sendnb"));
  checkSaved(sef);
  const again = sef.redoing || sef.retaking;
  sef.redoing = false;
  for (const one of queue) yield* sendOne(one, again);
  if (sef.started && sef.callbacks?.committed !== undefined && (yield* sef.callbacks.committed(sef.state))) yield* commit([]);
}

function* sendOne({ how, to, message }: QueuedMessage, again: boolean): Program<void> {
  if (how === "endksig") return yield* endSignals(to);
  // Where the instance before has answered already, its client may wait for anything.
  if (again && how === "sendnb" && !(yield* isWaiting(to))) return;
  const sent = how === "sendnb" ? yield* sendNb(to, message) : yield* asynsend(to, message, how === "senda" ? AMF_NOREPLY : 0);
  if (sent !== 0 && sent !== errorCode("EDEADSRCDST")) yield* printf(`${context().spec?.name ?? "sef"}: no reply to ${to}: ${sent}\n`);
}

function* endSignals(process: Endpoint): Program<void> {
  const ended = yield* kernel.endksig({ process });
  if (!ended.ok && ended.error === "EPERM") return yield* panic(`sef: ENDKSIG of ${process}: ${ended.error}`);
}

/**
 * Whether what is handled now may have been begun by an instance that died over it. Effects outside of the state may have
 * been made then.
 */
export function mayBeRepeated(): boolean {
  return context().redoing || context().retaking;
}
