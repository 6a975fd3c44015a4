import { readBlockReply } from "@procyon-os/contract-block";
import { decodeCharReply } from "@procyon-os/contract-char";
import { isTransaction, transactionId } from "@procyon-os/contract-fs";
import { RPROCPUB_BYTES, decodeRprocPub, STYLE_NDEV } from "@procyon-os/contract-rs";
import { NR_DEVICES, vfsContract, pmToVfs } from "@procyon-os/contract-vfs";
import {
  CLOCK, decodeRequest, DS, fail, i32, isNotify, m2, messageSource, messageType, newMessage, NONE, NR_BOOT_PROCS, ok, PM, RS, type Endpoint, type Message,
  type Program, type Result, type ServiceImage,
} from "@procyon-os/message";
import { saveState, sefReceive, sefStartup, type InitInfo, type StateSpec } from "@procyon-os/sef";
import { bootParameter, expireTimers, panic, readGrant, receive, send, useVmMemory, type Received } from "@procyon-os/syslib";
import { driverEvents, subscribeDrivers } from "./data-store.ts";
import { blockAnswered, blockDriverUp, charDriverUp, driverUp, mountTheRoot, newDriver, probe, watch } from "./driver-events.ts";
import { driverMessage, driverNotified, pollStatus, WATCH, watchSoon } from "./driver-line.ts";
import { fsAnswered, fsCall } from "./fs-call.ts";
import { enterPfs } from "./mount.ts";
import { isPmRequest, pmMessage, pmWork, reboot, startPostponed } from "./pm-messages.ts";
import { freshState, mark, newProcess, vfsState, type VfsState } from "./state.ts";
import { bringBack, giveUp, takeUp } from "./take-up.ts";
import { callWork, userCall } from "./user-calls.ts";
import { newVfs, type Vfs } from "./vfs.ts";
import { putAll } from "./vnode.ts";
import { runJob, TIMED_OUT, wake, type Job, type Work } from "./work.ts";

/** /dev/c0d0, the first ATA disk. */
const DEFAULT_ROOT = 0x0300;
const notifyTime = m2.l2(i32);

/** PM names every process of the boot image, NONE last. */
function* receiveProcesses(state: VfsState): Program<void> {
  for (;;) {
    const { result, message } = yield* receive(PM);
    if (result !== 0) return yield* panic(`VFS: receive from PM failed: ${result}`);
    const { process, slot, pid } = decodeRequest(pmToVfs.calls.init, message);
    if (process === NONE) break;
    state.processes.set(slot, newProcess(slot, process, pid));
    mark("processes", slot);
  }
  yield* send(PM, newMessage(0));
}

/** The drivers among the boot services, as RS's public table names them. */
function* mapBootDrivers(state: VfsState, info: InitInfo): Program<Result<null>> {
  const table = yield* readGrant(RS, info.rprocTable, 0, NR_BOOT_PROCS * RPROCPUB_BYTES);
  if (!table.ok) return table;
  for (let at = 0; at < table.value.length; at += RPROCPUB_BYTES) {
    const { inUse, major, endpoint, label, deviceStyle, deviceStyle2 } = decodeRprocPub(table.value, at);
    if (!inUse || major <= 0 || major >= NR_DEVICES) continue;
    state.drivers[major] = { endpoint, label, style: deviceStyle };
    if (deviceStyle2 !== STYLE_NDEV) state.drivers[major + 1] = { endpoint, label, style: deviceStyle2 };
  }
  return ok(null);
}

function* initFresh(info: InitInfo): Program<Result<VfsState>> {
  useVmMemory();
  const rootDevice = Number((yield* bootParameter("rootdev")) ?? DEFAULT_ROOT);
  const state = freshState(Number.isInteger(rootDevice) ? rootDevice : DEFAULT_ROOT);
  yield* receiveProcesses(state);
  const mapped = yield* mapBootDrivers(state, info);
  if (!mapped.ok) return mapped;
  yield* subscribeDrivers();
  enterPfs(state);
  return ok(state);
}

/** The state of the instance before is this one's; what is made from it is made when the work goes on (`takeUp`). No table is changed here. */
function* initAgain(_info: InitInfo, saved: VfsState | null): Program<Result<VfsState>> {
  if (saved === null) return fail("ERESTART");
  saved.instance++;
  return ok(saved);
}

/** The work of a job, by its kind. */
function workOf(job: Job): Work<void> {
  const { task } = job.record;
  switch (task.kind) {
    case "call":
      return callWork(job, task.message, task.status);
    case "pm":
      return pmWork(job, task.message);
    case "reboot":
      return reboot(job);
    case "put node":
      return putNode(job, task.fs, task.inode, task.count);
    case "mount root":
      return mountTheRoot(job);
    case "block driver up":
      return blockDriverUp(job, task.majors, task.lost);
    case "new driver":
      return newDriver(job, task.fs, task.device, task.label);
    case "character driver up":
      return charDriverUp(job, task);
    case "poll":
      return pollStatus(job, task.driver);
    case "probe":
      return probe(job, task.driver, task.exchange);
  }
}

function* putNode(job: Job, fs: Endpoint, inode: number, count: number): Work<void> {
  yield* fsCall(job, fs, "putNode", { inode, count });
}

/** The end of a job: what PM wanted of the process meanwhile comes next. */
function ended(job: Job): void {
  const { vfs, process } = job;
  if (process === null || vfs.calls.get(process.slot) !== job) return;
  vfs.calls.delete(process.slot);
  const message = process.postponed;
  if (message === null) return;
  process.postponed = null;
  mark("processes", process.slot);
  startPostponed(vfs, process, message);
}

const isDriver = (vfs: Vfs, endpoint: Endpoint): boolean => vfs.state.drivers.some((entry) => entry?.endpoint === endpoint);

/** Everything that DS has to tell. Where VFS dies in between, its successor asks for all over again. */
function* askEvents(vfs: Vfs): Program<void> {
  const { state } = vfs;
  state.eventsDue = true;
  yield* saveState();
  for (const event of yield* driverEvents()) driverUp(vfs, event);
  state.eventsDue = false;
}

function* notification(vfs: Vfs, source: Endpoint, message: Message): Program<void> {
  if (source === CLOCK) {
    for (const id of yield* expireTimers(vfs.timers, notifyTime.read(message))) {
      if (id === WATCH) watch(vfs);
      const job = vfs.jobs.get(id);
      if (job !== undefined && job.record.parked?.until !== null) wake(job, TIMED_OUT);
    }
  } else if (source === DS) yield* askEvents(vfs);
  else if (isDriver(vfs, source)) driverNotified(vfs, source);
}

/** One message: an answer lets a job go on, a request makes one. */
function* handle(vfs: Vfs, received: Received): Program<void> {
  const { message, status } = received;
  const source = messageSource(message);
  if (isNotify(status)) return yield* notification(vfs, source, message);
  if (source === PM && isPmRequest(message)) return yield* pmMessage(vfs, message);
  if (vfs.state.fsLines.has(source) && isTransaction(transactionId(messageType(message)))) return void fsAnswered(vfs, source, message);
  if (isDriver(vfs, source)) {
    const block = readBlockReply(message);
    if (block !== null) return blockAnswered(vfs, source, block);
    if (decodeCharReply(message) !== null) return driverMessage(vfs, source, message);
  }
  yield* userCall(vfs, message, status);
}

/** VFS: a message, and everything that can go on after it, forever. It waits for no file server and no driver. */
function* main(spec: StateSpec<VfsState>): Program<never> {
  let isUpdate = false;
  const initLu = (info: InitInfo, saved: VfsState | null): Program<Result<VfsState>> => {
    isUpdate = true;
    return initAgain(info, saved);
  };
  const state = yield* sefStartup(spec, { initFresh, initRestart: initAgain, initLu, initLuTells: true });
  const vfs = newVfs(state, { workOf, putAll, ended, giveUp });
  yield* takeUp(vfs, isUpdate);
  for (;;) {
    for (let job = vfs.ready.shift(); job !== undefined; job = vfs.ready.shift()) yield* runJob(job);
    if (vfs.watchWanted) yield* watchSoon(vfs);
    const received = yield* sefReceive();
    if (received.result !== 0) return yield* panic(`VFS: receive failed: ${received.result}`);
    yield* handle(vfs, received);
    bringBack(vfs);
  }
}

/** VFS with a declaration of its state, of this version or another with migrations between the two. */
export function imageWith(spec: StateSpec<VfsState>, version: string): ServiceImage {
  return { name: "@procyon-os/vfs", version, dataBytes: 512 * 1024, stackBytes: 32 * 1024, contract: vfsContract, state: spec, main: () => main(spec) };
}

/** The virtual file system server as a hosted service. */
export const image: ServiceImage = imageWith(vfsState, "0.1.0");
