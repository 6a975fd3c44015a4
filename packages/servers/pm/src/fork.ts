import { GET_PROC, MF_HOSTED, PFF_EXEC_ONLY, PROCESS_BYTES, processEntry } from "@procyon-os/contract-kernel";
import { INIT_PID, TO_TRACEFORK, pmContract } from "@procyon-os/contract-pm";
import { NONE, NR_PROCS, RS, SCHED, SIGSTOP, encodeReply, fail, ok, type Endpoint, type Program, type Result } from "@procyon-os/message";
import { NO_REPLY, kernelStructure, printf, vm } from "@procyon-os/syslib";
import type { PmHandler } from "./handlers.ts";
import { reply, replyMessage } from "./reply.ts";
import { all, change, emptyProcess, enter, isAlive, processAt, type PmState, type Process } from "./state.ts";
import { tellVfs } from "./vfs.ts";

const NR_PIDS = 30_000;
/** Slots that only a system process gets: RS can bring a service back while users have filled the table. */
const FOR_SYSTEM = 4;
/** Slots before those that only root gets. */
const FOR_ROOT = 2;

/** The next pid that is neither a process's nor a group's. */
export function freePid(state: PmState): number {
  do {
    state.nextPid = state.nextPid < NR_PIDS ? state.nextPid + 1 : INIT_PID + 1;
  } while (all(state).some(({ pid, group }) => pid === state.nextPid || group === state.nextPid));
  return state.nextPid;
}

/** Whether the table has no slot left for a child of this process. */
function isFullFor(state: PmState, parent: Process): boolean {
  const kept = parent.isSystem ? 0 : parent.uid.effective === 0 ? FOR_SYSTEM : FOR_SYSTEM + FOR_ROOT;
  return state.inUse >= NR_PROCS - kept;
}

/** Whether slots are free as soon as VFS has closed the files of processes that have ended. */
const slotsAreComing = (state: PmState): boolean => all(state).some(({ toldParent, vfsCall }) => toldParent && vfsCall !== null);

/** A slot for a child of this process, or null where there is none. */
function* freeSlot(state: PmState, parent: Process): Program<number | null> {
  if (isFullFor(state, parent)) {
    if (!state.fullReported) yield* printf("pm: the process table is full\n");
    state.fullReported = true; // once, until a slot is free again: who fills the table asks often
    return null;
  }
  do state.nextSlot = (state.nextSlot + 1) % NR_PROCS;
  while (state.processes[state.nextSlot] !== undefined);
  return state.nextSlot;
}

/** Whether a process runs a hosted program. */
export function* isHosted(endpoint: Endpoint): Program<boolean> {
  const bytes = yield* kernelStructure(GET_PROC, PROCESS_BYTES, endpoint);
  return bytes !== null && (processEntry.decode(bytes).miscFlags & MF_HOSTED) !== 0;
}

type ForkError = "EAGAIN" | "ENOMEM" | "ENOSYS";

/** Makes the child: its memory and kernel slot by VM, its slot here as a copy of the parent's. */
function* makeChild(state: PmState, parent: Process, flags: number): Program<Result<Process, ForkError>> {
  const slot = yield* freeSlot(state, parent);
  if (slot === null) return fail("EAGAIN");
  const forked = yield* vm.fork({ parent: parent.endpoint, slot, flags });
  if (!forked.ok) return fail(forked.error === "ENOMEM" || forked.error === "ENOSYS" ? forked.error : "EAGAIN");

  const keepsTracer = (parent.traceFlags & TO_TRACEFORK) !== 0;
  return ok(enter(state, {
    ...emptyProcess(slot), pid: freePid(state), endpoint: forked.value.child, name: parent.name, group: parent.group, parent: parent.slot,
    tracer: keepsTracer ? parent.tracer : null, traceFlags: keepsTracer ? parent.traceFlags : 0,
    pendingForTracer: keepsTracer ? parent.pendingForTracer : 0, uid: { ...parent.uid }, gid: { ...parent.gid }, groups: [...parent.groups],
    tainted: parent.tainted, nice: parent.nice, scheduler: parent.scheduler, ignored: parent.ignored, caught: parent.caught,
    // As in MINIX a child has what its parent has pending: what is blocked, not what is on its way to the parent.
    mask: parent.mask, pending: parent.pending & parent.mask, pendingFromKernel: parent.pendingFromKernel & parent.mask,
    actions: parent.actions.slice(), returnStub: parent.returnStub, frameAddress: parent.frameAddress,
  }));
}

function stopForTracer(state: PmState, child: Process): void {
  if (child.tracer !== null) state.raised.push({ endpoint: child.endpoint, signal: SIGSTOP });
}

/**
 * FORK. Where the table is full but slots are on their way back, the caller waits for one: a program that asks again and
 * again would only keep VFS from giving them back. Parent and child are answered when VFS knows the child; see
 * `forkFinished` in `vfs-replies.ts`.
 */
export const fork: PmHandler<"fork"> = function* (state, caller) {
  if (caller.isSystem && (yield* isHosted(caller.endpoint))) {
    yield* printf(`pm: hosted process ${caller.endpoint} (${caller.name}) calls fork: a running program cannot be copied\n`);
    return fail("ENOSYS");
  }
  if (isFullFor(state, caller) && slotsAreComing(state)) {
    state.waitForSlot.push(caller.endpoint);
    return NO_REPLY;
  }
  const made = yield* makeChild(state, caller, 0);
  if (!made.ok) return made;
  const child = made.value;
  // The child of a system process is a user's process: a script that RS runs, for example.
  if (caller.isSystem) child.scheduler = SCHED;
  child.forkedBy = caller.endpoint;
  yield* tellVfs(child, "fork", { process: child.endpoint, parent: caller.endpoint, pid: child.pid });
  stopForTracer(state, child);
  return NO_REPLY;
};

/** A process has ended for good: whoever waits for a slot tries again. */
export function* retryForks(state: PmState): Program<void> {
  if (state.waitForSlot.length === 0) return;
  const waiting = state.waitForSlot;
  state.waitForSlot = [];
  for (const endpoint of waiting) {
    const caller = processAt(state, endpoint);
    if (caller === null || !isAlive(caller)) continue;
    const outcome = yield* fork(state, change(caller), {});
    if (outcome !== NO_REPLY) replyMessage(state, caller, encodeReply(pmContract.calls.fork, outcome));
  }
}

/**
 * SRV_FORK: RS makes a service, which it schedules itself. A hosted RS gives a child that has to exec before it runs, and may
 * want a user's process (for a recovery script), since it cannot fork one. RS gives that one to SCHED itself.
 */
export const srvFork: PmHandler<"srvFork"> = function* (state, caller, { uid, gid, asUser }) {
  if (caller.endpoint !== RS) return fail("EPERM");
  const hosted = yield* isHosted(caller.endpoint);
  const made = yield* makeChild(state, caller, hosted ? PFF_EXEC_ONLY : 0);
  if (!made.ok) return fail(made.error === "ENOSYS" ? "EAGAIN" : made.error);
  const child = made.value;
  const forUser = hosted && asUser === 1;
  child.isSystem = !forUser;
  child.tainted = false;
  child.scheduler = forUser ? SCHED : NONE;
  child.uid = { real: uid, effective: uid };
  child.gid = { real: gid, effective: gid };
  yield* tellVfs(child, "srvFork", { process: child.endpoint, parent: caller.endpoint, pid: child.pid, uid: uid >>> 0, gid: gid >>> 0 });
  stopForTracer(state, child);
  if (!hosted) reply(state, child, 0);
  return ok({ pid: child.pid });
};
