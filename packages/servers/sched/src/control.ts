import { NR_SCHED_QUEUES, USER_Q, USER_QUANTUM, type schedContract } from "@procyon-os/contract-sched";
import { NR_PROCS, PM, RS, SCHED, endpointSlot, fail, ok, type Endpoint, type Program, type Result } from "@procyon-os/message";
import { kernel, printf, type Handlers } from "@procyon-os/syslib";
import { schedule, scheduleSomewhere } from "./schedule.ts";
import { change, findScheduled, type Scheduled, type SchedState } from "./state.ts";

/** A handler for every call of SCHED. */
export type SchedHandlers = Handlers<SchedState, typeof schedContract>;
type TakeError = "EPERM" | "EINVAL" | "EBADEPT" | "EDEADEPT" | "EBADCPU";

const mayControl = (caller: Endpoint): boolean => caller === PM || caller === RS;

/** Whether START or INHERIT may have this process: null, or why not. */
function checkNew(state: SchedState, caller: Endpoint, endpoint: Endpoint, maxPriority: number): TakeError | null {
  if (!mayControl(caller)) return "EPERM";
  const slot = endpointSlot(endpoint);
  if (slot < 0) return "EBADEPT";
  if (slot >= NR_PROCS) return "EINVAL";
  // The same process again: SCHED died before PM or RS heard that it has it.
  const there = state.processes.get(slot);
  if (there !== undefined && there.endpoint !== endpoint) return "EDEADEPT";
  return maxPriority < 0 || maxPriority >= NR_SCHED_QUEUES ? "EINVAL" : null;
}

/** Becomes the scheduler of a process and lets it run. */
function* take(state: SchedState, process: Scheduled): Program<Result<{ scheduler: Endpoint }, TakeError>> {
  const taken = yield* kernel.schedctl({ flags: 0, process: process.endpoint, quantumMs: 0, priority: 0, cpu: 0 });
  if (!taken.ok) {
    yield* printf(`sched: cannot take over ${process.endpoint}: ${taken.error}\n`);
    return fail("EINVAL");
  }
  const done = yield* scheduleSomewhere(state, process);
  if (!done.ok) return fail(done.error === "EBADCPU" || done.error === "EPERM" ? done.error : "EINVAL");
  state.processes.set(endpointSlot(process.endpoint), change(process));
  return ok({ scheduler: SCHED });
}

/** START: a process with a priority and quantum of its own. */
export const start: SchedHandlers["start"] = function* (state, caller, request) {
  const { process: endpoint, parent, maxPriority, quantum } = request;
  const error = checkNew(state, caller, endpoint, maxPriority);
  if (error !== null) return fail(error);
  // INIT, its own parent, is the first process of all: it begins where users do.
  const first = endpoint === parent;
  const priority = first ? USER_Q : maxPriority;
  return yield* take(state, { endpoint, parent, priority, maxPriority, timeSlice: first ? USER_QUANTUM : quantum, cpu: state.bootCpu });
};

/** INHERIT: a child, with what its parent has now. */
export const inherit: SchedHandlers["inherit"] = function* (state, caller, request) {
  const { process: endpoint, parent, maxPriority } = request;
  const error = checkNew(state, caller, endpoint, maxPriority);
  if (error !== null) return fail(error);
  const from = findScheduled(state, parent);
  if (typeof from === "string") return fail(from);
  return yield* take(state, { endpoint, parent, priority: from.priority, maxPriority, timeSlice: from.timeSlice, cpu: state.bootCpu });
};

/** STOP: the process ends. */
export const stop: SchedHandlers["stop"] = function* (state, caller, request) {
  if (!mayControl(caller)) return fail("EPERM");
  const process = findScheduled(state, request.process);
  if (typeof process === "string") return fail("EBADEPT");
  change(process);
  state.processes.delete(endpointSlot(request.process));
  return ok({});
};

/** SET_NICE: another best priority, which is also the one now. */
export const setNice: SchedHandlers["setNice"] = function* (state, caller, { process: endpoint, maxPriority }) {
  if (!mayControl(caller)) return fail("EPERM");
  const process = findScheduled(state, endpoint);
  if (typeof process === "string") return fail("EBADEPT");
  if (maxPriority < 0 || maxPriority >= NR_SCHED_QUEUES) return fail("EINVAL");
  const done = yield* schedule({ ...process, priority: maxPriority });
  if (!done.ok) return fail("EINVAL");
  change(process).maxPriority = process.priority = maxPriority;
  return ok({});
};
