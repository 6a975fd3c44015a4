import { charContract, decodeCharReply } from "@procyon-os/contract-char";
import { STYLE_CTTY, STYLE_TTY } from "@procyon-os/contract-rs";
import { majorOf, minorOf, NR_DEVICES, O_NOCTTY, R_OK, S_IFBLK, S_IFCHR } from "@procyon-os/contract-vfs";
import { encodeRequest, MFS, NONE, VFS, type Endpoint, type GrantId } from "@procyon-os/message";
import { panic } from "@procyon-os/syslib";
import { openBlock } from "./block-device.ts";
import type { DriverEvent } from "./data-store.ts";
import { driverLine, endExchange, exchange, isAsynchronous, loseable, LOST } from "./driver-line.ts";
import { vnodeOfFile } from "./files.ts";
import { fsCall, fsUp } from "./fs-call.ts";
import { lendName } from "./loans.ts";
import { mountRoot } from "./mount.ts";
import { mark, type DriverEntry, type OpenFile, type Task } from "./state.ts";
import { startJob, tell, type Vfs } from "./vfs.ts";
import { typeOf } from "./vnode.ts";
import { lock, once, readinessChanged, unlock, waitFor, wake, wakeAll, type Job, type Work } from "./work.ts";

function majorsOf(vfs: Vfs, endpoint: Endpoint): number[] {
  const majors: number[] = [];
  for (let major = 0; major < NR_DEVICES; major++) if (vfs.state.drivers[major]?.endpoint === endpoint) majors.push(major);
  return majors;
}

/** A driver or file server announced itself: for the first time, or after it died (reference/posix-abi.md 4.8). */
export function driverUp(vfs: Vfs, { kind, endpoint }: DriverEvent): void {
  const { state } = vfs;
  const majors = majorsOf(vfs, endpoint);
  if (kind === "blk") state.blockDriversUp.add(endpoint);
  if (kind === "blk") blockUp(vfs, endpoint, majors);
  else if (kind === "fs" || endpoint === state.pfs) fsUp(vfs, endpoint);
  else if (majors.length > 0) charUp(vfs, endpoint, majors);
}

/** Open files of a type on these majors. */
function openOn(vfs: Vfs, type: number, majors: readonly number[]): OpenFile[] {
  return [...vfs.state.files.values()].filter((file) => {
    const vnode = vnodeOfFile(vfs, file);
    return !file.closed && typeOf(vnode) === type && majors.includes(majorOf(vnode.specialDevice));
  });
}

function blockUp(vfs: Vfs, driver: Endpoint, majors: readonly number[]): void {
  const isLost = ({ record: { parked } }: Job): boolean => parked?.key.startsWith(`block/${driver}/`) === true;
  startJob(vfs, null, { kind: "block driver up", driver, majors, lost: [...vfs.jobs.values()].filter(isLost).map(({ id }) => id) });
  // Each file server learns it in its own time: one that waits for this very driver takes the message later.
  for (const { device, dead, fs } of vfs.state.mounts.values()) {
    const label = vfs.state.drivers[majorOf(device)]?.label;
    if (dead || label === undefined || !majors.includes(majorOf(device))) continue;
    startJob(vfs, null, { kind: "new driver", fs, device, label });
  }
  mountRootWhenReady(vfs);
}

/** A block driver is there again: its devices are opened again, and who waited for it asks again. */
export function* blockDriverUp(job: Job, majors: readonly number[], lost: readonly number[]): Work<void> {
  const { vfs } = job;
  const open = once(job, () => openOn(vfs, S_IFBLK, majors).map((file) => ({ device: vnodeOfFile(vfs, file).specialDevice, mode: file.mode })));
  for (const { device, mode } of open) yield* openBlock(job, device, mode);
  once(job, () => {
    wakeJobs(vfs, lost, `block/`);
    for (const major of majors) wakeAll(vfs, `driver-up/${major}`);
  });
}

/** Tells a file server that its driver is another instance. */
export function* newDriver(job: Job, fs: Endpoint, device: number, label: string): Work<void> {
  yield* fsCall(job, fs, "newDriver", { device, ...(yield* lendName(job, fs, label)) });
}

/** Jobs that are still where they waited for a driver learn that their request is lost. */
function wakeJobs(vfs: Vfs, ids: readonly number[], ...prefixes: string[]): void {
  for (const id of ids) {
    const job = vfs.jobs.get(id);
    if (job !== undefined && prefixes.some((prefix) => job.record.parked?.key.startsWith(prefix) === true)) wake(job, LOST);
  }
}

/** Mounts the root file system as soon as its driver is mapped and up. */
export function mountRootWhenReady(vfs: Vfs): void {
  const { state } = vfs;
  const entry = state.drivers[majorOf(state.rootDevice)] ?? null;
  const busy = [...state.jobs.values()].some(({ task }) => task.kind === "mount root");
  if (state.rootMount !== null || busy || entry === null || !state.blockDriversUp.has(entry.endpoint)) return;
  startJob(vfs, null, { kind: "mount root" });
}

/** Mounts the root file system. */
export function* mountTheRoot(job: Job): Work<void> {
  const { rootDevice } = job.vfs.state;
  const done = yield* mountRoot(job, { device: rootDevice, fs: MFS, label: "fs_imgrd", readOnly: false });
  if (!done.ok) yield* panic(`VFS: cannot mount the root file system on device 0x${rootDevice.toString(16)}: ${done.error}`);
}

function charUp(vfs: Vfs, driver: Endpoint, majors: readonly number[]): void {
  const promised = loseable(vfs, driver).map(({ id }) => id); // whatever the instance before said it would send
  const { outstanding } = driverLine(vfs, driver);
  startJob(vfs, null, { kind: "character driver up", driver, majors, promised, exchange: outstanding?.exchange ?? 0 });
}

/** A character driver is there again: it learns what is open, and is asked again what it has not answered. */
export function* charDriverUp(job: Job, task: Task & { kind: "character driver up" }): Work<void> {
  const { vfs } = job;
  const { driver, majors, promised } = task;
  const entry = once(job, () => vfs.state.drivers[majors[0] as number] ?? null);
  if (entry === null) return;
  const unanswered = task.exchange !== 0 && !isAsynchronous(entry) ? yield* stillUnanswered(job, driver, task.exchange) : false;
  if (!unanswered) yield* lock(job, `driver/${driver}`); // else the one who waits holds the line, and nobody comes between
  const waiting = once(job, () => (unanswered ? takeExchange(vfs, driver) : 0));
  yield* reopen(job, entry, majors);
  once(job, () => wakeJobs(vfs, [waiting], `driver/${driver}`));
  if (!unanswered) unlock(job, `driver/${driver}`);
  once(job, () => {
    wakeJobs(vfs, promised, ...["revive", "open", "close", "select1"].map((kind) => `${kind}/${driver}/`));
    for (const major of majors) wakeAll(vfs, `driver-up/${major}`);
    readinessChanged(vfs);
  });
}

/** Takes the unanswered exchange off a driver's line; gives its job, which still waits. */
function takeExchange(vfs: Vfs, driver: Endpoint): number {
  const line = driverLine(vfs, driver);
  const id = line.outstanding?.job ?? 0;
  line.outstanding = null;
  mark("driverLines", driver);
  return id;
}

/**
 * Whether the request in flight died with the instance before. The new one may have it already, if it came after the
 * driver's start: a request behind it whose answer cannot be mistaken (CANCEL for nobody) tells, since both come in order.
 */
function* stillUnanswered(job: Job, driver: Endpoint, exchangeId: number): Work<boolean> {
  const nobody = { minor: 0, user: NONE, mode: 0, grant: -1 as GrantId };
  once(job, () => tell(driver, encodeRequest(charContract.base, charContract.calls.cancel, nobody)));
  yield* waitFor(job, `probe/${driver}`);
  return once(job, () => driverLine(job.vfs, driver).outstanding?.exchange === exchangeId);
}

/**
 * Tells the new instance what is open. A driver that kept its state has lost nothing by REOPEN; one that does not know
 * REOPEN is asked for an open, a terminal with its session leader, so that it has a controlling process again.
 */
function* reopen(job: Job, entry: DriverEntry, majors: readonly number[]): Work<void> {
  for (const one of once(job, () => whatIsOpen(job.vfs, entry, majors))) yield* openAgain(job, entry, one);
}

interface OpenAgain {
  readonly file: number;
  readonly minor: number;
  readonly access: number;
  readonly leader: Endpoint | null;
}

function whatIsOpen(vfs: Vfs, entry: DriverEntry, majors: readonly number[]): OpenAgain[] {
  const { processes, drivers } = vfs.state;
  const leaders = new Map([...processes.values()].filter((one) => one.sessionLeader && one.tty !== 0).map((one) => [one.tty, one]));
  const list: OpenAgain[] = [];
  for (const file of openOn(vfs, S_IFCHR, majors)) {
    const device = vnodeOfFile(vfs, file).specialDevice;
    if (drivers[majorOf(device)]?.style === STYLE_CTTY) continue;
    const leader = entry.style === STYLE_TTY ? leaders.get(device) : undefined;
    leaders.delete(device);
    list.push({ file: file.id, minor: minorOf(device), access: file.mode || R_OK, leader: leader?.endpoint ?? null });
  }
  return list;
}

function* openAgain(job: Job, entry: DriverEntry, { file, minor, access, leader }: OpenAgain): Work<void> {
  const again = encodeRequest(charContract.base, charContract.calls.reopen, { minor, filp: file, access: access | O_NOCTTY });
  if (isAsynchronous(entry)) return void once(job, () => tell(entry.endpoint, again)); // it comes before whatever is sent from now on
  const answer = yield* exchange(job, entry.endpoint, "request", again);
  const reply = answer === LOST ? null : decodeCharReply(answer);
  if (reply === null || reply.kind !== "task" || reply.status >= 0) return;
  const open = { minor, user: leader ?? VFS, access: access | (leader === null ? O_NOCTTY : 0) };
  yield* exchange(job, entry.endpoint, "request", encodeRequest(charContract.base, charContract.calls.open, open));
}

/**
 * Now and then: a request that a synchronous driver has not answered for a while may have died with it, though nothing was
 * announced. A probe tells.
 */
export function watch(vfs: Vfs): void {
  vfs.watching = false;
  for (const [driver, { outstanding }] of vfs.state.driverLines) {
    if (outstanding === null) continue;
    if (outstanding.seen) startJob(vfs, null, { kind: "probe", driver, exchange: outstanding.exchange });
    outstanding.seen = true;
    mark("driverLines", driver);
    vfs.watchWanted = true;
  }
}

/** Finds out whether a driver has lost a request, and has it made again. */
export function* probe(job: Job, driver: Endpoint, exchangeId: number): Work<void> {
  const { vfs } = job;
  const isStill = once(job, () => {
    const { outstanding } = driverLine(vfs, driver);
    return outstanding !== null && outstanding.exchange === exchangeId && outstanding.kind === "request";
  });
  if (isStill && (yield* stillUnanswered(job, driver, exchangeId))) once(job, () => endExchange(vfs, driver, LOST));
}

/** A block driver's reply: gives it to whoever waits for this id. */
export function blockAnswered(vfs: Vfs, driver: Endpoint, reply: { status: number; id: number }): void {
  wakeAll(vfs, `block/${driver}/${reply.id}`, reply.status);
}
