import { RC_STOP, SYSCTL_CODE_STACKTRACE } from "@procyon-os/contract-kernel";
import { niceToPriority, schedContract } from "@procyon-os/contract-sched";
import { HARDWARE, INIT, NONE, fail, ok, type Endpoint, type ErrorName, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { client, kernel, panic, vm } from "@procyon-os/syslib";
import { afterwards, staysStopped } from "./effects.ts";
import { atSlot, change, type PmState, type Process } from "./state.ts";

// PM waits for VM, SCHED and the kernel, which never wait for PM.

/** A call that cannot fail unless PM's view of the system is wrong. */
export function* must<T>(what: string, outcome: Result<T>): Program<T> {
  if (!outcome.ok) return yield* panic(`${what} failed: ${outcome.error}`);
  return outcome.value;
}

/** Stops a process at once. Only for one that is in a call to PM, or dies. */
export function* stopNow(state: PmState, { endpoint }: Process): Program<void> {
  staysStopped(state, endpoint);
  yield* must("stop", yield* kernel.runctl({ process: endpoint, action: RC_STOP, flags: 0 }));
}

/** Lets a stopped process run again, when the round is saved. */
export function resume(state: PmState, { endpoint }: Process): void {
  staysStopped(state, endpoint); // once is enough
  afterwards(state, { what: "resume", endpoint });
}

/** Prints where a process is in its program, on the console. */
export function* printStack({ endpoint }: Process): Program<void> {
  yield* kernel.sysctl({ code: SYSCTL_CODE_STACKTRACE, buffer: 0 as VirtAddr, argument: endpoint });
}

/** Tells VM of a signal or an exit, for the server of shared memory and semaphores, where there is one. */
export function* notifyIpcServer(state: PmState, process: Process): Program<void> {
  const server = state.processes.find((one) => one !== undefined && one.name === "ipc");
  if (server !== undefined) yield* vm.notifySig({ process: process.endpoint, ipcServer: server.endpoint });
}

const hasScheduler = (process: Process): boolean => process.scheduler !== HARDWARE && process.scheduler !== NONE;

/** Hands a new user process to its parent's scheduler; children of system processes count as children of INIT. */
export function* startScheduling(state: PmState, process: Process): Program<Result<null>> {
  if (!hasScheduler(process)) return ok(null);
  const maxPriority = niceToPriority(process.nice);
  if (maxPriority === null) return fail("EINVAL");
  const parent = atSlot(state, process.parent);
  const started = yield* client(schedContract, process.scheduler).inherit({
    process: process.endpoint, parent: parent.isSystem ? INIT : parent.endpoint, maxPriority,
  });
  if (!started.ok) return started;
  change(process).scheduler = started.value.scheduler;
  return ok(null);
}

/** Takes a process that ends from its scheduler. That it is not there (any more) is no error. */
export function* stopScheduling(process: Process): Program<Result<null>> {
  if (!hasScheduler(process)) return ok(null);
  const scheduler: Endpoint = process.scheduler;
  change(process).scheduler = NONE;
  const stopped = yield* client(schedContract, scheduler).stop({ process: process.endpoint });
  return stopped.ok || stopped.error === "EBADEPT" ? ok(null) : stopped;
}

/** Gives a process another nice value. */
export function* changeNice(process: Process, nice: number): Program<Result<null, ErrorName>> {
  const maxPriority = niceToPriority(nice);
  if (!hasScheduler(process) || maxPriority === null) return fail("EINVAL");
  const set = yield* client(schedContract, process.scheduler).setNice({ process: process.endpoint, maxPriority });
  return set.ok ? ok(null) : set;
}
