import { O_NONBLOCK, OPEN_MAX, R_OK, S_IFBLK, S_IFCHR, S_IFIFO, W_OK } from "@procyon-os/contract-vfs";
import { fail, ok, type Result } from "@procyon-os/message";
import { closeBlock } from "./block-device.ts";
import { closeChar } from "./char-device.ts";
import { fsCall } from "./fs-call.ts";
import { NR_FILPS, type FileProcess, type OpenFile, type Vnode } from "./state.ts";
import type { Vfs } from "./vfs.ts";
import { keep, putVnode, typeOf, vnodeById } from "./vnode.ts";
import { readinessChanged, wakeAll, type Job, type Work } from "./work.ts";

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
  if (job.process === null) throw new Error(`job ${job.about} has no process`);
  return job.process;
}

/** The open file of a descriptor: EBADF where it is none, EIO where its device was taken away. */
export function fileOf(job: Job, fd: number): Result<OpenFile> {
  const descriptor = processOf(job).descriptors.get(fd);
  if (descriptor === undefined) return fail("EBADF");
  const file = fileById(job.vfs, descriptor.filp);
  return file.closed ? fail("EIO") : ok(file);
}

/** The vnode of an open file. */
export function vnodeOfFile(vfs: Vfs, file: OpenFile): Vnode {
  return vnodeById(vfs, file.vnode);
}

/** Makes an open file for a vnode that the job holds; the reference is the file's from now on. */
export function newFile(job: Job, vnode: Vnode, mode: number, flags: number): Result<OpenFile> {
  const { state } = job.vfs;
  if (state.files.size >= NR_FILPS) return fail("ENFILE");
  keep(job, vnode);
  const file: OpenFile = { id: state.nextId++, mode, flags, count: 0, vnode: vnode.id, position: 0, closed: false };
  state.files.set(file.id, file);
  return ok(file);
}

/** A descriptor names an open file from now on. */
export function install(process: FileProcess, fd: number, file: OpenFile): void {
  file.count++;
  process.descriptors.set(fd, { filp: file.id, closeOnExec: false });
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

/** One descriptor less; with the last one the device is closed and the vnode put back. */
export function* releaseFile(job: Job, file: OpenFile): Work<void> {
  const { vfs } = job;
  const vnode = vnodeOfFile(vfs, file);
  file.count--;
  if (file.count > 0) return;
  vfs.state.files.delete(file.id); // before anything that waits: nobody finds it any more
  if (typeOf(vnode) === S_IFIFO) pipeChanged(vfs, vnode);
  if (typeOf(vnode) === S_IFCHR && !file.closed) yield* closeChar(job, vnode.specialDevice);
  if (typeOf(vnode) === S_IFBLK && !file.closed) yield* closeBlockFile(job, vnode);
  putVnode(vfs, vnode);
}

function* closeBlockFile(job: Job, vnode: Vnode): Work<void> {
  const { rootMount, rootDevice, mounts } = job.vfs.state;
  const root = rootMount === null ? undefined : mounts.get(rootMount);
  // A server that has the device mounted keeps its blocks; the root's forgets what it cached for this file.
  if (vnode.blockFs === root?.fs && vnode.specialDevice !== rootDevice) {
    yield* fsCall(job, vnode.blockFs, "flush", { device: vnode.specialDevice });
  }
  yield* closeBlock(job, vnode.specialDevice);
}

/** Closes a descriptor of a process; the process's locks on the file end. */
export function* closeDescriptor(job: Job, process: FileProcess, fd: number): Work<Result<null>> {
  const descriptor = process.descriptors.get(fd);
  if (descriptor === undefined) return fail("EBADF");
  const file = fileById(job.vfs, descriptor.filp);
  process.descriptors.delete(fd);
  dropLocks(job.vfs, process, file.vnode);
  yield* releaseFile(job, file);
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
