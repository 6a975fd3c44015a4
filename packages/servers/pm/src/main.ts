import { pmContract } from "@procyon-os/contract-pm";
import {
  CLOCK, VFS, callByNumber, decodeRequest, encodeReply, fail, i32, isNotify, m2, messageSource, messageType, type Call, type Endpoint,
  type Program, type Result, type ServiceImage,
} from "@procyon-os/message";
import { sefReceive, sefStartup } from "@procyon-os/sef";
import { NO_REPLY, expireTimers, panic, printf, type Received } from "@procyon-os/syslib";
import { initFresh } from "./boot.ts";
import { callTable } from "./call-table.ts";
import type { PmHandler } from "./handlers.ts";
import { signalFromKernel } from "./kill.ts";
import { replyError, replyMessage, sendReplies } from "./reply.ts";
import { sendRaised } from "./signals.ts";
import { pmState, processAt, type PmState } from "./state.ts";
import { alarmExpired, restartVirtualTimer } from "./timers.ts";
import { handleVfsReply, isVfsReply } from "./vfs-replies.ts";

const nameOf = callByNumber(pmContract);
const notifyTimestamp = m2.l2(i32);

/** The end of each round: signals that came up, then answers. */
function* finishRound(state: PmState): Program<void> {
  yield* sendRaised(state);
  yield* sendReplies(state);
}

/** Signals for processes that PM manages; they come between two messages. */
function* signalManager(state: PmState, target: Endpoint, signal: number): Program<number> {
  const result = yield* signalFromKernel(state, target, signal, restartVirtualTimer);
  yield* finishRound(state);
  return result;
}

/** PM's table cannot be had again: its death ends the system. */
function* cannotRestart(): Program<Result<PmState>> {
  return fail("ENOSYS");
}

function* handleNotification(state: PmState, { message }: Received): Program<void> {
  if (messageSource(message) !== CLOCK) return;
  for (const endpoint of yield* expireTimers(state.timers, notifyTimestamp.read(message))) yield* alarmExpired(state, endpoint);
}

function* handleCall(state: PmState, { message }: Received): Program<void> {
  const source = messageSource(message);
  const caller = processAt(state, source);
  if (caller === null) return yield* printf(`pm: message ${messageType(message)} from ${source}, which is no process\n`);
  if (caller.exiting) return; // sent before it was killed
  if (source === VFS && isVfsReply(message)) return yield* handleVfsReply(state, message);
  const name = nameOf(messageType(message));
  if (name === null) return replyError(state, caller, "ENOSYS");
  const one: Call<any, any, any> = pmContract.calls[name];
  const handler = callTable[name] as PmHandler<any>;
  const outcome = yield* handler(state, caller, decodeRequest(one, message) as never);
  if (outcome !== NO_REPLY) replyMessage(state, caller, encodeReply(one, outcome));
}

/** PM: a message, what follows from it, forever. It waits for VM, SCHED and the kernel, never for VFS or a user. */
function* main(): Program<never> {
  const state = yield* sefStartup(pmState, { initFresh, initRestart: cannotRestart, initLu: cannotRestart, signalManager });
  for (;;) {
    const received = yield* sefReceive();
    if (received.result !== 0) return yield* panic(`receive failed: ${received.result}`);
    if (isNotify(received.status)) yield* handleNotification(state, received);
    else yield* handleCall(state, received);
    yield* finishRound(state);
  }
}

/** The process manager as a hosted service. */
export const pm: ServiceImage = { name: "@procyon-os/pm", version: "0.1.0", dataBytes: 256 * 1024, stackBytes: 32 * 1024, contract: pmContract, main };
