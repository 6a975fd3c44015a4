import type { Frame, GrantId, Program, VirtAddr } from "@procyon-os/message";
import { free, revoke, setTimer, cancelTimer, trap, type Timer } from "@procyon-os/syslib";
import type { FileProcess } from "./state.ts";
import type { Vfs } from "./vfs.ts";

/**
 * A place where a coroutine waits for something other than a trap's answer. VFS itself goes on with other requests; whoever
 * has the answer calls `wake`.
 */
export interface Park {
  readonly park: true;
  readonly key: string; // what it waits for, "pipe/17"
  readonly interruptible: boolean;
  readonly order: number; // who waits longer has the lower
  answer: unknown;
}

/** Work of VFS: a program that may also park. Everything that handles a request is of this kind. */
export type Work<T> = Generator<Frame | Park, T, Frame>;

/** What an interruptible wait gives when a signal ends it. */
export const INTERRUPTED = "interrupted" as const;
export type Interrupted = typeof INTERRUPTED;
/** What a wait gives when its time is over. */
export const TIMED_OUT = "timed out" as const;
export type TimedOut = typeof TIMED_OUT;

/** Memory or a grant that a job uses and that ends with it. */
export interface Loan {
  readonly grant: GrantId | null;
  readonly buffer: VirtAddr | null;
}

/** Whose rights a job has. */
export interface Rights {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** A request in work. */
export interface Job {
  readonly id: number;
  readonly about: string; // for people
  readonly vfs: Vfs;
  /** For whom, or null for VFS's own business. */
  readonly process: FileProcess | null;
  readonly rights: Rights;
  work: Work<void> | null;
  parked: Park | null;
  interruptWanted: boolean;
  readonly held: number[]; // vnode references that end with the job
  readonly locks: string[];
  readonly loans: Loan[];
}

const isPark = (step: Frame | Park): step is Park => "park" in step;

function* stop<T>(job: Job, key: string, interruptible: boolean): Work<T> {
  const place: Park = { park: true, key, interruptible, order: job.vfs.nextPark++, answer: undefined };
  job.parked = place;
  yield place;
  return place.answer as T;
}

/** Waits until `wake` or `wakeAll` names the key. No signal ends this wait: it is for what answers soon. */
export function* waitFor<T = undefined>(job: Job, key: string): Work<T> {
  return yield* stop<T>(job, key, false);
}

/** Waits for something that may take forever; a signal ends it. */
export function* waitInterruptible<T = undefined>(job: Job, key: string): Work<T | Interrupted> {
  if (job.interruptWanted) return INTERRUPTED;
  return yield* stop<T | Interrupted>(job, key, true);
}

/** The same, for at most a number of ticks. */
export function* waitTicks<T = undefined>(job: Job, key: string, ticks: number): Work<T | Interrupted | TimedOut> {
  if (job.interruptWanted) return INTERRUPTED;
  const timer: Timer<number> = yield* setTimer(job.vfs.timers, ticks, job.id);
  const answer = yield* stop<T | Interrupted | TimedOut>(job, key, true);
  if (answer !== TIMED_OUT) yield* cancelTimer(job.vfs.timers, timer);
  return answer;
}

/** Lets a parked job go on with an answer. */
export function wake(job: Job, answer: unknown): void {
  if (job.parked === null) return;
  job.parked.answer = answer;
  job.parked = null;
  job.vfs.ready.push(job);
}

/** Lets every job go on that waits for a key, first come first. */
export function wakeAll(vfs: Vfs, key: string, answer?: unknown): void {
  for (const job of waiting(vfs, key)) wake(job, answer);
}

function waiting(vfs: Vfs, key: string): Job[] {
  const order = (job: Job): number => job.parked?.order ?? 0;
  return [...vfs.jobs.values()].filter((job) => job.parked?.key === key).sort((a, b) => order(a) - order(b));
}

/** Something that select looks at may have changed: who selects looks again, now or before it next waits. */
export function readinessChanged(vfs: Vfs): void {
  vfs.readiness++;
  wakeAll(vfs, "select");
}

/** Lets the job go on that has waited longest for a key; false where none does. */
export function wakeFirst(vfs: Vfs, key: string, answer?: unknown): boolean {
  const [first] = waiting(vfs, key);
  if (first !== undefined) wake(first, answer);
  return first !== undefined;
}

/** Lets everything run that is ready, then goes on: what was started before is under way. */
export function* afterOthers(job: Job): Work<void> {
  const place: Park = { park: true, key: "", interruptible: false, order: 0, answer: undefined };
  job.vfs.ready.push(job);
  yield place;
}

/** A signal came for the job's process: an interruptible wait ends now, another one before it would wait so again. */
export function interrupt(job: Job): void {
  job.interruptWanted = true;
  if (job.parked?.interruptible === true) wake(job, INTERRUPTED);
}

/** Takes a lock that others wait for; it ends with the job at the latest. The order is: open file, vnode. */
export function* lock(job: Job, name: string): Work<void> {
  if (job.locks.includes(name)) return;
  const { lockOwners } = job.vfs;
  if (lockOwners.has(name)) yield* waitFor(job, `lock/${name}`); // the owner before hands it over
  else lockOwners.set(name, job.id);
  job.locks.push(name);
}

/** Gives a lock to whoever waits longest. */
export function unlock(job: Job, name: string): void {
  const at = job.locks.indexOf(name);
  if (at < 0) return;
  job.locks.splice(at, 1);
  const { vfs } = job;
  const [next] = waiting(vfs, `lock/${name}`);
  if (next === undefined) return void vfs.lockOwners.delete(name);
  vfs.lockOwners.set(name, next.id);
  wake(next, undefined);
}

/** Ends a loan: the grant is revoked, the buffer freed. */
export function* giveBack(job: Job, loan: Loan): Program<void> {
  const at = job.loans.indexOf(loan);
  if (at < 0) return;
  job.loans.splice(at, 1);
  if (loan.grant !== null) yield* revoke(loan.grant);
  if (loan.buffer !== null) free(loan.buffer);
}

/** Runs a job to its next wait or its end. */
export function* runJob(job: Job): Program<void> {
  const work = job.work;
  if (work === null) return;
  let frame = null as unknown as Frame; // a generator's first `next` ignores its argument
  for (;;) {
    const step = work.next(frame);
    if (step.done === true) return yield* finish(job);
    if (isPark(step.value)) return;
    frame = yield* trap(step.value);
  }
}

function* finish(job: Job): Program<void> {
  job.work = null;
  for (const name of [...job.locks]) unlock(job, name);
  for (const loan of [...job.loans]) yield* giveBack(job, loan);
  job.vfs.putAll(job);
  job.vfs.jobs.delete(job.id);
  yield* job.vfs.ended(job);
}
