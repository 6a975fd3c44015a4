import { RC_DELAY, RC_STOP, T_STOP, signalMessage } from "@procyon-os/contract-kernel";
import { SA_NODEFER, SA_RESETHAND, SIGS_SIGNAL_RECEIVED, SIG_DFL, stopStatus } from "@procyon-os/contract-pm";
import {
  LETHAL_SIGNALS, NSIG, PM, SIGABRT, SIGKILL, SIGSTOP, TERMINATION_SIGNALS, VFS, i32, m2, newMessage, signalInSet, type Program,
} from "@procyon-os/message";
import { mayBeRepeated, queueMessage } from "@procyon-os/sef";
import { kernel, panic, printf, scratchBytes, vm } from "@procyon-os/syslib";
import { actionOf, setAction } from "./actions.ts";
import { afterwards, staysStopped } from "./effects.ts";
import { exitProcess } from "./exit.ts";
import { hasFrame } from "./signal-frame.ts";
import { must, notifyIpcServer, printStack, resume, stopNow } from "./partners.ts";
import { reply, replyError } from "./reply.ts";
import { CORE_SIGNALS, IGNORED_BY_DEFAULT, NOT_IGNORED_FROM_KERNEL } from "./signal-sets.ts";
import { atSlot, change, isAlive, processAt, type PmState, type Process } from "./state.ts";
import { tellVfs } from "./vfs.ts";
import { waitsFor } from "./wait.ts";

const receivedSignal = m2.i1(i32);
const bit = (signal: number): number => 1 << signal;

/** No process can mask these. */
export const UNMASKABLE: number = bit(SIGKILL) | bit(SIGSTOP);

function keep(process: Process, signal: number, fromKernel: boolean): void {
  change(process).pending |= bit(signal);
  if (fromKernel) process.pendingFromKernel |= bit(signal);
}

function* exitBySignal(state: PmState, process: Process, signal: number): Program<void> {
  change(process).signalStatus = signal;
  const withCore = signalInSet(CORE_SIGNALS, signal);
  if (withCore && !process.isSystem) {
    yield* printf(`pm: signal ${signal} ends process ${process.pid} (${process.name})\n`);
    yield* printStack(process);
  }
  yield* exitProcess(state, process, 0, withCore);
}

/** A traced process stops, and its tracer hears why. */
function* stopForTracer(state: PmState, process: Process, signal: number): Program<void> {
  yield* must("trace stop", yield* kernel.trace({ process: process.endpoint, request: T_STOP, address: 0, data: 0 }));
  change(process).stopped = true;
  const tracer = atSlot(state, process.tracer as number);
  if (!waitsFor(tracer, process)) return;
  process.pendingForTracer &= ~bit(signal);
  change(tracer).waitingFor = null;
  reply(state, tracer, process.pid, stopStatus(signal));
}

/** A signal for a system process: its manager knows what to do. Where that is PM, the kernel brings the signal back. */
function* signalSystem(state: PmState, process: Process, signal: number, fromKernel: boolean): Program<void> {
  if (process.endpoint === PM) return;
  if (!fromKernel) {
    return afterwards(state, { what: "kill", endpoint: process.endpoint, signal });
  }
  if (signalInSet(LETHAL_SIGNALS, signal) && signal !== SIGABRT) yield* printStack(process);
  if (signalInSet(TERMINATION_SIGNALS, signal)) return yield* exitBySignal(state, process, signal);
  const message = newMessage(SIGS_SIGNAL_RECEIVED);
  receivedSignal.write(message, signal);
  queueMessage(process.endpoint, message, "senda");
}

/**
 * Gets a process out of whatever call it waits in, stopped. Where that takes VFS, or the end of a send, `unpaused` is not
 * set on return, and the signal has to wait in `pending`.
 */
function* unpause(state: PmState, process: Process): Program<void> {
  if (process.delayCall) return;
  if (process.paused || process.waitingFor !== null || process.suspendedMask !== null) {
    yield* stopNow(state, process);
    change(process).unpaused = true; // the call itself is ended when the handler is set up
    return;
  }
  change(process);
  if (!process.stopPending) {
    staysStopped(state, process.endpoint);
    const stopped = yield* kernel.runctl({ process: process.endpoint, action: RC_STOP, flags: RC_DELAY });
    if (!stopped.ok && stopped.error === "EBUSY") {
      process.delayCall = true; // SIGSNDELAY tells when its message is taken
      return;
    }
    yield* must("stop", stopped);
    process.stopPending = true;
  }
  yield* tellVfs(process, "unpause", { process: process.endpoint });
  yield* notifyIpcServer(state, process);
}

/** Sets up the handler of a caught signal in a process that is stopped; false where its stack has no room, or where none can run. */
function* deliver(state: PmState, process: Process, signal: number): Program<boolean> {
  if (!process.unpaused) return yield* panic(`signal ${signal} for ${process.endpoint}, which may be in a call`);
  const action = actionOf(change(process), signal);
  const oldMask = process.suspendedMask ?? process.mask;
  process.mask |= action.mask;
  process.mask = (action.flags & SA_NODEFER) !== 0 ? process.mask & ~bit(signal) : process.mask | bit(signal);
  if ((action.flags & SA_RESETHAND) !== 0) {
    process.caught &= ~bit(signal);
    setAction(process, signal, { ...action, handler: SIG_DFL });
  }
  process.pending &= ~bit(signal);
  process.pendingFromKernel &= ~bit(signal);

  const room = yield* vm.pushSig({ process: process.endpoint });
  if (!room.ok) return false;
  if (!mayBeRepeated() || !(yield* hasFrame(process, signal, action.handler))) {
    const { stackPointer } = room.value;
    const message = yield* scratchBytes(
      signalMessage.encode({ signal, mask: oldMask >>> 0, handler: action.handler, signalReturn: process.returnStub, stackPointer }),
    );
    const sent = yield* kernel.sigsend({ process: process.endpoint, message });
    if (!sent.ok) return false;
  }

  if (process.paused || process.waitingFor !== null || process.suspendedMask !== null) {
    process.paused = false;
    process.waitingFor = null;
    process.suspendedMask = null;
    replyError(state, process, "EINTR");
  }
  if (!process.stopPending) {
    process.unpaused = false;
    resume(state, process);
  }
  return true;
}

/** A signal that is not for a tracer and not for later: blocked, ignored, caught, or the end. */
function* act(state: PmState, process: Process, signal: number, fromKernel: boolean): Program<void> {
  // What the processor itself complains of can neither be ignored nor wait: the process could not go on.
  const isMuted = signalInSet(process.ignored | process.mask, signal);
  const cannotWait = fromKernel && signalInSet(NOT_IGNORED_FROM_KERNEL, signal) && isMuted;
  if (!cannotWait) {
    if (signalInSet(process.ignored, signal)) return;
    if (signalInSet(process.mask, signal)) return keep(process, signal, fromKernel);
  }
  if (process.stopped && signal !== SIGKILL) return keep(process, signal, fromKernel);
  if (!cannotWait && signalInSet(process.caught, signal)) {
    if (!process.unpaused) yield* unpause(state, process);
    if (!process.unpaused) return keep(process, signal, fromKernel);
    if (yield* deliver(state, process, signal)) return;
    yield* printf(`pm: ${process.pid} has no room for the handler of signal ${signal}, and ends\n`);
  } else if (!cannotWait && signalInSet(IGNORED_BY_DEFAULT, signal)) return;
  yield* exitBySignal(state, process, signal);
}

/** Sends a signal to a process that is alive (reference/posix-abi.md 2.3). `trace`: a tracer hears of it first. */
export function* signalProcess(state: PmState, process: Process, signal: number, fromKernel: boolean, trace = true): Program<void> {
  if (!isAlive(process)) return;
  if (trace && process.tracer !== null && signal !== SIGKILL) {
    change(process).pendingForTracer |= bit(signal);
    if (!process.stopped) yield* stopForTracer(state, process, signal);
    return;
  }
  // VFS itself has this flag while it ends the system, and must not be stopped.
  if (process.vfsCall !== null && process.endpoint !== VFS) {
    keep(process, signal, fromKernel);
    if (!process.stopPending) {
      yield* stopNow(state, process);
      process.stopPending = true;
    }
    return;
  }
  if (process.isSystem) return yield* signalSystem(state, process, signal, fromKernel);
  yield* act(state, process, signal, fromKernel);
}

/** Acts on pending signals that are not blocked (any more), lowest first, until VFS has to be waited for. */
export function* checkPending(state: PmState, process: Process): Program<void> {
  for (let signal = 1; signal < NSIG; signal++) {
    if (!signalInSet(process.pending & ~process.mask, signal)) continue;
    const fromKernel = signalInSet(process.pendingFromKernel, signal);
    change(process).pending &= ~bit(signal);
    process.pendingFromKernel &= ~bit(signal);
    yield* signalProcess(state, process, signal, fromKernel, false);
    if (process.vfsCall !== null || !isAlive(process)) return;
  }
}

/** VFS is done with a process: what waited for that happens now. */
export function* restartSignals(state: PmState, process: Process): Program<void> {
  if (process.vfsCall !== null || !isAlive(process)) return;
  if (process.traceExit) return yield* exitProcess(state, process, process.exitStatus, false);
  if (!process.stopPending) return;
  yield* checkPending(state, process);
  if (process.vfsCall !== null || !isAlive(process)) return;
  change(process).stopPending = false;
  process.unpaused = false;
  resume(state, process);
}

/** Sends the signals that came up while something else was done. */
export function* sendRaised(state: PmState): Program<void> {
  while (state.raised.length > 0) {
    const [next, ...rest] = state.raised as [PmState["raised"][number], ...PmState["raised"]];
    state.raised = rest;
    const process = processAt(state, next.endpoint);
    if (process !== null) yield* signalProcess(state, process, next.signal, false);
  }
}
