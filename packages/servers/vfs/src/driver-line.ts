import { charContract, decodeCharReply } from "@procyon-os/contract-char";
import { STYLE_CLONE_A, STYLE_DEVA } from "@procyon-os/contract-rs";
import { majorOf } from "@procyon-os/contract-vfs";
import { AMF_NOREPLY, copyMessage, encodeRequest, NONE, type Endpoint, type Message, type Program } from "@procyon-os/message";
import { asynsend, setTimer, systemHz } from "@procyon-os/syslib";
import type { DriverEntry } from "./state.ts";
import { startJob, type DriverLine, type Vfs } from "./vfs.ts";
import { INTERRUPTED, lock, readinessChanged, TIMED_OUT, unlock, waitFor, waitTicks, wake, wakeAll, type Job, type Work } from "./work.ts";

// How VFS talks to character drivers: always with asynchronous messages, so that a driver that died never holds VFS. A
// driver of the synchronous style gets one request at a time, as SENDREC would give it (reference/posix-abi.md 4.7).

/** What a wait for a driver gives when the instance that had the request is gone: the request is made again. */
export const LOST = "lost" as const;
export type Lost = typeof LOST;

/** How long a request waits for a driver that is gone to come back, in seconds. */
const COMEBACK_SECONDS = 10;
/** Among the timers, which name jobs: the one of `watch`. */
export const WATCH = 0;

/** Whether a driver answers requests later with messages of its own. */
export function isAsynchronous(entry: DriverEntry): boolean {
  return entry.style === STYLE_DEVA || entry.style === STYLE_CLONE_A;
}

/** The driver of a device, or null. */
export function driverOf(vfs: Vfs, device: number): DriverEntry | null {
  return vfs.state.drivers[majorOf(device)] ?? null;
}

/** The line to a driver. */
export function driverLine(vfs: Vfs, driver: Endpoint): DriverLine {
  let line = vfs.driverLines.get(driver);
  if (line === undefined) {
    line = { outstanding: null, statusWanted: false };
    vfs.driverLines.set(driver, line);
  }
  return line;
}

/** Has `watch` run in a second, once for all lines. */
export function* watchSoon(vfs: Vfs): Program<void> {
  if (vfs.watching) return;
  vfs.watching = true;
  yield* setTimer(vfs.timers, yield* systemHz(), WATCH);
}

/** Sends a request while the line is the job's, and waits for its answer. */
export function* exchange(job: Job, driver: Endpoint, kind: "request" | "status", message: Message): Work<Message | Lost> {
  const line = driverLine(job.vfs, driver);
  line.outstanding = { job, kind, seen: false };
  if (!job.vfs.watching) yield* watchSoon(job.vfs);
  yield* asynsend(driver, message, AMF_NOREPLY);
  const answer = yield* waitFor<Message | Lost>(job, `driver/${driver}`);
  if (line.outstanding?.job === job) line.outstanding = null;
  return answer;
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
  const hz = yield* systemHz();
  const answer = yield* waitTicks(job, `driver-up/${major}`, COMEBACK_SECONDS * hz);
  return answer !== TIMED_OUT && answer !== INTERRUPTED;
}

/** A message of a driver: gives it to whoever waits for it. */
export function driverMessage(vfs: Vfs, driver: Endpoint, message: Message): void {
  const reply = decodeCharReply(message);
  if (reply === null) return;
  if (reply.kind === "task" && reply.user === NONE) return wakeAll(vfs, `probe/${driver}`); // see driver-events.ts
  const { outstanding } = driverLine(vfs, driver);
  const answers = reply.kind === "task" ? "request" : reply.kind === "revive" || reply.kind === "ioReady" || reply.kind === "noStatus" ? "status" : null;
  if (outstanding !== null && outstanding.kind === answers) return wake(outstanding.job, copyMessage(message));
  deliver(vfs, driver, message);
}

/** What a driver says of its own accord, or on DEV_STATUS. */
function deliver(vfs: Vfs, driver: Endpoint, message: Message): void {
  const reply = decodeCharReply(message);
  switch (reply?.kind) {
    case "revive":
      return wakeAll(vfs, `revive/${driver}/${reply.grant}`, reply.status);
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

const STATUS = encodeRequest(charContract.base, charContract.calls.status, {});

/** A driver notified VFS: asks what it has, until it has nothing more. */
export function driverNotified(vfs: Vfs, driver: Endpoint): void {
  const line = driverLine(vfs, driver);
  if (line.statusWanted) return;
  line.statusWanted = true;
  startJob(vfs, null, `status of ${driver}`, (job) => pollStatus(job, driver, line));
}

function* pollStatus(job: Job, driver: Endpoint, line: DriverLine): Work<void> {
  yield* lock(job, `driver/${driver}`);
  line.statusWanted = false; // a notification from now on asks again
  for (;;) {
    const answer = yield* exchange(job, driver, "status", STATUS.slice());
    if (answer === LOST) return;
    const reply = decodeCharReply(answer);
    if (reply === null || reply.kind === "noStatus") return;
    deliver(job.vfs, driver, answer);
  }
}

/** An answer for a request that a dead driver had. */
export function lose(vfs: Vfs, driver: Endpoint): void {
  const { outstanding } = driverLine(vfs, driver);
  if (outstanding !== null) wake(outstanding.job, LOST);
  for (const job of loseable(vfs, driver)) wake(job, LOST);
}

/** The jobs that wait for something a driver promised to send. */
export function loseable(vfs: Vfs, driver: Endpoint): Job[] {
  const prefixes = ["revive", "open", "close", "select1"].map((kind) => `${kind}/${driver}/`);
  return [...vfs.jobs.values()].filter(({ parked }) => parked !== null && prefixes.some((prefix) => parked.key.startsWith(prefix)));
}

