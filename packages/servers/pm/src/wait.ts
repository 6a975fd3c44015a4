import { WNOHANG, stopStatus } from "@procyon-os/contract-pm";
import { NSIG, SIGCHLD, fail, ok, signalInSet } from "@procyon-os/message";
import { NO_REPLY } from "@procyon-os/syslib";
import type { PmHandler } from "./handlers.ts";
import { reply } from "./reply.ts";
import { all, atSlot, change, leave, type PmState, type Process } from "./state.ts";

/** Whether a process waits for this child: for any (-1), for its pid, or for its group (negated). */
export function waitsFor(parent: Process, child: Process): boolean {
  const wanted = parent.waitingFor;
  return wanted !== null && (wanted === -1 || wanted === child.pid || -wanted === child.group);
}

const waitStatus = (child: Process): number => (child.exitStatus << 8) | (child.signalStatus & 0xff);

/** Answers the wait of a parent with the end of a child. */
function tellParent(state: PmState, child: Process): void {
  const parent = atSlot(state, child.parent);
  reply(state, parent, child.pid, waitStatus(child));
  change(parent).waitingFor = null;
  change(child).zombie = false;
  child.toldParent = true;
}

/** Answers the wait of a tracer with the end of its process, which is now its parent's to hear of. */
export function tellTracer(state: PmState, child: Process): void {
  if (child.tracer === null) return;
  const tracer = atSlot(state, child.tracer);
  reply(state, tracer, child.pid, waitStatus(child));
  change(tracer).waitingFor = null;
  change(child).traceZombie = false;
  child.zombie = true;
}

/** Tells the parent of a zombie: at once where it waits, else with SIGCHLD. */
export function checkParent(state: PmState, child: Process, mayRelease: boolean): void {
  const parent = atSlot(state, child.parent);
  if (parent.exiting) return; // INIT gets the child in a moment, and is asked then
  if (!waitsFor(parent, child)) {
    state.raised.push({ endpoint: parent.endpoint, signal: SIGCHLD });
    return;
  }
  tellParent(state, child);
  if (mayRelease && child.vfsCall === null) leave(state, child);
}

/** Makes a process that has ended a zombie: first to its tracer, where that is not its parent, then to its parent. */
export function zombify(state: PmState, process: Process): void {
  if (process.tracer !== null && process.tracer !== process.parent) {
    change(process).traceZombie = true;
    if (!waitsFor(atSlot(state, process.tracer), process)) return;
    tellTracer(state, process);
  } else {
    change(process).zombie = true;
  }
  checkParent(state, process, false);
}

/** What a child has to tell its parent or tracer now: "told", a status of a stop, or nothing. */
function collect(state: PmState, caller: Process, child: Process): "told" | { status: number } | null {
  if (child.tracer === caller.slot) {
    if (child.traceZombie) {
      tellTracer(state, child);
      checkParent(state, child, true);
      return "told";
    }
    for (let signal = 1; child.stopped && signal < NSIG; signal++) {
      if (!signalInSet(child.pendingForTracer, signal)) continue;
      change(child).pendingForTracer &= ~(1 << signal);
      return { status: stopStatus(signal) };
    }
  }
  if (child.parent !== caller.slot || !child.zombie) return null;
  tellParent(state, child);
  if (child.vfsCall === null) leave(state, child);
  return "told";
}

/** WAITPID (reference/posix-abi.md 2.2): children, and processes that the caller traces. */
export const waitPid: PmHandler<"waitPid"> = function* (state, caller, { pid, options }) {
  const wanted = pid === 0 ? -caller.group : pid;
  let candidates = 0;
  for (const child of all(state)) {
    if (child.toldParent) continue;
    if (child.parent !== caller.slot && (child.tracer !== caller.slot || child.zombie)) continue;
    if (wanted > 0 && wanted !== child.pid) continue;
    if (wanted < -1 && -wanted !== child.group) continue;
    candidates++;
    const { pid: childPid } = child;
    const told = collect(state, caller, child);
    if (told === "told") return NO_REPLY;
    if (told !== null) return ok({ pid: childPid, status: told.status });
  }
  if (candidates === 0) return fail("ECHILD");
  if ((options & WNOHANG) !== 0) return ok({ pid: 0, status: 0 });
  caller.waitingFor = wanted;
  return NO_REPLY;
};

/** WAIT: any child. */
export const wait: PmHandler<"wait"> = (state, caller) => waitPid(state, caller, { pid: -1, options: 0 });
