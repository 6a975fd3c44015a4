import { LABEL_MAX, NR_DEVICES, S_IFCHR } from "@procyon-os/contract-vfs";
import { endpointSlot, fail, ok, RS, type Endpoint, type Result } from "@procyon-os/message";
import { bytesText, readProcess } from "@procyon-os/syslib";
import { closeChar } from "./char-device.ts";
import { labelEndpoint } from "./data-store.ts";
import { lose } from "./driver-line.ts";
import { closeDescriptor, fileById, vnodeOfFile } from "./files.ts";
import { fsDied } from "./fs-call.ts";
import { mark, type FileProcess } from "./state.ts";
import type { Vfs } from "./vfs.ts";
import { putVnode, typeOf, vnodeById } from "./vnode.ts";
import { once, recorded, type Job, type Work } from "./work.ts";

/** The process of an endpoint, or null where VFS knows none. */
export function processByEndpoint(vfs: Vfs, endpoint: Endpoint): FileProcess | null {
  const process = vfs.state.processes.get(endpointSlot(endpoint));
  return process !== undefined && process.endpoint === endpoint ? process : null;
}

/** A child shares its parent's open files, directories and terminal; locks it has none. */
export function fork(vfs: Vfs, parent: FileProcess, child: Endpoint, pid: number): FileProcess {
  const slot = endpointSlot(child);
  const copy: FileProcess = {
    ...parent, slot, endpoint: child, pid, groups: [...parent.groups], sessionLeader: false, postponed: null, pmSequence: 0, pmAnswer: null,
    descriptors: new Map([...parent.descriptors].map(([fd, one]) => [fd, { ...one }])),
  };
  for (const { filp } of copy.descriptors.values()) {
    fileById(vfs, filp).count++;
    mark("files", filp);
  }
  for (const id of [copy.root, copy.directory]) {
    if (id === null) continue;
    vnodeById(vfs, id).references++;
    mark("vnodes", id);
  }
  vfs.state.processes.set(slot, copy);
  mark("processes", slot);
  return copy;
}

/** The terminal of a session leader that ends is taken from everyone else in the session. Gives how many had it open. */
function takeTerminal(vfs: Vfs, device: number): number {
  for (const process of vfs.state.processes.values()) {
    if (process.tty !== device) continue;
    process.tty = 0;
    mark("processes", process.slot);
  }
  let taken = 0;
  for (const file of vfs.state.files.values()) {
    const vnode = vnodeOfFile(vfs, file);
    if (file.closed || typeOf(vnode) !== S_IFCHR || vnode.specialDevice !== device) continue;
    file.closed = true;
    mark("files", file.id);
    taken++;
  }
  return taken;
}

function* revokeTerminal(job: Job, leader: FileProcess): Work<void> {
  const { device, taken } = once(job, () => {
    const { tty, sessionLeader } = leader;
    return { device: tty, taken: sessionLeader && tty !== 0 ? takeTerminal(job.vfs, tty) : 0 };
  });
  for (let i = 0; i < taken; i++) yield* closeChar(job, device);
}

/** A process is gone: everything it had is closed. */
export function* exitProcess(job: Job, process: FileProcess): Work<void> {
  const { vfs } = job;
  for (const fd of once(job, () => [...process.descriptors.keys()])) yield* closeDescriptor(job, process, fd);
  yield* revokeTerminal(job, process);
  once(job, () => void leave(vfs, process));
  yield* recorded(job, () => fsDied(vfs, process.endpoint));
}

function leave(vfs: Vfs, process: FileProcess): void {
  leaveDirectories(vfs, process);
  vfs.state.processes.delete(process.slot);
  mark("processes", process.slot);
  driverGone(vfs, process.endpoint);
}

/** A process that drove devices is gone: they have no driver. */
function driverGone(vfs: Vfs, endpoint: Endpoint): void {
  const { drivers, blockDriversUp, driverLines } = vfs.state;
  blockDriversUp.delete(endpoint);
  for (let major = 0; major < NR_DEVICES; major++) {
    if (drivers[major]?.endpoint !== endpoint) continue;
    drivers[major] = null;
    mark("drivers", major);
  }
  if (!driverLines.has(endpoint)) return;
  lose(vfs, endpoint); // each waits for a driver to come in its place
  driverLines.delete(endpoint);
  mark("driverLines", endpoint);
}

/** A process has no directories any more. Part of a step. */
export function leaveDirectories(vfs: Vfs, process: FileProcess): void {
  for (const id of [process.root, process.directory]) if (id !== null) putVnode(vfs, vnodeById(vfs, id));
  process.root = process.directory = null;
  mark("processes", process.slot);
}

/** MAPDRIVER: RS says which service drives a major number. */
export function* mapDriver(job: Job, caller: Endpoint, request: { label: number; labelLength: number; major: number; style: number }): Work<Result<object>> {
  if (caller !== RS) return fail("EPERM");
  const { labelLength, major, style } = request;
  if (labelLength <= 0 || labelLength > LABEL_MAX) return fail("EINVAL");
  if (major < 0 || major >= NR_DEVICES) return fail("ENODEV");
  const bytes = yield* recorded(job, () => readProcess(caller, request.label, labelLength));
  if (!bytes.ok) return fail("EFAULT");
  const label = bytesText(bytes.value, 0, labelLength);
  const endpoint = yield* recorded(job, () => labelEndpoint(label));
  if (endpoint === null || style < 0 || style > 6) return fail("EINVAL");
  job.vfs.state.drivers[major] = { endpoint, label, style };
  mark("drivers", major);
  return ok({});
}

