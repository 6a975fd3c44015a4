import { charContract, decodeCharReply } from "@procyon-os/contract-char";
import { STYLE_CTTY } from "@procyon-os/contract-rs";
import {
  decodeFdSet, decodeTimeval, encodeFdSet, FD_SET_BYTES, majorOf, minorOf, OPEN_MAX, S_IFCHR, S_IFIFO, S_IFREG, SEL_ERR, SEL_NOTIFY, SEL_RD,
  SEL_WR, TIMEVAL_BYTES,
} from "@procyon-os/contract-vfs";
import { encodeRequest, fail, ok, type Endpoint, type Program, type Result } from "@procyon-os/message";
import { getUptime, readProcess, systemHz, writeProcess } from "@procyon-os/syslib";
import { askDriver, driverOf, isAsynchronous, LOST, waitForDriver, type Lost } from "./driver-line.ts";
import { fileOf, processOf, vnodeOfFile } from "./files.ts";
import { pipeReady } from "./pipe.ts";
import type { OpenFile } from "./state.ts";
import { hold, typeOf } from "./vnode.ts";
import { tell } from "./vfs.ts";
import { beginLoop, INTERRUPTED, lock, nextRound, once, recorded, TIMED_OUT, unlock, waitFor, waitUntil, type Job, type Work } from "./work.ts";

/** Majors whose drivers know DEV_SELECT: TTY, INET, LOG, UDS; and /dev/tty, which is a TTY. */
const SELECTABLE = [4, 5, 7, 15, 18];
const MICROSECONDS = 1_000_000;

/** What a caller of select passes. */
export interface SelectRequest {
  readonly count: number;
  readonly read: number;
  readonly write: number;
  readonly error: number;
  readonly timeout: number;
}

interface Watched {
  readonly fd: number;
  readonly file: OpenFile;
  readonly wanted: number; // SEL_ bits
}

function* readSet(job: Job, address: number, count: number): Work<Result<number[]>> {
  if (address === 0) return ok([]);
  return yield* recorded(job, function* (): Program<Result<number[]>> {
    const bytes = yield* readProcess(processOf(job).endpoint, address, FD_SET_BYTES);
    return bytes.ok ? ok(decodeFdSet(bytes.value, count)) : fail("EFAULT");
  });
}

function selectable(job: Job, file: OpenFile): boolean {
  const vnode = vnodeOfFile(job.vfs, file);
  const type = typeOf(vnode);
  return type === S_IFREG || type === S_IFIFO || (type === S_IFCHR && SELECTABLE.includes(majorOf(vnode.specialDevice)));
}

/** What is watched, and for what. */
function* watched(job: Job, request: SelectRequest): Work<Result<Watched[]>> {
  const wanted = new Map<number, number>();
  for (const [address, bit] of [[request.read, SEL_RD], [request.write, SEL_WR], [request.error, SEL_ERR]] as const) {
    const set = yield* readSet(job, address, request.count);
    if (!set.ok) return set;
    for (const fd of set.value) wanted.set(fd, (wanted.get(fd) ?? 0) | bit);
  }
  const list: Watched[] = [];
  for (const fd of [...wanted.keys()].sort((a, b) => a - b)) {
    const file = fileOf(job, fd);
    if (!file.ok) return file;
    if (!selectable(job, file.value)) return fail("EBADF");
    hold(job, vnodeOfFile(job.vfs, file.value));
    list.push({ fd, file: file.value, wanted: wanted.get(fd) as number });
  }
  return ok(list);
}

/** Ticks to wait: 0 only to look, null for ever. */
function* timeoutTicks(job: Job, address: number): Work<Result<number | null>> {
  if (address === 0) return ok(null);
  const bytes = yield* recorded(job, () => readProcess(processOf(job).endpoint, address, TIMEVAL_BYTES));
  if (!bytes.ok) return fail("EFAULT");
  const { seconds, microseconds } = decodeTimeval(bytes.value);
  if (seconds < 0 || microseconds < 0) return fail("EINVAL");
  const hz = yield* recorded(job, systemHz);
  return ok(Math.min(seconds * hz + Math.ceil((microseconds * hz) / MICROSECONDS), 0x3fffffff));
}

/** Asks a driver what would not wait; with `block` it tells later when that changes. */
function* deviceReady(job: Job, device: number, wanted: number, block: boolean): Work<number> {
  const entry = driverOf(job, device);
  if (entry?.style === STYLE_CTTY) {
    const tty = once(job, () => processOf(job).tty);
    return tty === 0 ? wanted : yield* deviceReady(job, tty, wanted, block); // an error does not wait
  }
  if (entry === null) return (yield* waitForDriver(job, majorOf(device))) ? yield* deviceReady(job, device, wanted, block) : wanted;
  const minor = minorOf(device);
  const driver = entry.endpoint;
  const message = encodeRequest(charContract.base, charContract.calls.select, { minor, operations: wanted | (block ? SEL_NOTIFY : 0) });
  const status = isAsynchronous(entry) ? yield* askAsynchronous(job, driver, minor, message) : yield* askSynchronous(job, driver, message);
  if (status === LOST) return yield* deviceReady(job, device, wanted, block); // to the instance that came in its place
  return status < 0 ? wanted : status & wanted;
}

function* askSynchronous(job: Job, driver: Endpoint, message: ReturnType<typeof encodeRequest>): Work<number | Lost> {
  const answer = yield* askDriver(job, driver, "request", message);
  if (answer === LOST) return LOST;
  const reply = decodeCharReply(answer);
  return reply?.kind === "task" ? reply.status : -1;
}

function* askAsynchronous(job: Job, driver: Endpoint, minor: number, message: ReturnType<typeof encodeRequest>): Work<number | Lost> {
  yield* lock(job, `select/${driver}`); // its answer names the minor only: one question at a time
  once(job, () => tell(driver, message));
  const answer = yield* waitFor<number | Lost>(job, `select1/${driver}/${minor}`);
  unlock(job, `select/${driver}`);
  return answer;
}

function* readyNow(job: Job, { file, wanted }: Watched, block: boolean): Work<number> {
  const vnode = vnodeOfFile(job.vfs, file);
  if (typeOf(vnode) === S_IFREG) return wanted;
  if (typeOf(vnode) === S_IFCHR) return yield* deviceReady(job, vnode.specialDevice, wanted, block);
  const looked = { read: (wanted & (SEL_RD | SEL_ERR)) !== 0, write: (wanted & (SEL_WR | SEL_ERR)) !== 0 };
  const ready = once(job, () => pipeReady(job, file.id, looked));
  return ((ready.read ? SEL_RD : 0) | (ready.write ? SEL_WR : 0) | (ready.error ? SEL_ERR : 0)) & wanted;
}

/** Waits for something to change or the time to be over; false where select ends now. */
function* pause(job: Job, deadline: number | null): Work<"again" | "over" | "interrupted"> {
  if (deadline !== null && deadline <= (yield* recorded(job, getUptime))) return "over";
  const answer = yield* waitUntil(job, "select", deadline);
  if (answer === INTERRUPTED) return "interrupted";
  return answer === TIMED_OUT ? "over" : "again";
}

function* writeSets(job: Job, request: SelectRequest, ready: ReadonlyMap<number, number>): Work<Result<number>> {
  let total = 0;
  for (const [address, bit] of [[request.read, SEL_RD], [request.write, SEL_WR], [request.error, SEL_ERR]] as const) {
    const members = [...ready].filter(([, bits]) => (bits & bit) !== 0).map(([fd]) => fd);
    total += members.length;
    if (address === 0) continue;
    const written = yield* writeProcess(processOf(job).endpoint, address, encodeFdSet(members));
    if (!written.ok) return fail("EFAULT");
  }
  return ok(total);
}

/** select(2) (reference/posix-abi.md 4.3), for as many processes as there are: MINIX has room for 25. */
export function* select(job: Job, request: SelectRequest): Work<Result<number>> {
  if (request.count < 0 || request.count > OPEN_MAX) return fail("EINVAL");
  const list = yield* watched(job, request);
  if (!list.ok) return list;
  const ticks = yield* timeoutTicks(job, request.timeout);
  if (!ticks.ok) return ticks;
  const block = ticks.value !== 0;
  const deadline = ticks.value === null ? null : (yield* recorded(job, getUptime)) + ticks.value;
  for (const loop = beginLoop(job); ; ) {
    nextRound(job, loop, 0);
    const ready = new Map<number, number>();
    const seen = once(job, () => job.vfs.readiness);
    for (const one of list.value) {
      const bits = yield* readyNow(job, one, block);
      if (bits !== 0) ready.set(one.fd, bits);
    }
    if (ready.size > 0 || !block) return yield* writeSets(job, request, ready);
    if (once(job, () => job.vfs.readiness !== seen)) continue; // it changed while a driver was asked
    const next = yield* pause(job, deadline);
    if (next === "interrupted") return fail("EINTR");
    if (next === "over") return yield* writeSets(job, request, new Map());
  }
}
