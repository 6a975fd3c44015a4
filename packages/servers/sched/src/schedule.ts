import { RS, errorCode, fail, ok, type Program, type Result } from "@procyon-os/message";
import { kernel, printf } from "@procyon-os/syslib";
import type { Scheduled, SchedState } from "./state.ts";

const KEEP = -1;

/** The boot processor for services, for the rest the one with the fewest processes of those that do not boot. */
export function pickCpu(state: SchedState, process: Scheduled): number {
  if (process.parent === RS) return state.bootCpu;
  const load = state.deadCpus.map(() => 0);
  for (const other of state.processes.values()) load[other.cpu] = (load[other.cpu] ?? 0) + 1;
  let best = state.bootCpu;
  let least = Infinity;
  for (const [cpu, dead] of state.deadCpus.entries()) {
    if (cpu === state.bootCpu || dead || (load[cpu] as number) >= least) continue;
    best = cpu;
    least = load[cpu] as number;
  }
  return best;
}

/** Tells the kernel queue and quantum of a process, and with `withCpu` its processor. */
export function* schedule(process: Scheduled, withCpu = false): Program<Result<null>> {
  const { endpoint, timeSlice, priority, cpu } = process;
  const done = yield* kernel.schedule({ process: endpoint, quantumMs: timeSlice, priority, cpu: withCpu ? cpu : KEEP });
  if (done.ok) return ok(null);
  if (done.error !== "EBADCPU") yield* printf(`sched: the kernel does not schedule ${endpoint}: ${errorCode(done.error)}\n`);
  return fail(done.error);
}

/** Schedules a new process on a processor that runs; one that turns out not to is not tried again. */
export function* scheduleSomewhere(state: SchedState, process: Scheduled): Program<Result<null>> {
  for (;;) {
    process.cpu = pickCpu(state, process);
    const done = yield* schedule(process, true);
    if (done.ok || done.error !== "EBADCPU" || process.cpu === state.bootCpu) return done;
    state.deadCpus[process.cpu] = true;
  }
}
