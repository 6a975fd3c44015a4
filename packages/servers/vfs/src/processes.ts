import { LABEL_MAX, S_IFCHR } from "@procyon-os/contract-vfs";
import { endpointSlot, fail, ok, RS, type Endpoint, type Result } from "@procyon-os/message";
import { bytesText, readProcess } from "@procyon-os/syslib";
import { closeChar } from "./char-device.ts";
import { labelEndpoint } from "./data-store.ts";
import { lose } from "./driver-line.ts";
import { closeDescriptor, fileById, vnodeOfFile } from "./files.ts";
import { fsDied } from "./fs-call.ts";
import { newProcess, NR_DEVICES, type FileProcess } from "./state.ts";
import type { Vfs } from "./vfs.ts";
import { putVnode, typeOf, vnodeById } from "./vnode.ts";
import type { Job, Work } from "./work.ts";

/** The process of an endpoint, or null where VFS knows none. */
export function processByEndpoint(vfs: Vfs, endpoint: Endpoint): FileProcess | null {
  const process = vfs.state.processes.get(endpointSlot(endpoint));
  return process !== undefined && process.endpoint === endpoint ? process : null;
}

/** A process of the boot image. */
export function addBootProcess(vfs: Vfs, slot: number, endpoint: Endpoint, pid: number): void {
  vfs.state.processes.set(slot, newProcess(slot, endpoint, pid));
}

/** A child shares its parent's open files, directories and terminal; locks it has none. */
export function fork(vfs: Vfs, parent: FileProcess, child: Endpoint, pid: number): FileProcess {
  const slot = endpointSlot(child);
  const copy: FileProcess = {
    ...parent, slot, endpoint: child, pid, groups: [...parent.groups], sessionLeader: false, pmSequence: 0, pmAnswer: null,
    descriptors: new Map([...parent.descriptors].map(([fd, one]) => [fd, { ...one }])),
  };
  for (const { filp } of copy.descriptors.values()) fileById(vfs, filp).count++;
  for (const id of [copy.root, copy.directory]) if (id !== null) vnodeById(vfs, id).references++;
  vfs.state.processes.set(slot, copy);
  return copy;
}

/** The terminal of a session leader that ends is taken from everyone else in the session. */
function* revokeTerminal(job: Job, leader: FileProcess): Work<void> {
  const { vfs } = job;
  const device = leader.tty;
  if (!leader.sessionLeader || device === 0) return;
  for (const process of vfs.state.processes.values()) if (process.tty === device) process.tty = 0;
  for (const file of [...vfs.state.files.values()]) {
    const vnode = vnodeOfFile(vfs, file);
    if (file.closed || typeOf(vnode) !== S_IFCHR || vnode.specialDevice !== device) continue;
    file.closed = true;
    yield* closeChar(job, device);
  }
}

/** A process is gone: everything it had is closed. */
export function* exitProcess(job: Job, process: FileProcess): Work<void> {
  const { vfs } = job;
  for (const fd of [...process.descriptors.keys()]) yield* closeDescriptor(job, process, fd);
  yield* revokeTerminal(job, process);
  leaveDirectories(vfs, process);
  vfs.state.processes.delete(process.slot);
  yield* serverGone(job, process.endpoint);
}

/** A process that served VFS is gone: its devices have no driver, its file systems no server. */
function* serverGone(job: Job, endpoint: Endpoint): Work<void> {
  const { vfs } = job;
  const { drivers, blockDriversUp } = vfs.state;
  blockDriversUp.delete(endpoint);
  for (let major = 0; major < NR_DEVICES; major++) if (drivers[major]?.endpoint === endpoint) drivers[major] = null;
  if (vfs.driverLines.has(endpoint)) {
    lose(vfs, endpoint); // each waits for a driver to come in its place
    vfs.driverLines.delete(endpoint);
  }
  yield* fsDied(vfs, endpoint);
}

/** A process has no directories any more. */
export function leaveDirectories(vfs: Vfs, process: FileProcess): void {
  for (const id of [process.root, process.directory]) if (id !== null) putVnode(vfs, vnodeById(vfs, id));
  process.root = process.directory = null;
}

/** MAPDRIVER: RS says which service drives a major number. */
export function* mapDriver(vfs: Vfs, caller: Endpoint, request: { label: number; labelLength: number; major: number; style: number }): Work<Result<object>> {
  if (caller !== RS) return fail("EPERM");
  const { labelLength, major, style } = request;
  if (labelLength <= 0 || labelLength > LABEL_MAX) return fail("EINVAL");
  if (major < 0 || major >= NR_DEVICES) return fail("ENODEV");
  const bytes = yield* readProcess(caller, request.label, labelLength);
  if (!bytes.ok) return fail("EFAULT");
  const label = bytesText(bytes.value, 0, labelLength);
  const endpoint = yield* labelEndpoint(label);
  if (endpoint === null || style < 0 || style > 6) return fail("EINVAL");
  vfs.state.drivers[major] = { endpoint, label, style };
  return ok({});
}

