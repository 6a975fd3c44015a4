import { O_NONBLOCK, OPEN_MAX, R_OK, S_IFBLK, S_IFCHR, S_IFIFO, W_OK } from "@procyon-os/contract-vfs";
import { fail, ok, type Result } from "@procyon-os/message";
import { closeBlock } from "./block-device.ts";
import { closeChar } from "./char-device.ts";
import { fsCall } from "./fs-call.ts";
import { mark, NR_FILPS, type Descriptor, type FileProcess, type OpenFile, type Vnode } from "./state.ts";
import type { Vfs } from "./vfs.ts";
import { keep, putVnode, typeOf, vnodeById } from "./vnode.ts";
import { once, readinessChanged, wakeAll, type Job, type Work } from "./work.ts";

/** The lowest descriptor from `from` on that is free, or EMFILE. */
export function freeDescriptor(process: FileProcess, from = 0): Result<number> {
  for (let fd = from; fd < OPEN_MAX; fd++) if (!process.descriptors.has(fd)) return ok(fd);
  return fail("EMFILE");
}

/** An open file by its number. */
export function fileById(vfs: Vfs, id: number): OpenFile {
  const file = vfs.state.files.get(id);
  if (file === undefined) throw new Error(`open file ${id} is named and does not exist`);
  return file;
}

/** The process of a job that has one. */
export function processOf(job: Job): FileProcess {
  if (job.process === null) throw new Error(`job ${job.id} has no process`);
  return job.process;
}

/** The open file of a descriptor: EBADF where it is none, EIO where its device was taken away. */
export function fileOf(job: Job, fd: number): Result<OpenFile> {
  const found = once(job, (): Result<number> => {
    const descriptor = processOf(job).descriptors.get(fd);
    if (descriptor === undefined) return fail("EBADF");
    return fileById(job.vfs, descriptor.filp).closed ? fail("EIO") : ok(descriptor.filp);
  });
  return found.ok ? ok(fileById(job.vfs, found.value)) : found;
}

/** The vnode of an open file. */
export function vnodeOfFile(vfs: Vfs, file: OpenFile): Vnode {
  return vnodeById(vfs, file.vnode);
}

/** Makes an open file for a vnode that the job holds; the reference is the file's from now on. */
export function newFile(job: Job, vnode: Vnode, mode: number, flags: number): Result<OpenFile> {
  const { vfs } = job;
  const made = once(job, (): Result<number> => {
    const { state } = vfs;
    if (state.files.size >= NR_FILPS) return fail("ENFILE");
    keep(job, vnode.id);
    const id = state.nextId++;
    state.files.set(id, { id, mode, flags, count: 0, vnode: vnode.id, position: 0, closed: false });
    mark("files", id);
    return ok(id);
  });
  return made.ok ? ok(fileById(vfs, made.value)) : made;
}

/** A descriptor names an open file from now on. Part of a step, or of the end of a job. */
export function install(process: FileProcess, fd: number, file: OpenFile): void {
  file.count++;
  process.descriptors.set(fd, { filp: file.id, closeOnExec: false });
  mark("files", file.id);
  mark("processes", process.slot);
}

/** Whether somebody has this end of a pipe open. */
export function hasEnd(vfs: Vfs, vnode: Vnode, end: number): boolean {
  return findEnd(vfs, vnode, end) !== null;
}

/** The open file that is this end of a pipe. */
export function findEnd(vfs: Vfs, vnode: Vnode, end: number): OpenFile | null {
  for (const file of vfs.state.files.values()) if (file.count > 0 && file.vnode === vnode.id && (file.mode & end) !== 0) return file;
  return null;
}

/** Something changed in a pipe: who waits on it looks again. */
export function pipeChanged(vfs: Vfs, vnode: Vnode): void {
  wakeAll(vfs, `pipe/${vnode.id}`);
  wakeAll(vfs, `fifo/${vnode.id}`);
  readinessChanged(vfs);
}

/** What is left to do when the last descriptor of an open file is gone. */
interface Closing {
  readonly vnode: number;
  readonly type: number;
  readonly device: number;
  readonly isOpen: boolean; // the device knows it
}

/** Takes a descriptor away, with the process's locks on the file; null where it was not the last of its open file. */
function dropDescriptor(vfs: Vfs, process: FileProcess, fd: number, { filp }: Descriptor): Closing | null {
  const file = fileById(vfs, filp);
  process.descriptors.delete(fd);
  mark("processes", process.slot);
  dropLocks(vfs, process, file.vnode);
  file.count--;
  mark("files", file.id);
  if (file.count > 0) return null;
  const vnode = vnodeOfFile(vfs, file);
  vfs.state.files.delete(file.id); // before anything that waits: nobody finds it any more
  if (typeOf(vnode) === S_IFIFO) pipeChanged(vfs, vnode);
  return { vnode: vnode.id, type: typeOf(vnode), device: vnode.specialDevice, isOpen: !file.closed };
}

/** The device is closed and the vnode put back. */
function* finishClosing(job: Job, { vnode, type, device, isOpen }: Closing): Work<void> {
  const { vfs } = job;
  if (type === S_IFCHR && isOpen) yield* closeChar(job, device);
  if (type === S_IFBLK && isOpen) yield* closeBlockFile(job, vnode);
  once(job, () => void putVnode(vfs, vnodeById(vfs, vnode)));
}

function* closeBlockFile(job: Job, id: number): Work<void> {
  const { vfs } = job;
  const { device, flushes } = once(job, () => {
    const { rootMount, rootDevice, mounts } = vfs.state;
    const vnode = vnodeById(vfs, id);
    const root = rootMount === null ? undefined : mounts.get(rootMount);
    // A server that has the device mounted keeps its blocks; the root's forgets what it cached for this file.
    const isRoots = vnode.blockFs === root?.fs && vnode.specialDevice !== rootDevice;
    return { device: vnode.specialDevice, flushes: isRoots ? vnode.blockFs : null };
  });
  if (flushes !== null) yield* fsCall(job, flushes, "flush", { device });
  yield* closeBlock(job, device);
}

/** Closes a descriptor of a process; the process's locks on the file end. */
export function* closeDescriptor(job: Job, process: FileProcess, fd: number): Work<Result<null>> {
  const closing = once(job, () => {
    const descriptor = process.descriptors.get(fd);
    return descriptor === undefined ? "EBADF" : dropDescriptor(job.vfs, process, fd, descriptor);
  });
  if (closing === "EBADF") return fail("EBADF");
  if (closing !== null) yield* finishClosing(job, closing);
  return ok(null);
}

/** Ends every lock that a process has on a file. */
export function dropLocks(vfs: Vfs, process: FileProcess, vnode: number): void {
  const { locks } = vfs.state;
  const kept = locks.filter((one) => one.slot !== process.slot || one.vnode !== vnode);
  if (kept.length === locks.length) return;
  vfs.state.locks = kept;
  wakeAll(vfs, "flock");
}

/** Whether an open file is not to wait. */
export function isNonBlocking(file: OpenFile): boolean {
  return (file.flags & O_NONBLOCK) !== 0;
}

/** Bits of access for the access mode of open(2), or null for 3. */
export function accessBits(flags: number): number | null {
  return [R_OK, W_OK, R_OK | W_OK, null][flags & 3] ?? null;
}
