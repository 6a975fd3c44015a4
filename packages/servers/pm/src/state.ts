import { NR_PROCS, endpointSlot, type Endpoint, type Message } from "@procyon-os/message";
import { changed, stateSpec } from "@procyon-os/sef";
import type { Effect } from "./effects.ts";
import { noActions } from "./actions.ts";

/** User ids, group ids. */
export interface Ids {
  real: number;
  effective: number;
}

/** A process in PM's table; slots are those of the kernel. What the flags mean is said where they are set. */
export interface Process {
  readonly slot: number;
  inUse: boolean; // false once its slot is given back
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
  readonly actions: Int32Array; // see actions.ts
  returnStub: number; // where handlers return to
  stopPending: boolean; // stopped by us while VFS works for it; signals wait in `pending`
  unpaused: boolean; // stopped, and in no call that could go on: a handler may be set up
  delayCall: boolean; // was sending when we wanted to stop it; SIGSNDELAY will come
  stopped: boolean; // for its tracer

  // Timers
  alarmAt: number | null; // when the real one expires, in ticks since boot
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

/** All of PM. What the kernel says at any time (boot parameters, the clock's rate) and what follows from the table is not in it. */
export interface PmState {
  readonly processes: (Process | undefined)[]; // by slot
  inUse: number; // slots
  fullReported: boolean; // that the table is full was printed
  waitForSlot: Endpoint[]; // in fork, while slots are being given back
  nextSlot: number;
  nextPid: number;
  readonly overrides: { readonly name: string; readonly value: string }[]; // of boot parameters
  raised: { readonly endpoint: Endpoint; readonly signal: number }[]; // signals to send at the end of this round
  replies: { readonly slot: number; readonly message: Message }[]; // to send at the end of this round
  effects: Effect[]; // what is still to be done to processes, now that the state says that it is
  abort: { readonly how: number; readonly code: string } | null;
}

/** The state that survives a crash of PM: each process is saved for itself. No call is lost, so whoever waits goes on waiting. */
export const pmState = stateSpec<PmState>({
  name: "pm", version: 2, saved: true, parts: ["processes"], once: true,
  owes: (state) => [...all(state), ...state.effects].map(({ endpoint }) => endpoint),
});

/** A state without processes. */
export function emptyState(firstPid: number): PmState {
  return {
    processes: Array.from({ length: NR_PROCS }, () => undefined), inUse: 0, fullReported: false, waitForSlot: [], nextSlot: 0, nextPid: firstPid,
    overrides: [], raised: [], replies: [], effects: [], abort: null,
  };
}

/** A process in a slot where nobody was; it is entered by `enter`. */
export function emptyProcess(slot: number): Process {
  return {
    slot, inUse: false, pid: 0, endpoint: 0 as Endpoint, name: "", group: 0, parent: 0, tracer: null, traceFlags: 0,
    uid: { real: 0, effective: 0 }, gid: { real: 0, effective: 0 }, groups: [], isSystem: false, tainted: false, nice: 0,
    scheduler: 0 as Endpoint, waitingFor: null, paused: false, suspendedMask: null, vfsCall: null, vfsSequence: 0, forkedBy: null, ignored: 0,
    caught: 0, mask: 0, pending: 0, pendingFromKernel: 0, pendingForTracer: 0, actions: noActions(), returnStub: 0, stopPending: false,
    unpaused: false, delayCall: false, stopped: false, alarmAt: null, intervals: [0, 0, 0], partialExec: false, exiting: false, zombie: false,
    traceZombie: false, traceExit: false, toldParent: false, exitStatus: 0, signalStatus: 0, childUserTime: 0, childSystemTime: 0,
    frameAddress: 0,
  };
}

/** Says that a process is about to change: it is saved when the round ends. Whoever writes to one says so. */
export function change<P extends Process>(process: P): P {
  changed("processes", process.slot);
  return process;
}

/** Puts a process into its slot. */
export function enter(state: PmState, process: Process): Process {
  state.processes[process.slot] = change(process);
  process.inUse = true;
  state.inUse++;
  return process;
}

/** Gives the slot of a process back. */
export function leave(state: PmState, process: Process): void {
  change(process).inUse = false;
  state.processes[process.slot] = undefined;
  state.inUse--;
  state.fullReported = false;
}

/** The process with an endpoint, or null where that is none of today. */
export function processAt(state: PmState, endpoint: Endpoint): Process | null {
  const process = state.processes[endpointSlot(endpoint)];
  return process !== undefined && process.endpoint === endpoint ? process : null;
}

/** Every process, in order of slots. */
export const all = (state: PmState): Process[] => state.processes.filter((process) => process !== undefined);

/** The process with a pid (zombies too), or null. */
export function processWithPid(state: PmState, pid: number): Process | null {
  return state.processes.find((process) => process !== undefined && process.pid === pid) ?? null;
}

/** The process in a slot that is known to have one. */
export function atSlot(state: PmState, slot: number): Process {
  const process = state.processes[slot];
  if (process === undefined) throw new Error(`pm: nobody is in slot ${slot}`);
  return process;
}

/** Whether a process exists and is not on its way out. */
export const isAlive = (process: Process): boolean => process.inUse && !process.exiting;
