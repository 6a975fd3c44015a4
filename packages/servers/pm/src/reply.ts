import { errorCode, i32, m2, newMessage, type ErrorName, type Message, type Program } from "@procyon-os/message";
import { printf, sendNb } from "@procyon-os/syslib";
import { atSlot, isAlive, type PmState, type Process } from "./state.ts";

const secondResult = m2.i1(i32);

/** Notes a reply; it is sent at the end of the round, unless the process is exiting by then. */
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

/** Sends what was noted. Never waits: who is not receiving has no claim on an answer. */
export function* sendReplies(state: PmState): Program<void> {
  for (const { slot, message } of state.replies.splice(0)) {
    const to = atSlot(state, slot);
    if (!isAlive(to)) continue;
    const sent = yield* sendNb(to.endpoint, message);
    if (sent !== 0) yield* printf(`pm: no reply to ${to.endpoint} (${to.name}): ${sent}\n`);
  }
}
