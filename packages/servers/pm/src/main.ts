import { pmContract } from "@procyon-os/contract-pm";
import {
  CLOCK, VFS, callByNumber, decodeRequest, encodeReply, i32, isNotify, m2, messageSource, messageType, type Call, type Endpoint,
  type Program, type ServiceImage,
} from "@procyon-os/message";
import { sefReceive, sefStartup, type StateSpec } from "@procyon-os/sef";
import { NO_REPLY, panic, printf, type Received } from "@procyon-os/syslib";
import { initFresh } from "./boot.ts";
import { callTable } from "./call-table.ts";
import { makeEffects } from "./effects.ts";
import type { PmHandler } from "./handlers.ts";
import { signalFromKernel } from "./kill.ts";
import { queueReplies, replyError, replyMessage } from "./reply.ts";
import { sendRaised } from "./signals.ts";
import { change, pmState, processAt, type PmState } from "./state.ts";
import { initLu, initRestart } from "./takeover.ts";
import { alarmsExpired, restartVirtualTimer } from "./timers.ts";
import { handleVfsReply, isVfsReply } from "./vfs-replies.ts";

const nameOf = callByNumber(pmContract);
const notifyTimestamp = m2.l2(i32);
/** Calls that change nothing about their caller, and are made often. */
const readsOnly: ReadonlySet<string> = new Set([
  "getPid", "getUid", "getGid", "getEpInfo", "getEpInfoOld", "getGroups", "getGroupsOld", "getPgrp", "getSid", "getProcNr", "getPriority", "getSysInfo",
  "isSetUgid", "sigpending", "time", "getTimeOfDay", "times", "sysUname", "svrctl", "brk", "execNewMem", "srvFork", "srvKill",
]);

/** The end of each round: signals that came up, then answers, which go out when the state is saved. */
function* finishRound(state: PmState): Program<void> {
  yield* sendRaised(state);
  queueReplies(state);
}

/** Signals for processes that PM manages; they come between two messages. */
function* signalManager(state: PmState, target: Endpoint, signal: number): Program<number> {
  const result = yield* signalFromKernel(state, target, signal, restartVirtualTimer);
  yield* finishRound(state);
  return result;
}

function* handleCall(state: PmState, { message }: Received): Program<void> {
  const source = messageSource(message);
  const caller = processAt(state, source);
  if (caller === null) return yield* printf(`pm: message ${messageType(message)} from ${source}, which is no process\n`);
  if (caller.exiting) return; // sent before it was killed
  if (source === VFS && isVfsReply(message)) return yield* handleVfsReply(state, message);
  const name = nameOf(messageType(message));
  if (name === null) return replyError(state, caller, "ENOSYS");
  if (!readsOnly.has(name)) change(caller);
  const one: Call<any, any, any> = pmContract.calls[name];
  const handler = callTable[name] as PmHandler<any>;
  const outcome = yield* handler(state, caller, decodeRequest(one, message) as never);
  if (outcome !== NO_REPLY) replyMessage(state, caller, encodeReply(one, outcome));
}

/** PM: a message, what follows from it, forever. It waits for VM, SCHED and the kernel, never for VFS or a user. */
function* main(spec: StateSpec<PmState>): Program<never> {
  const state = yield* sefStartup(spec, { initFresh, initRestart, initLu, initLuTells: true, signalManager, committed: makeEffects });
  for (;;) {
    const received = yield* sefReceive();
    if (received.result !== 0) return yield* panic(`receive failed: ${received.result}`);
    if (!isNotify(received.status)) yield* handleCall(state, received);
    else if (messageSource(received.message) === CLOCK) yield* alarmsExpired(state, notifyTimestamp.read(received.message));
    yield* finishRound(state);
  }
}

/**
 * PM with a state of a certain version: tests update from one to another. Its data hold the saved table, a kilobyte or so for each
 * process; a long table takes memory from VM.
 */
export function pmWith(spec: StateSpec<PmState>, version = "0.1.0"): ServiceImage {
  return { name: "@procyon-os/pm", version, dataBytes: 512 * 1024, stackBytes: 32 * 1024, contract: pmContract, state: spec, main: () => main(spec) };
}

/** The process manager as a hosted service. */
export const pm: ServiceImage = pmWith(pmState);
