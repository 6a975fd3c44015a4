import { RS, errorCode, i32, m2, newMessage, type ErrorName, type Message } from "@procyon-os/message";
import { queueMessage } from "@procyon-os/sef";
import { isAlive, type PmState, type Process } from "./state.ts";

const secondResult = m2.i1(i32);

/** Notes a reply; it is sent when the round is saved, unless the process is exiting by then. */
export function replyMessage(state: PmState, to: Process, message: Message): void {
  state.replies.push({ slot: to.slot, message });
}

/** Notes a reply of one number, and where a call has it, the second one (the status of wait). */
export function reply(state: PmState, to: Process, result: number, second?: number): void {
  const message = newMessage(result);
  if (second !== undefined) secondResult.write(message, second);
  replyMessage(state, to, message);
}

/** Notes a reply that a call failed. */
export function replyError(state: PmState, to: Process, error: ErrorName): void {
  reply(state, to, errorCode(error));
}

/** At the end of a round: what was noted goes out as soon as the state is saved. Nobody is waited for. */
export function queueReplies(state: PmState): void {
  if (state.replies.length === 0) return;
  for (const { slot, message } of state.replies) {
    const to = state.processes[slot];
    if (to === undefined || !isAlive(to)) continue;
    // RS waits for nobody: it takes its answers when it likes (only while the system boots it waits for them in a SENDREC).
    queueMessage(to.endpoint, message, to.endpoint === RS ? "senda-any" : "sendnb");
  }
  state.replies = [];
}
