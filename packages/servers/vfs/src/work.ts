import type { Frame, Program } from "@procyon-os/message";
import { cancelTimer, free, revoke, setTimerAt, setTimersAt, trap, type Timer } from "@procyon-os/syslib";
import { mark, type FileProcess, type JobRecord, type Loan, type Rights } from "./state.ts";
import type { Vfs } from "./vfs.ts";

// A job is a coroutine, and a coroutine dies with its instance. So a job consists of steps: whatever reads or changes what
// others may change, and whatever asks somebody, is a step, and what the step gave is written down in the job's journal,
// which is saved. The next instance runs the job from its beginning: each step gives what is written there and does nothing,
// until the job is at the place where it waited. Between steps a job computes with what steps gave it, and nothing else.

const PARK = { park: true } as const;

/**
 * Work of VFS: a program that may also park. VFS itself goes on with other requests; whoever has what the job waits for
 * calls `wake`. Everything that handles a request is of this kind.
 */
export type Work<T> = Generator<Frame | typeof PARK, T, Frame>;

/** What an interruptible wait gives when a signal ends it. */
export const INTERRUPTED = "interrupted" as const;
export type Interrupted = typeof INTERRUPTED;
/** What a wait gives when its time is over. */
export const TIMED_OUT = "timed out" as const;
export type TimedOut = typeof TIMED_OUT;

/** A request in work. */
export interface Job {
  readonly id: number;
  readonly record: JobRecord;
  readonly vfs: Vfs;
  /** For whom, or null for VFS's own business. */
  readonly process: FileProcess | null;
  readonly rights: Rights;
  work: Work<void> | null;
  at: number; // in the journal: the next step
  asleep: boolean; // it has still to come to where the instance before had brought it
}

/** For people: what a job is about. */
export function about({ record }: Job): string {
  return record.slot === null ? record.task.kind : `${record.task.kind} of process ${record.slot}`;
}

function give<T>(job: Job, value: T): T {
  job.record.journal.push(value);
  job.at++;
  mark("jobs", job.id);
  return value;
}

/** Whether a job's next step was made by an instance before. */
export function isWritten(job: Job): boolean {
  return job.at < job.record.journal.length;
}

/** A step that reads or changes VFS's tables. What it gives must be plain data: numbers name entries. */
export function once<T>(job: Job, what: () => T): T {
  if (isWritten(job)) return job.record.journal[job.at++] as T;
  const value = what();
  return give(job, value === undefined ? (0 as T) : value);
}

/** A step that asks the kernel or another server, and may be made twice where VFS dies in it. */
export function* recorded<T>(job: Job, what: () => Program<T>): Work<T> {
  if (isWritten(job)) return job.record.journal[job.at++] as T;
  const value = yield* what();
  return give(job, value === undefined ? (0 as T) : value);
}

/** A loop that may take many rounds: only the last round is kept in the journal. Gives what marks its beginning. */
export function beginLoop(job: Job): number {
  return job.at;
}

/** Begins a round of a loop with what the one before leaves to it. */
export function nextRound<T>(job: Job, loop: number, carried: T): T {
  const { journal } = job.record;
  if (job.at === loop && isWritten(job)) return journal[job.at++] as T;
  journal.length = loop;
  job.at = loop;
  return give(job, carried);
}

function* stop<T>(job: Job, key: string, interruptible: boolean, until: number | null): Work<T> {
  const { record, vfs } = job;
  if (isWritten(job)) return record.journal[job.at++] as T;
  if (record.parked === null) {
    record.parked = { key, interruptible, order: vfs.state.nextPark++, until };
    mark("jobs", job.id);
    yield* startTimer(job);
  } else if (record.parked.key !== key) {
    throw new Error(`job ${about(job)} waited for ${record.parked.key} and would now wait for ${key}`);
  }
  yield PARK;
  const timer = vfs.timerOf.get(job.id);
  if (timer !== undefined) {
    vfs.timerOf.delete(job.id);
    yield* cancelTimer(vfs.timers, timer);
  }
  return record.journal[job.at++] as T;
}

/** The end of a wait that has one comes as a notification from CLOCK. */
function* startTimer({ id, record, vfs }: Job): Program<void> {
  const until = record.parked?.until ?? null;
  if (until !== null) vfs.timerOf.set(id, yield* setTimerAt(vfs.timers, until, id));
}

/** The same for all jobs that there are. */
export function* startTimers(vfs: Vfs): Program<void> {
  const waits: Timer<number>[] = [];
  for (const { id, record } of vfs.jobs.values()) {
    const until = record.parked?.until ?? null;
    if (until !== null) waits.push({ expires: Math.max(1, until), what: id });
  }
  yield* setTimersAt(vfs.timers, waits);
  for (const timer of waits) vfs.timerOf.set(timer.what, timer);
}

/** Waits until `wake` or `wakeAll` names the key. No signal ends this wait: it is for what answers soon. */
export function* waitFor<T = undefined>(job: Job, key: string): Work<T> {
  return yield* stop<T>(job, key, false, null);
}

/** Waits for something that may take forever; a signal ends it. */
export function* waitInterruptible<T = undefined>(job: Job, key: string): Work<T | Interrupted> {
  return yield* waitUntil<T>(job, key, null) as Work<T | Interrupted>;
}

/** The same, until a time in ticks since boot at the latest. */
export function* waitUntil<T = undefined>(job: Job, key: string, until: number | null): Work<T | Interrupted | TimedOut> {
  if (once(job, () => job.record.interruptWanted)) return INTERRUPTED;
  return yield* stop<T | Interrupted | TimedOut>(job, key, true, until);
}

/** Lets a parked job go on with an answer. */
export function wake(job: Job, answer: unknown): void {
  const { record } = job;
  comeAgain(job);
  if (record.parked === null) return;
  record.parked = null;
  record.journal.push(answer ?? 0);
  mark("jobs", job.id);
  job.vfs.ready.push(job);
}

/** Lets every job go on that waits for a key, first come first. */
export function wakeAll(vfs: Vfs, key: string, answer?: unknown): void {
  for (const job of waiting(vfs, key)) wake(job, answer);
}

/** The jobs that wait for a key, who came first first. */
export function waiting(vfs: Vfs, key: string): Job[] {
  const order = (job: Job): number => job.record.parked?.order ?? 0;
  return [...vfs.jobs.values()].filter(({ record }) => record.parked?.key === key).sort((a, b) => order(a) - order(b));
}

/** Something that select looks at may have changed: who selects looks again, now or before it next waits. */
export function readinessChanged(vfs: Vfs): void {
  vfs.readiness++;
  wakeAll(vfs, "select");
}

/** Lets everything run that is ready, then goes on: what was started before is under way. */
export function* afterOthers(job: Job): Work<void> {
  if (isWritten(job)) return void job.at++;
  give(job, 0);
  job.vfs.ready.push(job);
  yield PARK;
}

/** A signal came for the job's process: an interruptible wait ends now, another one before it would wait so again. */
export function interrupt(job: Job): void {
  job.record.interruptWanted = true;
  mark("jobs", job.id);
  if (job.record.parked?.interruptible === true) wake(job, INTERRUPTED);
}

/** Takes a lock that others wait for; it ends with the job at the latest. The order is: open file, vnode. */
export function* lock(job: Job, name: string): Work<void> {
  const { vfs, record } = job;
  const taken = once(job, () => {
    if (record.locks.includes(name)) return true;
    if (vfs.lockOwners.has(name)) return false;
    vfs.lockOwners.set(name, job.id);
    record.locks.push(name);
    return true;
  });
  if (!taken) yield* waitFor(job, `lock/${name}`); // the owner before hands it over
}

/** Gives a lock to whoever waits longest. */
export function unlock(job: Job, name: string): void {
  once(job, () => void release(job, name));
}

function release(job: Job, name: string): void {
  const at = job.record.locks.indexOf(name);
  if (at < 0) return;
  job.record.locks.splice(at, 1);
  const { vfs } = job;
  const [next] = waiting(vfs, `lock/${name}`);
  if (next === undefined) return void vfs.lockOwners.delete(name);
  vfs.lockOwners.set(name, next.id);
  next.record.locks.push(name);
  wake(next, 0);
}

/** Ends a loan: the grant is revoked, the buffer freed. */
export function* giveBack(job: Job, loan: { grant: Loan["grant"] }): Work<void> {
  yield* recorded(job, () => endLoan(job, loan.grant));
}

function* endLoan(job: Job, grant: Loan["grant"]): Program<void> {
  const { loans } = job.record;
  const at = loans.findIndex((one) => one.grant === grant);
  if (at < 0) return;
  loans.splice(at, 1);
  yield* revoke(grant);
  const { buffers, written } = job.vfs;
  written.delete(grant);
  const buffer = buffers.get(grant);
  if (buffer === undefined) return;
  buffers.delete(grant);
  free(buffer);
}

/** Runs a job to its next wait or its end. */
export function* runJob(job: Job): Program<void> {
  const work = job.work;
  if (work === null) return;
  let frame = null as unknown as Frame; // a generator's first `next` ignores its argument
  for (;;) {
    const step = work.next(frame);
    if (step.done === true) return yield* finish(job);
    if ("park" in step.value) return;
    frame = yield* trap(step.value);
  }
}

function replay(job: Job): void {
  const step = (job.work as Work<void>).next(null as unknown as Frame);
  const there = step.done !== true && "park" in step.value && job.at === job.record.journal.length && job.record.parked !== null;
  if (!there) throw new Error(`job ${about(job)} does not come to where it waited (${job.record.parked?.key ?? "nowhere"})`);
}

/** Brings a job of the instance before to the place where it waits; one that does not find it ends. Nothing is done on the way. */
export function comeAgain(job: Job): void {
  if (!job.asleep) return;
  job.asleep = false;
  try {
    replay(job);
  } catch (error) {
    job.work = job.vfs.giveUp(job, error as Error);
    job.record.parked = null;
    mark("jobs", job.id);
    job.vfs.ready.push(job);
  }
}

/** Takes a job that has ended, or cannot go on, out of the tables with everything that it has. */
export function* finish(job: Job): Program<void> {
  const { vfs, record } = job;
  job.work = null;
  for (const name of [...record.locks]) release(job, name);
  for (const { grant } of [...record.loans]) yield* endLoan(job, grant);
  vfs.putAll(job);
  vfs.jobs.delete(job.id);
  vfs.state.jobs.delete(job.id);
  mark("jobs", job.id);
  vfs.ended(job);
}
