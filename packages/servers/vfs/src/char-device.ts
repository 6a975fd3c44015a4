import { charContract, decodeCharReply, ioctlArgument } from "@procyon-os/contract-char";
import { CPF_READ, CPF_WRITE } from "@procyon-os/contract-kernel";
import { STYLE_CTTY, STYLE_TTY } from "@procyon-os/contract-rs";
import { majorOf, minorOf, O_NOCTTY, O_NONBLOCK, R_OK, W_OK } from "@procyon-os/contract-vfs";
import {
  encodeRequest, errorCode, fail, failCode, ok, SUSPEND, VFS, type Call, type Endpoint, type GrantId, type Message, type Request, type Result,
} from "@procyon-os/message";
import { askDriver, driverOf, isAsynchronous, LOST, waitForDriver, type Lost } from "./driver-line.ts";
import { lendUser } from "./loans.ts";
import { mark, type DriverEntry, type FileProcess } from "./state.ts";
import { tell } from "./vfs.ts";
import { giveBack, INTERRUPTED, once, waitFor, waitInterruptible, type Interrupted, type Job, type Work } from "./work.ts";

type CharCalls = typeof charContract.calls;

/** How often a request is made again after its driver died under it. */
const TRIES = 10;
const EINTR = errorCode("EINTR");
const EAGAIN = errorCode("EAGAIN");
const ERESTART = errorCode("ERESTART");

function encode<Name extends keyof CharCalls>(name: Name, request: Request<CharCalls[Name]>): Message {
  return encodeRequest(charContract.base, charContract.calls[name] as Call<any, any, any>, request as never);
}

/** A call of a synchronous driver: its status. */
export function* askStatus<Name extends keyof CharCalls>(job: Job, driver: Endpoint, name: Name, request: Request<CharCalls[Name]>): Work<number | Lost> {
  const answer = yield* askDriver(job, driver, "request", encode(name, request));
  if (answer === LOST) return LOST;
  const reply = decodeCharReply(answer);
  return reply?.kind === "task" ? reply.status : errorCode("EIO");
}

/** Opens or closes a minor device, in the driver's style; gives its status. */
export function* openOrClose(job: Job, entry: DriverEntry, minor: number, user: Endpoint, access: number | null): Work<number | Lost> {
  const driver = entry.endpoint;
  if (!isAsynchronous(entry)) {
    return access === null ? yield* askStatus(job, driver, "close", { minor, user }) : yield* askStatus(job, driver, "open", { minor, user, access });
  }
  once(job, () => tell(driver, access === null ? encode("close", { minor, user }) : encode("open", { minor, user, access })));
  return yield* waitFor<number | Lost>(job, `${access === null ? "close" : "open"}/${driver}/${user}`);
}

/** Whether an open of this terminal makes it the process's controlling one. */
function wantsTerminal(job: Job, process: FileProcess, device: number): boolean {
  if (!process.sessionLeader || process.tty !== 0) return false;
  for (const other of job.vfs.state.processes.values()) if (other.tty === device) return false;
  return true;
}

function ownTerminal(process: FileProcess, device: number): void {
  process.tty = device;
  mark("processes", process.slot);
}

/** Opens a character device for the job's process. The answer is the driver's: 0, or for a clone its new minor. */
export function* openChar(job: Job, device: number, bits: number, flags: number): Work<Result<number>> {
  const { process } = job;
  const first = driverOf(job, device);
  if (first === null || process === null) return fail("ENXIO");
  if (first.style === STYLE_CTTY) return once(job, () => process.tty) === 0 ? fail("ENXIO") : ok(0);
  for (let tries = 0; tries < TRIES; tries++) {
    const entry = driverOf(job, device);
    if (entry === null) {
      if (!(yield* waitForDriver(job, majorOf(device)))) return fail("EIO");
      continue;
    }
    const terminal = entry.style === STYLE_TTY;
    const noTerminal = terminal ? !once(job, () => wantsTerminal(job, process, device)) || (flags & O_NOCTTY) !== 0 : (flags & O_NOCTTY) !== 0;
    const status = yield* openOrClose(job, entry, minorOf(device), process.endpoint, bits | (noTerminal ? O_NOCTTY : 0));
    if (status === LOST) continue;
    if (status < 0) return failCode(status);
    if (!terminal) return ok(status);
    if (status === 1) once(job, () => void ownTerminal(process, device)); // "you own it now"
    return ok(0);
  }
  return fail("EIO");
}

/** Closes a character device. Whatever the driver says, it is closed. */
export function* closeChar(job: Job, device: number): Work<void> {
  const entry = driverOf(job, device);
  if (entry === null || entry.style === STYLE_CTTY) return;
  yield* openOrClose(job, entry, minorOf(device), job.process?.endpoint ?? VFS, null);
}

/** A transfer or ioctl, with what a driver must know of it. */
export interface CharRequest {
  readonly operation: "read" | "write" | "ioctl";
  readonly address: number;
  /** Bytes; for an ioctl the request code. */
  readonly count: number;
  readonly position: number;
  readonly flags: number; // of the open file
}

function grantFor(one: CharRequest): { bytes: number; access: number } {
  if (one.operation === "read") return { bytes: one.count, access: CPF_WRITE };
  if (one.operation === "write") return { bytes: one.count, access: CPF_READ };
  const { bytes, driverReads, driverWrites } = ioctlArgument(one.count);
  // Without an argument a grant of nothing still tells one request from another.
  return { bytes, access: (driverReads ? CPF_READ : 0) | (driverWrites ? CPF_WRITE : 0) || CPF_READ };
}

function messageFor(one: CharRequest, device: number, process: Endpoint, grant: GrantId): Message {
  const minor = minorOf(device);
  if (one.operation === "ioctl") return encode("ioctl", { minor, user: VFS, request: one.count, realUser: process, grant });
  const positionHigh = Math.floor(one.position / 2 ** 32);
  return encode(one.operation, { minor, user: VFS, count: one.count, positionLow: one.position % 2 ** 32, positionHigh, grant });
}

interface Issued {
  readonly entry: DriverEntry;
  readonly device: number;
  readonly one: CharRequest;
  readonly grant: GrantId;
}

function cancelMessage({ device, one, grant }: Issued): Request<CharCalls["cancel"]> {
  return { minor: minorOf(device), user: VFS, mode: one.operation === "read" ? R_OK : W_OK, grant };
}

/** Takes a suspended request back from a synchronous driver: its status, EINTR where nothing was done. */
function* cancel(job: Job, issued: Issued): Work<number> {
  const driver = issued.entry.endpoint;
  const status = yield* askStatus(job, driver, "cancel", cancelMessage(issued));
  if (status === LOST) return EINTR;
  if (status !== SUSPEND) return status;
  const later = yield* waitFor<number | Lost>(job, `revive/${driver}/${issued.grant}`);
  return later === LOST ? EINTR : later;
}

function* issueSynchronous(job: Job, issued: Issued, message: Message): Work<number | Lost> {
  const driver = issued.entry.endpoint;
  const answer = yield* askDriver(job, driver, "request", message);
  if (answer === LOST) return LOST;
  const reply = decodeCharReply(answer);
  const status = reply?.kind === "task" ? reply.status : errorCode("EIO");
  if (status !== SUSPEND) return status;
  if ((issued.one.flags & O_NONBLOCK) !== 0) {
    const ended = yield* cancel(job, issued);
    return ended === EINTR ? EAGAIN : ended;
  }
  const later: number | Lost | Interrupted = yield* waitInterruptible<number | Lost>(job, `revive/${driver}/${issued.grant}`);
  if (later !== INTERRUPTED) return later;
  const ended = yield* cancel(job, issued);
  return ended === EAGAIN ? EINTR : ended;
}

function* issueAsynchronous(job: Job, issued: Issued, message: Message): Work<number | Lost> {
  const driver = issued.entry.endpoint;
  once(job, () => tell(driver, message));
  // As in MINIX: a request that shall not wait is cancelled at once, and its EINTR is the caller's answer.
  if ((issued.one.flags & O_NONBLOCK) !== 0) once(job, () => tell(driver, encode("cancel", cancelMessage(issued))));
  const key = `revive/${driver}/${issued.grant}`;
  const answer: number | Lost | Interrupted = yield* waitInterruptible<number | Lost>(job, key);
  if (answer !== INTERRUPTED) return answer;
  once(job, () => tell(driver, encode("cancel", cancelMessage(issued))));
  return yield* waitFor<number | Lost>(job, key);
}

/**
 * Before a request is made again: the new instance may have it from the state of the one before, so it is cancelled. What
 * was done by then is the answer.
 */
function* takeBack(job: Job, issued: Issued): Work<number | Lost> {
  if (driverOf(job, issued.device)?.endpoint !== issued.entry.endpoint) return LOST;
  if (isAsynchronous(issued.entry)) {
    once(job, () => tell(issued.entry.endpoint, encode("cancel", cancelMessage(issued))));
    return LOST;
  }
  const status = yield* cancel(job, issued);
  return status > 0 ? status : LOST;
}

/**
 * Reads, writes or controls a character device for the job's process, until the driver has answered: through its death too,
 * when it comes back (reference/posix-abi.md 4.7, 4.8).
 */
export function* charRequest(job: Job, device: number, one: CharRequest): Work<Result<number>> {
  const { process } = job;
  if (process === null) return fail("EIO");
  if (driverOf(job, device)?.style === STYLE_CTTY) {
    device = once(job, () => process.tty);
    if (device === 0) return fail("EIO");
  }
  if (driverOf(job, device) === null) return fail("EIO");
  const { bytes, access } = grantFor(one);
  for (let tries = 0; tries < TRIES; tries++) {
    const entry = driverOf(job, device);
    if (entry === null) {
      if (!(yield* waitForDriver(job, majorOf(device)))) return fail(job.record.interruptWanted ? "EINTR" : "EIO");
      continue;
    }
    const loan = yield* lendUser(job, entry.endpoint, process.endpoint, one.address, bytes, access);
    const issued: Issued = { entry, device, one, grant: loan.grant };
    const message = messageFor(one, device, process.endpoint, loan.grant);
    const status = isAsynchronous(entry) ? yield* issueAsynchronous(job, issued, message) : yield* issueSynchronous(job, issued, message);
    const ended = status === LOST ? yield* takeBack(job, issued) : status;
    yield* giveBack(job, loan);
    if (ended === LOST) continue;
    if (ended !== ERESTART) return ended < 0 ? failCode(ended) : ok(ended);
    yield* openOrClose(job, entry, minorOf(device), process.endpoint, R_OK | W_OK | O_NOCTTY); // it forgot that it is open
  }
  return fail("EIO");
}
