import { charContract, decodeCharReply } from "@procyon-os/contract-char";
import { STYLE_CLONE_A, STYLE_DEVA } from "@procyon-os/contract-rs";
import { majorOf } from "@procyon-os/contract-vfs";
import { copyMessage, encodeRequest, errorCode, NONE, SUSPEND, type Endpoint, type Message, type Program } from "@procyon-os/message";
import { getUptime, setTimer, systemHz } from "@procyon-os/syslib";
import { mark, type DriverEntry, type DriverLine, type Outstanding } from "./state.ts";
import { startJob, tell, type Vfs } from "./vfs.ts";
import {
  beginLoop, INTERRUPTED, lock, nextRound, once, readinessChanged, recorded, TIMED_OUT, unlock, waitFor, waiting, waitUntil, wake, wakeAll, type Job, type Work,
} from "./work.ts";

// How VFS talks to character drivers: always with asynchronous messages, so that a driver that died never holds VFS. A
// driver of the synchronous style gets one request at a time, as SENDREC would give it (reference/posix-abi.md 4.7).

/** What a wait for a driver gives when the instance that had the request is gone: the request is made again. */
export const LOST = "lost" as const;
export type Lost = typeof LOST;

/** How long a request waits for a driver that is gone to come back, in seconds. */
const COMEBACK_SECONDS = 10;
/** Among the timers, which name jobs: the one of `watch`. */
export const WATCH = 0;
const EPERM = errorCode("EPERM");
const EFAULT = errorCode("EFAULT");
const EIO = errorCode("EIO");

/** Whether a driver answers requests later with messages of its own. */
export function isAsynchronous(entry: DriverEntry): boolean {
  return entry.style === STYLE_DEVA || entry.style === STYLE_CLONE_A;
}

/** The driver of a device, or null. */
export function driverOf(job: Job, device: number): DriverEntry | null {
  return once(job, () => job.vfs.state.drivers[majorOf(device)] ?? null);
}

/** The line to a driver. */
export function driverLine(vfs: Vfs, driver: Endpoint): DriverLine {
  const { driverLines } = vfs.state;
  let line = driverLines.get(driver);
  if (line === undefined) {
    line = { outstanding: null, statusWanted: false };
    driverLines.set(driver, line);
    mark("driverLines", driver);
  }
  return line;
}

/** Has `watch` run in a second, once for all lines. */
export function* watchSoon(vfs: Vfs): Program<void> {
  vfs.watchWanted = false;
  if (vfs.watching) return;
  vfs.watching = true;
  yield* setTimer(vfs.timers, yield* systemHz(), WATCH);
}

function begin(job: Job, driver: Endpoint, kind: "request" | "status", message: Message): void {
  const { vfs } = job;
  const { state } = vfs;
  const line = driverLine(vfs, driver);
  line.outstanding = { exchange: state.nextExchange++, job: job.id, kind, message: copyMessage(message), seen: false, instance: state.instance };
  mark("driverLines", driver);
  vfs.watchWanted = true;
  tell(driver, message);
}

/** Sends a request while the line is the job's, and waits for its answer. */
export function* exchange(job: Job, driver: Endpoint, kind: "request" | "status", message: Message): Work<Message | Lost> {
  once(job, () => void begin(job, driver, kind, message));
  return yield* waitFor<Message | Lost>(job, `driver/${driver}`);
}

/** Ends the exchange with a driver: its job goes on with the answer. */
export function endExchange(vfs: Vfs, driver: Endpoint, answer: Message | Lost): void {
  const line = driverLine(vfs, driver);
  const job = vfs.jobs.get(line.outstanding?.job ?? 0);
  line.outstanding = null;
  mark("driverLines", driver);
  if (job !== undefined) wake(job, answer);
}

/** A request to a driver of the synchronous style and its answer. */
export function* askDriver(job: Job, driver: Endpoint, kind: "request" | "status", message: Message): Work<Message | Lost> {
  yield* lock(job, `driver/${driver}`);
  const answer = yield* exchange(job, driver, kind, message);
  unlock(job, `driver/${driver}`);
  return answer;
}

/** Waits for a driver of this major number to announce itself; false where none does, or a signal comes. */
export function* waitForDriver(job: Job, major: number): Work<boolean> {
  const until = yield* recorded(job, function* () {
    return (yield* getUptime()) + COMEBACK_SECONDS * (yield* systemHz());
  });
  const answer = yield* waitUntil(job, `driver-up/${major}`, until);
  return answer !== TIMED_OUT && answer !== INTERRUPTED;
}

/**
 * An error in answer to a request of the VFS before this one: the driver may have found no grant of VFS then. It is asked again.
 */
function askAgain(vfs: Vfs, driver: Endpoint, outstanding: Outstanding, status: number): boolean {
  if (outstanding.instance === vfs.state.instance || outstanding.kind !== "request" || status >= 0 || status === SUSPEND) return false;
  outstanding.instance = vfs.state.instance;
  mark("driverLines", driver);
  tell(driver, copyMessage(outstanding.message));
  return true;
}

/** A message of a driver: gives it to whoever waits for it. */
export function driverMessage(vfs: Vfs, driver: Endpoint, message: Message): void {
  const reply = decodeCharReply(message);
  if (reply === null) return;
  if (reply.kind === "task" && reply.user === NONE) return wakeAll(vfs, `probe/${driver}`); // see driver-events.ts
  const { outstanding } = driverLine(vfs, driver);
  const answers = reply.kind === "task" ? "request" : reply.kind === "revive" || reply.kind === "ioReady" || reply.kind === "noStatus" ? "status" : null;
  if (outstanding === null || outstanding.kind !== answers) return deliver(vfs, driver, message);
  if (reply.kind === "task" && askAgain(vfs, driver, outstanding, reply.status)) return;
  endExchange(vfs, driver, copyMessage(message));
}

/** What a driver says of its own accord, or on DEV_STATUS. */
function deliver(vfs: Vfs, driver: Endpoint, message: Message): void {
  const reply = decodeCharReply(message);
  switch (reply?.kind) {
    case "revive":
      return revive(vfs, `revive/${driver}/${reply.grant}`, reply.grant, reply.status);
    case "open": case "close":
      return wakeAll(vfs, `${reply.kind}/${driver}/${reply.user}`, reply.status);
    case "select1":
      return wakeAll(vfs, `select1/${driver}/${reply.minor}`, reply.operations);
    case "ioReady": case "select2":
      return readinessChanged(vfs);
    default:
      return;
  }
}

/** A request that was suspended has its end. An error may mean that the driver found no grant: VFS had died just then. */
function revive(vfs: Vfs, key: string, grant: number, status: number): void {
  for (const job of waiting(vfs, key)) {
    const loan = job.record.loans.find((one) => one.grant === grant);
    const doubtful = (status === EPERM || status === EFAULT || status === EIO) && loan !== undefined && loan.instance !== vfs.state.instance;
    wake(job, doubtful ? LOST : status);
  }
}

const STATUS = encodeRequest(charContract.base, charContract.calls.status, {});

/** A driver notified VFS: asks what it has, until it has nothing more. */
export function driverNotified(vfs: Vfs, driver: Endpoint): void {
  const line = driverLine(vfs, driver);
  if (line.statusWanted) return;
  line.statusWanted = true;
  mark("driverLines", driver);
  startJob(vfs, null, { kind: "poll", driver });
}

/** Asks a driver what it has, while it has something. */
export function* pollStatus(job: Job, driver: Endpoint): Work<void> {
  const { vfs } = job;
  yield* lock(job, `driver/${driver}`);
  once(job, () => {
    driverLine(vfs, driver).statusWanted = false; // a notification from now on asks again
    mark("driverLines", driver);
  });
  for (const loop = beginLoop(job); ; ) {
    nextRound(job, loop, 0);
    const answer = yield* exchange(job, driver, "status", STATUS);
    if (answer === LOST) return;
    const reply = decodeCharReply(answer);
    if (reply === null || reply.kind === "noStatus") return;
    once(job, () => void deliver(vfs, driver, answer));
  }
}

/** An answer for a request that a dead driver had. */
export function lose(vfs: Vfs, driver: Endpoint): void {
  if (driverLine(vfs, driver).outstanding !== null) endExchange(vfs, driver, LOST);
  for (const job of loseable(vfs, driver)) wake(job, LOST);
}

/** The jobs that wait for something a driver promised to send. */
export function loseable(vfs: Vfs, driver: Endpoint): Job[] {
  const prefixes = ["revive", "open", "close", "select1"].map((kind) => `${kind}/${driver}/`);
  return [...vfs.jobs.values()].filter(({ record: { parked } }) => parked !== null && prefixes.some((prefix) => parked.key.startsWith(prefix)));
}
