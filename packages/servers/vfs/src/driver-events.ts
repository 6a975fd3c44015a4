import { charContract, decodeCharReply } from "@procyon-os/contract-char";
import { STYLE_CTTY, STYLE_TTY } from "@procyon-os/contract-rs";
import { majorOf, minorOf, O_NOCTTY, R_OK, S_IFBLK, S_IFCHR } from "@procyon-os/contract-vfs";
import { AMF_NOREPLY, encodeRequest, errorCode, MFS, newMessage, NONE, VFS, type Endpoint, type GrantId, type Program } from "@procyon-os/message";
import { asynsend, panic } from "@procyon-os/syslib";
import { openBlock } from "./block-device.ts";
import type { DriverEvent } from "./data-store.ts";
import { driverLine, exchange, isAsynchronous, loseable, LOST, watchSoon } from "./driver-line.ts";
import { vnodeOfFile } from "./files.ts";
import { fsCall, lendName } from "./fs-call.ts";
import { mountRoot } from "./mount.ts";
import { NR_DEVICES, type DriverEntry, type OpenFile } from "./state.ts";
import { startJob, type Outstanding, type Vfs } from "./vfs.ts";
import { typeOf } from "./vnode.ts";
import { lock, readinessChanged, unlock, waitFor, wake, wakeAll, type Job, type Work } from "./work.ts";

function majorsOf(vfs: Vfs, endpoint: Endpoint): number[] {
  const majors: number[] = [];
  for (let major = 0; major < NR_DEVICES; major++) if (vfs.state.drivers[major]?.endpoint === endpoint) majors.push(major);
  return majors;
}

/** A driver announced itself: for the first time, or after it died (reference/posix-abi.md 4.8). */
export function driverUp(vfs: Vfs, { kind, endpoint }: DriverEvent): void {
  const majors = majorsOf(vfs, endpoint);
  if (kind === "blk") vfs.state.blockDriversUp.add(endpoint);
  if (kind === "blk") blockUp(vfs, endpoint, majors);
  else if (endpoint === vfs.state.pfs) pfsUp(vfs);
  else if (majors.length > 0) charUp(vfs, endpoint, majors);
}

/** PFS keeps nothing over its death: who waits for it hears that its pipe is gone. */
function pfsUp(vfs: Vfs): void {
  wakeAll(vfs, `fs/${vfs.state.pfs}`, newMessage(errorCode("EIO")));
}

/** Open files of a type on these majors. */
function openOn(vfs: Vfs, type: number, majors: readonly number[]): OpenFile[] {
  return [...vfs.state.files.values()].filter((file) => {
    const vnode = vnodeOfFile(vfs, file);
    return !file.closed && typeOf(vnode) === type && majors.includes(majorOf(vnode.specialDevice));
  });
}

function blockUp(vfs: Vfs, endpoint: Endpoint, majors: readonly number[]): void {
  const lost = [...vfs.jobs.values()].filter(({ parked }) => parked?.key.startsWith(`block/${endpoint}/`) === true);
  startJob(vfs, null, `block driver ${endpoint} up`, function* (job) {
    for (const file of openOn(vfs, S_IFBLK, majors)) yield* openBlock(job, vnodeOfFile(vfs, file).specialDevice, file.mode);
    for (const one of lost) wake(one, LOST);
    for (const major of majors) wakeAll(vfs, `driver-up/${major}`);
  });
  // Each file server learns it in its own time: one that waits for this very driver takes the message later.
  for (const mount of vfs.state.mounts.values()) {
    const label = vfs.state.drivers[majorOf(mount.device)]?.label;
    if (mount.dead || label === undefined || !majors.includes(majorOf(mount.device))) continue;
    startJob(vfs, null, `new driver for ${mount.label}`, function* (job) {
      yield* fsCall(job, mount.fs, "newDriver", { device: mount.device, ...(yield* lendName(job, mount.fs, label)) });
    });
  }
  mountRootWhenReady(vfs);
}

/** Mounts the root file system as soon as its driver is mapped and up. */
export function mountRootWhenReady(vfs: Vfs): void {
  const { state } = vfs;
  const entry = state.drivers[majorOf(state.rootDevice)] ?? null;
  const busy = [...vfs.jobs.values()].some(({ about }) => about === "mount root");
  if (state.rootMount !== null || busy || entry === null || !state.blockDriversUp.has(entry.endpoint)) return;
  startJob(vfs, null, "mount root", function* (job) {
    const done = yield* mountRoot(job, { device: state.rootDevice, fs: MFS, label: "fs_imgrd", readOnly: false });
    if (!done.ok) yield* panic(`VFS: cannot mount the root file system on device 0x${state.rootDevice.toString(16)}: ${done.error}`);
  });
}

function charUp(vfs: Vfs, endpoint: Endpoint, majors: readonly number[]): void {
  const entry = vfs.state.drivers[majors[0] as number] as DriverEntry;
  const promised = loseable(vfs, endpoint); // whatever the instance before said it would send
  const { outstanding } = driverLine(vfs, endpoint);
  startJob(vfs, null, `character driver ${endpoint} up`, function* (job) {
    const unanswered = outstanding !== null && !isAsynchronous(entry) ? yield* stillUnanswered(job, endpoint, outstanding) : false;
    if (!unanswered) yield* lock(job, `driver/${endpoint}`); // else the one who waits holds the line, and nobody comes between
    yield* reopen(job, entry, majors);
    if (unanswered && outstanding !== null) wake(outstanding.job, LOST);
    else unlock(job, `driver/${endpoint}`);
    for (const one of promised) wake(one, LOST);
    for (const major of majors) wakeAll(vfs, `driver-up/${major}`);
    readinessChanged(vfs);
  });
}

/**
 * Whether the request in flight died with the instance before. The new one may have it already, if it came after the
 * driver's start: a request behind it whose answer cannot be mistaken (CANCEL for nobody) tells, since both come in order.
 */
function* stillUnanswered(job: Job, driver: Endpoint, before: Outstanding): Work<boolean> {
  const nobody = { minor: 0, user: NONE, mode: 0, grant: -1 as GrantId };
  yield* asynsend(driver, encodeRequest(charContract.base, charContract.calls.cancel, nobody), AMF_NOREPLY);
  yield* waitFor(job, `probe/${driver}`);
  return driverLine(job.vfs, driver).outstanding === before;
}

/**
 * Tells the new instance what is open. A driver that kept its state has lost nothing by REOPEN; one that does not know
 * REOPEN is asked for an open, a terminal with its session leader, so that it has a controlling process again.
 */
function* reopen(job: Job, entry: DriverEntry, majors: readonly number[]): Work<void> {
  const { vfs } = job;
  const leaders = new Map([...vfs.state.processes.values()].filter((one) => one.sessionLeader && one.tty !== 0).map((one) => [one.tty, one]));
  for (const file of openOn(vfs, S_IFCHR, majors)) {
    const device = vnodeOfFile(vfs, file).specialDevice;
    if (vfs.state.drivers[majorOf(device)]?.style === STYLE_CTTY) continue;
    const leader = entry.style === STYLE_TTY ? leaders.get(device) : undefined;
    leaders.delete(device);
    yield* openAgain(job, entry, file, minorOf(device), leader?.endpoint ?? null);
  }
}

function* openAgain(job: Job, entry: DriverEntry, file: OpenFile, minor: number, leader: Endpoint | null): Work<void> {
  const access = file.mode || R_OK;
  const again = encodeRequest(charContract.base, charContract.calls.reopen, { minor, filp: file.id, access: access | O_NOCTTY });
  if (isAsynchronous(entry)) {
    yield* asynsend(entry.endpoint, again, AMF_NOREPLY); // it comes before whatever is sent from now on
    return;
  }
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
export function* watch(vfs: Vfs): Program<void> {
  vfs.watching = false;
  for (const [driver, line] of vfs.driverLines) {
    const { outstanding } = line;
    if (outstanding === null) continue;
    if (outstanding.seen) startJob(vfs, null, `probe of ${driver}`, (job) => probe(job, driver, outstanding));
    outstanding.seen = true;
    yield* watchSoon(vfs);
  }
}

function* probe(job: Job, driver: Endpoint, outstanding: Outstanding): Work<void> {
  if (driverLine(job.vfs, driver).outstanding !== outstanding || outstanding.kind !== "request") return;
  if (yield* stillUnanswered(job, driver, outstanding)) wake(outstanding.job, LOST);
}

/** A block driver's reply: gives it to whoever waits for this id. */
export function blockAnswered(vfs: Vfs, driver: Endpoint, reply: { status: number; id: number }): void {
  wakeAll(vfs, `block/${driver}/${reply.id}`, reply.status);
}
