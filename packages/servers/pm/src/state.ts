import type { SigAction } from "@procyon-os/contract-pm";
import { NR_PROCS, NSIG, endpointSlot, type Endpoint, type Message } from "@procyon-os/message";
import { stateSpec } from "@procyon-os/sef";
import type { Timers } from "@procyon-os/syslib";

/** User ids, group ids. */
export interface Ids {
  real: number;
  effective: number;
}

/** A slot of PM's table; slots are those of the kernel. What the flags mean is said where they are set. */
export interface Process {
  readonly slot: number;
  inUse: boolean;
  pid: number;
  endpoint: Endpoint;
  name: string;
  group: number; // process group, which is the session too
  parent: number; // slot
  tracer: number | null; // slot
  traceFlags: number; // TO_*
  uid: Ids;
  gid: Ids;
  groups: number[];
  isSystem: boolean; // a system process: signals go through its own manager
  tainted: boolean;
  nice: number;
  scheduler: Endpoint; // HARDWARE (the kernel), NONE, or a server

  // What it waits for
  waitingFor: number | null; // in wait: -1, a pid, or a group negated
  paused: boolean;
  suspendedMask: number | null; // in sigsuspend: the mask to come back to
  vfsCall: Message | null; // what VFS does for it: one request at a time
  vfsSequence: number; // of the last request
  forkedBy: Endpoint | null; // new: who waits in fork until VFS knows it

  // Signals; sets are words
  ignored: number;
  caught: number;
  mask: number;
  pending: number;
  pendingFromKernel: number;
  pendingForTracer: number;
  actions: SigAction[]; // by signal
  returnStub: number; // where handlers return to
  stopPending: boolean; // stopped by us while VFS works for it; signals wait in `pending`
  unpaused: boolean; // stopped, and in no call that could go on: a handler may be set up
  delayCall: boolean; // was sending when we wanted to stop it; SIGSNDELAY will come
  stopped: boolean; // for its tracer

  // Timers
  alarmOn: boolean;
  intervals: [number, number, number]; // ticks, by ITIMER_*

  // Its end
  partialExec: boolean; // its memory is new, its program not yet there
  exiting: boolean;
  zombie: boolean; // its parent has not heard
  traceZombie: boolean; // its tracer has not heard
  traceExit: boolean; // its tracer ends it and waits
  toldParent: boolean;
  exitStatus: number;
  signalStatus: number;
  childUserTime: number;
  childSystemTime: number;

  frameAddress: number; // of argc, after exec
}

/** All of PM. */
export interface PmState {
  readonly processes: Process[];
  inUse: number; // slots
  fullReported: boolean; // that the table is full was printed
  readonly waitForSlot: Endpoint[]; // in fork, while slots are being given back
  nextSlot: number;
  nextPid: number;
  hz: number;
  machineName: string;
  readonly parameters: Uint8Array; // boot parameters, as the kernel gives them
  readonly overrides: { readonly name: string; readonly value: string }[];
  readonly timers: Timers<Endpoint>;
  readonly raised: { readonly endpoint: Endpoint; readonly signal: number }[]; // signals to send at the end of this round
  readonly replies: { readonly slot: number; readonly message: Message }[]; // to send at the end of this round
  readonly shared: number; // memory that VFS reads: SHARED_BYTES a slot
  abort: { readonly how: number; readonly code: string } | null;
}

/** Memory of each slot that VFS reads: a name. */
export const SHARED_BYTES = 16;

/** PM cannot be restarted: its table lives and dies with it. */
export const pmState = stateSpec<PmState>({ name: "pm", version: 1, saved: false });

/** A slot with nobody in it. */
export function emptyProcess(slot: number): Process {
  return {
    slot, inUse: false, pid: 0, endpoint: 0 as Endpoint, name: "", group: 0, parent: 0, tracer: null, traceFlags: 0,
    uid: { real: 0, effective: 0 }, gid: { real: 0, effective: 0 }, groups: [], isSystem: false, tainted: false, nice: 0,
    scheduler: 0 as Endpoint, waitingFor: null, paused: false, suspendedMask: null, vfsCall: null, vfsSequence: 0, forkedBy: null, ignored: 0, caught: 0,
    mask: 0, pending: 0, pendingFromKernel: 0, pendingForTracer: 0,
    actions: Array.from({ length: NSIG }, () => ({ handler: 0, mask: 0, flags: 0 })), returnStub: 0, stopPending: false, unpaused: false,
    delayCall: false, stopped: false, alarmOn: false, intervals: [0, 0, 0], partialExec: false, exiting: false, zombie: false,
    traceZombie: false, traceExit: false, toldParent: false, exitStatus: 0, signalStatus: 0, childUserTime: 0, childSystemTime: 0,
    frameAddress: 0,
  };
}

/** The process with an endpoint, or null where that is none of today. */
export function processAt(state: PmState, endpoint: Endpoint): Process | null {
  const slot = endpointSlot(endpoint);
  const process = slot >= 0 && slot < NR_PROCS ? state.processes[slot] : undefined;
  return process !== undefined && process.inUse && process.endpoint === endpoint ? process : null;
}

/** The process with a pid (zombies too), or null. */
export function processWithPid(state: PmState, pid: number): Process | null {
  return state.processes.find((process) => process.inUse && process.pid === pid) ?? null;
}

/** The process in a slot that is known to exist. */
export function atSlot(state: PmState, slot: number): Process {
  const process = state.processes[slot];
  if (process === undefined) throw new Error(`pm: no slot ${slot}`);
  return process;
}

/** Whether a process exists and is not on its way out. */
export const isAlive = (process: Process): boolean => process.inUse && !process.exiting;
