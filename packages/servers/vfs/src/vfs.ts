import type { Endpoint, Message, Program } from "@procyon-os/message";
import type { Timers } from "@procyon-os/syslib";
import type { FileProcess, VfsState } from "./state.ts";
import type { Job, Rights, Work } from "./work.ts";

/** The requests to one file server: how many it takes at once, how many it has. */
export interface FsLine {
  limit: number;
  current: number;
  dead: boolean;
  transaction: number; // the last id, 1 to LAST_TRANSACTION
}

/** A request to a driver of the synchronous style that is not answered yet. */
export interface Outstanding {
  readonly job: Job;
  readonly kind: "request" | "status";
  seen: boolean; // by `watch`: it has waited for a while
}

/** The talk with one driver of the synchronous style: one request at a time, as SENDREC would have it. */
export interface DriverLine {
  outstanding: Outstanding | null;
  statusWanted: boolean; // it notified us: ask what it has
}

/** VFS as it runs: its state, and what is in work and in flight. */
export interface Vfs {
  readonly state: VfsState;
  readonly jobs: Map<number, Job>;
  readonly ready: Job[];
  readonly lockOwners: Map<string, number>;
  readonly timers: Timers<number>; // the ids of jobs whose wait has an end, and WATCH
  readonly fsLines: Map<Endpoint, FsLine>;
  readonly transactions: Map<string, Job>; // by server and id
  readonly driverLines: Map<Endpoint, DriverLine>;
  readonly calls: Map<number, Job>; // by process slot: its call in work
  readonly postponed: Map<number, Message>; // by process slot: what PM wants when the call is over
  nextJob: number;
  nextBlockId: number;
  watching: boolean; // the timer of `watch` runs
  nextPark: number;
  readiness: number; // counts changes that select may wait for
  /** Puts back every vnode reference that a job still has. */
  readonly putAll: (job: Job) => void;
  /** What follows on the end of a job. */
  readonly ended: (job: Job) => Program<void>;
}

/** VFS with nothing in work. */
export function newVfs(state: VfsState, hooks: Pick<Vfs, "putAll" | "ended">): Vfs {
  return {
    state, jobs: new Map(), ready: [], lockOwners: new Map(), timers: { list: [] }, fsLines: new Map(), transactions: new Map(),
    driverLines: new Map(), calls: new Map(), postponed: new Map(), nextJob: 1, nextBlockId: 1, watching: false, nextPark: 1, readiness: 0, ...hooks,
  };
}

const ROOT: Rights = { uid: 0, gid: 0, groups: [] };

const rightsOf = (process: FileProcess, real: boolean): Rights => ({
  uid: real ? process.realUid : process.effectiveUid, gid: real ? process.realGid : process.effectiveGid, groups: process.groups,
});

/** Starts work; it runs before the next message is received. Work without a process has root's rights. */
export function startJob(vfs: Vfs, process: FileProcess | null, about: string, work: (job: Job) => Work<void>, realIds = false): Job {
  const rights = process === null ? ROOT : rightsOf(process, realIds);
  const job: Job = {
    id: vfs.nextJob++, about, vfs, process, rights, work: null, parked: null, interruptWanted: false, held: [], locks: [], loans: [],
  };
  job.work = work(job);
  vfs.jobs.set(job.id, job);
  vfs.ready.push(job);
  return job;
}
