import { INIT, SIGHUP, SIGKILL, VFS, i32, m2, newMessage, type Program } from "@procyon-os/message";
import { NO_REPLY, kernel, panic, printf, vm } from "@procyon-os/syslib";
import { afterwards, letRest } from "./effects.ts";
import type { PmHandler } from "./handlers.ts";
import { must, notifyIpcServer, stopNow, stopScheduling } from "./partners.ts";
import { maySignal } from "./permission.ts";
import { replyMessage } from "./reply.ts";
import { all, atSlot, change, isAlive, leave, type PmState, type Process } from "./state.ts";
import { setAlarm } from "./timers.ts";
import { shareName, tellVfs } from "./vfs.ts";
import { checkParent, zombify } from "./wait.ts";

const INIT_SLOT: number = INIT;
const CORE_DUMPED = 0o200;
const traceResult = m2.l2(i32);

/** EXIT. A system process has to ask its manager instead: to whom it looks like SIGKILL. */
export const exit: PmHandler<"exit"> = function* (state, caller, { status }) {
  if (caller.isSystem) {
    yield* printf(`pm: system process ${caller.endpoint} (${caller.name}) calls exit and gets SIGKILL\n`);
    afterwards(state, { what: "kill", endpoint: caller.endpoint, signal: SIGKILL });
  } else {
    yield* exitProcess(state, caller, status, false);
  }
  return NO_REPLY;
};

function* accountTimes(state: PmState, process: Process): Program<void> {
  const { user, system } = yield* must("times", yield* kernel.times({ process: process.endpoint }));
  const parent = change(atSlot(state, process.parent));
  parent.childUserTime += user + process.childUserTime;
  parent.childSystemTime += system + process.childSystemTime;
}

/** The tracer of a process has died over it: nobody knows in which state it is, so it dies too. */
function tracerDied(state: PmState, child: Process): void {
  change(child).tracer = null;
  child.traceExit = false;
  if (!child.exiting) {
    state.raised.push({ endpoint: child.endpoint, signal: SIGKILL });
  } else if (child.traceZombie) {
    child.traceZombie = false;
    child.zombie = true;
    checkParent(state, child, true);
  }
}

/** Children of a process that ends become INIT's; those that it traced die. */
function disinherit(state: PmState, process: Process): void {
  for (const other of all(state)) {
    if (other.tracer === process.slot) tracerDied(state, other);
    if (!other.inUse || other.parent !== process.slot) continue;
    change(other).parent = INIT_SLOT;
    if (other.zombie) checkParent(state, other, true);
  }
}

/** The leader of a session ends: its group is told. */
function hangUp(state: PmState, leader: Process): void {
  for (const other of all(state)) {
    if (other.group !== leader.group || other === leader || !isAlive(other) || !maySignal(leader, other)) continue;
    state.raised.push({ endpoint: other.endpoint, signal: SIGHUP });
  }
}

/**
 * Ends a process: everything but its memory and its slot, which stay until VFS has closed its files and its parent has
 * heard. The order keeps a driver from copying to memory that is gone (reference/posix-abi.md 2.2).
 */
export function* exitProcess(state: PmState, process: Process, status: number, dumpCore: boolean): Program<void> {
  const withCore = dumpCore && process.uid.real === process.uid.effective && !process.isSystem;
  const { endpoint } = process;
  letRest(state, endpoint);
  if (process.alarmAt !== null) yield* setAlarm(process, 0);
  yield* accountTimes(state, process);
  yield* stopNow(state, process);
  yield* must("willexit", yield* vm.willexit({ process: endpoint }));
  yield* notifyIpcServer(state, process);
  if (process.slot === INIT_SLOT) return yield* printf("pm: INIT died\n");
  if (endpoint === VFS) return yield* panic("VFS died");

  if (withCore) {
    const name = yield* shareName(process);
    yield* tellVfs(process, "dumpCore", { process: endpoint, signal: process.signalStatus, tracer: endpoint, name });
  } else {
    yield* tellVfs(process, "exit", { process: endpoint });
  }
  // VFS may wait for just this driver: it must not be able to wait for ever.
  if (process.isSystem) afterwards(state, { what: "clear", endpoint });

  Object.assign(change(process), {
    exiting: true, exitStatus: status & 0xff, waitingFor: null, paused: false, suspendedMask: null, stopPending: false, unpaused: false,
    delayCall: false, stopped: false, partialExec: false, forkedBy: null, toldParent: false,
  } satisfies Partial<Process>);
  if (!withCore) zombify(state, process);
  disinherit(state, process);
  if (process.pid === process.group) hangUp(state, process);
}

/** VFS is done with a process that ends: memory and kernel slot go, and the table's slot where the parent has heard. */
export function* exitFinished(state: PmState, process: Process, hadCore: boolean, coreWritten = false): Program<void> {
  if (coreWritten) change(process).signalStatus |= CORE_DUMPED;
  const stopped = yield* stopScheduling(process);
  if (!stopped.ok) yield* printf(`pm: the scheduler does not give up ${process.endpoint} (${process.name}): ${stopped.error}\n`);
  if (hadCore) zombify(state, process);
  if (!process.isSystem) afterwards(state, { what: "clear", endpoint: process.endpoint });
  afterwards(state, { what: "vmExit", endpoint: process.endpoint });
  if (process.traceExit && process.tracer !== null) {
    const message = newMessage(0);
    traceResult.write(message, 0);
    replyMessage(state, atSlot(state, process.tracer), message);
  }
  if (process.toldParent) leave(state, process);
}
