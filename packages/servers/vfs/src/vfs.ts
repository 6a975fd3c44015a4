import type { Endpoint, GrantId, Message, VirtAddr } from "@procyon-os/message";
import { queueMessage, queueReply } from "@procyon-os/sef";
import type { Timer, Timers } from "@procyon-os/syslib";
import { mark, type FileProcess, type JobRecord, type Rights, type Task, type VfsState } from "./state.ts";
import type { Job, Work } from "./work.ts";

/** VFS as it runs: its state, and what is made from it. */
export interface Vfs {
  readonly state: VfsState;
  readonly jobs: Map<number, Job>;
  readonly ready: Job[];
  readonly asleep: Job[]; // among them may be some that came to where they wait since
  readonly vnodeAt: Map<string, number>; // by "fs/inode"
  readonly lockOwners: Map<string, number>;
  readonly timers: Timers<number>; // the ids of jobs whose wait has an end, and WATCH
  readonly timerOf: Map<number, Timer<number>>; // by job
  readonly transactions: Map<string, Job>; // by "fs/transaction"
  readonly calls: Map<number, Job>; // by process slot: its call in work
  readonly buffers: Map<GrantId, VirtAddr>; // memory behind the jobs' grants
  readonly written: Set<GrantId>; // of these, those whose content the instance before had
  watchWanted: boolean; // a driver has something to answer
  watching: boolean; // the timer of `watch` runs
  readiness: number; // counts changes that select may wait for
  /** The work that a job has to do. */
  readonly workOf: (job: Job) => Work<void>;
  /** Puts back every vnode reference that a job still has. */
  readonly putAll: (job: Job) => void;
  /** What follows on the end of a job. */
  readonly ended: (job: Job) => void;
  /** What a job does instead of its work where it does not find its place in it again. */
  readonly giveUp: (job: Job, error: Error) => Work<void>;
}

/** Instances count what select waits for from different places, so that nobody takes one's count for the other's. */
const READINESS_STEP = 2 ** 32;

/** VFS around a state, with nothing in work yet. */
export function newVfs(state: VfsState, hooks: Pick<Vfs, "workOf" | "putAll" | "ended" | "giveUp">): Vfs {
  return {
    state, jobs: new Map(), ready: [], asleep: [], vnodeAt: new Map(), lockOwners: new Map(), timers: { list: [] }, timerOf: new Map(), transactions: new Map(),
    calls: new Map(), buffers: new Map(), written: new Set(), watchWanted: false, watching: false, readiness: state.instance * READINESS_STEP, ...hooks,
  };
}

const ROOT: Rights = { uid: 0, gid: 0, groups: [] };

const rightsOf = (process: FileProcess, real: boolean): Rights => ({
  uid: real ? process.realUid : process.effectiveUid, gid: real ? process.realGid : process.effectiveGid, groups: [...process.groups],
});

function enter(vfs: Vfs, record: JobRecord): Job {
  const process = record.slot === null ? null : (vfs.state.processes.get(record.slot) ?? null);
  const job: Job = { id: record.id, record, vfs, process, rights: record.rights, work: null, at: 0, asleep: false };
  job.work = vfs.workOf(job);
  vfs.jobs.set(job.id, job);
  if (process !== null) vfs.calls.set(process.slot, job);
  return job;
}

/** Starts work; it runs before the next message is received. Work without a process has root's rights. */
export function startJob(vfs: Vfs, process: FileProcess | null, task: Task, realIds = false): void {
  const { state } = vfs;
  const record: JobRecord = {
    id: state.nextJob++, task, slot: process?.slot ?? null, rights: process === null ? ROOT : rightsOf(process, realIds), journal: [], parked: null,
    interruptWanted: false, held: [], locks: [], loans: [], asked: null,
  };
  state.jobs.set(record.id, record);
  mark("jobs", record.id);
  vfs.ready.push(enter(vfs, record));
}

/** Takes up a job of the instance before; `comeAgain` brings it to where it waits. */
export function resumeJob(vfs: Vfs, record: JobRecord): Job {
  const job = enter(vfs, record);
  job.asleep = true;
  for (const name of record.locks) vfs.lockOwners.set(name, job.id);
  if (record.asked !== null && record.asked.transaction !== 0) vfs.transactions.set(`${record.asked.fs}/${record.asked.transaction}`, job);
  return job;
}

/** Sends a message that nobody waits for, when what led to it is saved. */
export function tell(to: Endpoint, message: Message): void {
  queueMessage(to, message, "senda");
}

/** Answers a call, in the way in which it came, when what it did is saved. */
export function reply(message: Message, status: number, answer: Message): void {
  queueReply({ result: 0, message, status }, answer);
}
