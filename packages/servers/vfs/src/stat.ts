import { decodeStat, encodePrevStat, encodeStat, PATH_RET_SYMLINK, STAT_BYTES, STATVFS_BYTES } from "@procyon-os/contract-fs";
import { CPF_WRITE } from "@procyon-os/contract-kernel";
import { fail, ok, type Result } from "@procyon-os/message";
import { writeProcess } from "@procyon-os/syslib";
import { fsCall } from "./fs-call.ts";
import { fileOf, processOf, vnodeOfFile } from "./files.ts";
import { lendBuffer, lendUser, lentBytes } from "./loans.ts";
import { eatPath, fetchPath } from "./lookup.ts";
import type { Vnode } from "./state.ts";
import { hold } from "./vnode.ts";
import type { Job, Work } from "./work.ts";

/** Copies what a vnode is to the process: struct stat, or the old one. */
function* statTo(job: Job, vnode: Vnode, buffer: number, old: boolean): Work<Result<object>> {
  const process = processOf(job);
  if (!old && vnode.pipe === null) {
    const loan = yield* lendUser(job, vnode.fs, process.endpoint, buffer, STAT_BYTES, CPF_WRITE);
    return yield* fsCall(job, vnode.fs, "stat", { inode: vnode.inode, grant: loan.grant });
  }
  const lent = yield* lendBuffer(job, vnode.fs, STAT_BYTES);
  const done = yield* fsCall(job, vnode.fs, "stat", { inode: vnode.inode, grant: lent.grant });
  if (!done.ok) return done;
  let stat = decodeStat(yield* lentBytes(job, lent, STAT_BYTES));
  if (vnode.pipe !== null) stat = { ...stat, size: vnode.pipe.size - vnode.pipe.readPosition }; // bytes not read yet
  const written = yield* writeProcess(process.endpoint, buffer, old ? encodePrevStat(stat) : encodeStat(stat));
  return written.ok ? ok({}) : written;
}

/** stat(2); with `link` of a symbolic link itself. */
export function* stat(job: Job, length: number, path: number, buffer: number, link: boolean, old: boolean): Work<Result<object>> {
  const name = yield* fetchPath(job, length, path);
  if (!name.ok) return name;
  const found = yield* eatPath(job, name.value, link ? PATH_RET_SYMLINK : 0);
  return found.ok ? yield* statTo(job, found.value, buffer, old) : found;
}

/** fstat(2). */
export function* fstat(job: Job, fd: number, buffer: number, old: boolean): Work<Result<object>> {
  const found = fileOf(job, fd);
  if (!found.ok) return found;
  return yield* statTo(job, hold(job, vnodeOfFile(job.vfs, found.value)), buffer, old);
}

function* statvfsTo(job: Job, vnode: Vnode, buffer: number): Work<Result<object>> {
  const loan = yield* lendUser(job, vnode.fs, processOf(job).endpoint, buffer, STATVFS_BYTES, CPF_WRITE);
  return yield* fsCall(job, vnode.fs, "statvfs", { grant: loan.grant });
}

/** statvfs(3). */
export function* statvfs(job: Job, length: number, path: number, buffer: number): Work<Result<object>> {
  const name = yield* fetchPath(job, length, path);
  if (!name.ok) return name;
  const found = yield* eatPath(job, name.value);
  return found.ok ? yield* statvfsTo(job, found.value, buffer) : found;
}

/** fstatvfs(3). */
export function* fstatvfs(job: Job, fd: number, buffer: number): Work<Result<object>> {
  const found = fileOf(job, fd);
  if (!found.ok) return found;
  return yield* statvfsTo(job, hold(job, vnodeOfFile(job.vfs, found.value)), buffer);
}

/** fstatfs: the block size alone. */
export function* fstatfs(job: Job, fd: number, buffer: number): Work<Result<object>> {
  const found = fileOf(job, fd);
  if (!found.ok) return found;
  const vnode = hold(job, vnodeOfFile(job.vfs, found.value));
  if (buffer === 0) return fail("EFAULT");
  const loan = yield* lendUser(job, vnode.fs, processOf(job).endpoint, buffer, 4, CPF_WRITE);
  return yield* fsCall(job, vnode.fs, "fstatfs", { grant: loan.grant });
}
