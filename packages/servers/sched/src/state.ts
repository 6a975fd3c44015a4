import { NR_PROCS, endpointSlot, type Endpoint } from "@procyon-os/message";
import { changed, stateSpec } from "@procyon-os/sef";

/** A process that SCHED schedules. */
export interface Scheduled {
  readonly endpoint: Endpoint;
  readonly parent: Endpoint;
  priority: number; // queue now; 0 is the best
  maxPriority: number; // the best that it may have
  readonly timeSlice: number; // milliseconds
  cpu: number;
}

/** All of SCHED. */
export interface SchedState {
  readonly processes: Map<number, Scheduled>; // by slot
  readonly bootCpu: number;
  readonly deadCpus: boolean[]; // one for each processor
}

/** The state that survives a crash of SCHED. What it tells the kernel does no harm when it is told twice. */
export const schedState = stateSpec<SchedState>({ name: "sched", version: 1, saved: true, parts: ["processes"], once: true });

/** Says that a process is about to change: it is saved before anyone is answered. */
export function change(process: Scheduled): Scheduled {
  changed("processes", endpointSlot(process.endpoint));
  return process;
}

/** The process of an endpoint, or why it is none: a task, out of the table, or stale. */
export function findScheduled(state: SchedState, endpoint: Endpoint): Scheduled | "EBADEPT" | "EINVAL" | "EDEADEPT" {
  const slot = endpointSlot(endpoint);
  if (slot < 0) return "EBADEPT";
  if (slot >= NR_PROCS) return "EINVAL";
  const process = state.processes.get(slot);
  return process?.endpoint === endpoint ? process : "EDEADEPT";
}
