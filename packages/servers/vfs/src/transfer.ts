import { CPF_READ, CPF_WRITE } from "@procyon-os/contract-kernel";
import { MAX_FILE_POS, O_APPEND, R_OK, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFREG, SEEK_CUR, SEEK_END, SEEK_SET, W_OK } from "@procyon-os/contract-vfs";
import { fail, ok, type Endpoint, type Result } from "@procyon-os/message";
import { charRequest } from "./char-device.ts";
import { fsCall } from "./fs-call.ts";
import { fileOf, processOf, vnodeOfFile } from "./files.ts";
import { lendUser } from "./loans.ts";
import { pipeTransfer } from "./pipe.ts";
import { mark, type OpenFile, type Vnode } from "./state.ts";
import { typeOf } from "./vnode.ts";
import { giveBack, lock, once, type Job, type Work } from "./work.ts";

const TWO_32 = 2 ** 32;

interface Moved {
  readonly position: number;
  readonly bytes: number;
}

/** One READ or WRITE of a file server, or of a block device through its server, for the job's process. */
function* move(job: Job, vnode: Vnode, operation: "read" | "write", position: number, address: number, bytes: number): Work<Result<Moved>> {
  const block = typeOf(vnode) === S_IFBLK;
  const fs: Endpoint = block ? once(job, () => vnode.blockFs) : vnode.fs;
  const loan = yield* lendUser(job, fs, processOf(job).endpoint, address, bytes, operation === "read" ? CPF_WRITE : CPF_READ);
  const place = { grant: loan.grant, positionHigh: Math.floor(position / TWO_32), position: position % TWO_32, bytes };
  const moved = block
    ? yield* fsCall(job, fs, operation === "read" ? "blockRead" : "blockWrite", { device: vnode.specialDevice, ...place })
    : yield* fsCall(job, fs, operation, { inode: vnode.inode, ...place });
  yield* giveBack(job, loan);
  if (!moved.ok) return moved;
  return ok({ position: moved.value.positionHigh * TWO_32 + moved.value.position, bytes: moved.value.bytes });
}

function setPosition(file: OpenFile, position: number): void {
  file.position = position;
  mark("files", file.id);
}

function* moveFile(job: Job, file: OpenFile, vnode: Vnode, operation: "read" | "write", address: number, count: number): Work<Result<number>> {
  const block = typeOf(vnode) === S_IFBLK;
  if (operation === "write") yield* lock(job, `vnode/${vnode.id}`);
  const position = once(job, () => {
    const append = operation === "write" && !block && (file.flags & O_APPEND) !== 0;
    return append ? vnode.size : file.position;
  });
  if (!block && operation === "write" && position + count > MAX_FILE_POS) {
    if (position >= MAX_FILE_POS) return fail("EFBIG");
    count = MAX_FILE_POS - position;
  }
  if (!block && operation === "read" && position > MAX_FILE_POS) return ok(0); // no file is so long
  const moved = yield* move(job, vnode, operation, position, address, count);
  if (!moved.ok) return moved;
  const end = moved.value.position;
  if (operation === "write" && !block && end > vnode.size) {
    vnode.size = end;
    mark("vnodes", vnode.id);
  }
  setPosition(file, end);
  return ok(moved.value.bytes);
}

/** read(2) and write(2). */
export function* readOrWrite(job: Job, operation: "read" | "write", fd: number, address: number, count: number): Work<Result<number>> {
  const found = fileOf(job, fd);
  if (!found.ok) return found;
  const file = found.value;
  if ((file.mode & (operation === "read" ? R_OK : W_OK)) === 0) return fail("EBADF");
  if (count === 0) return ok(0);
  if (count > 0x7fffffff) return fail("EINVAL");
  const vnode = vnodeOfFile(job.vfs, file); // it stays: the process has the file open until its call is over
  if (typeOf(vnode) === S_IFIFO) return yield* pipeTransfer(job, file, operation, address, count);
  if (typeOf(vnode) === S_IFCHR) {
    const { position, flags } = once(job, () => ({ position: file.position, flags: file.flags }));
    const moved = yield* charRequest(job, vnode.specialDevice, { operation, address, count, position, flags });
    if (moved.ok) setPosition(file, file.position + moved.value);
    return moved;
  }
  yield* lock(job, `file/${file.id}`); // the position is everyone's who shares the file
  return yield* moveFile(job, file, vnode, operation, address, count);
}

/** getdents: whole records of a directory. */
export function* getDents(job: Job, fd: number, address: number, count: number): Work<Result<number>> {
  const found = fileOf(job, fd);
  if (!found.ok) return found;
  const file = found.value;
  const vnode = vnodeOfFile(job.vfs, file);
  if ((file.mode & R_OK) === 0 || typeOf(vnode) !== S_IFDIR) return fail("EBADF");
  yield* lock(job, `file/${file.id}`);
  const loan = yield* lendUser(job, vnode.fs, processOf(job).endpoint, address, count, CPF_WRITE);
  const position = once(job, () => file.position);
  if (position > MAX_FILE_POS) return fail("ENOENT");
  const read = yield* fsCall(job, vnode.fs, "getDents", { inode: vnode.inode, grant: loan.grant, positionHigh: 0, position, size: count });
  yield* giveBack(job, loan);
  if (!read.ok) return read;
  setPosition(file, read.value.position);
  return ok(read.value.bytes);
}

/** The new position that lseek asks for. */
function* seek(job: Job, fd: number, offset: number, whence: number, highest: number): Work<Result<number>> {
  const found = fileOf(job, fd);
  if (!found.ok) return found;
  const file = found.value;
  const vnode = vnodeOfFile(job.vfs, file);
  if (typeOf(vnode) === S_IFIFO) return fail("ESPIPE");
  if (whence !== SEEK_SET && whence !== SEEK_CUR && whence !== SEEK_END) return fail("EINVAL");
  yield* lock(job, `file/${file.id}`);
  const base = once(job, () => (whence === SEEK_SET ? 0 : whence === SEEK_CUR ? file.position : vnode.size));
  const position = base + offset;
  if (position < 0 || position > highest) return fail(highest === MAX_FILE_POS ? "EOVERFLOW" : "EINVAL");
  const jumped = once(job, () => {
    const differs = position !== file.position;
    if (differs) setPosition(file, position);
    return differs;
  });
  if (jumped && typeOf(vnode) === S_IFREG) yield* fsCall(job, vnode.fs, "inhibitRead", { inode: vnode.inode }); // no read-ahead here
  return ok(position);
}

/** lseek(2). */
export function* lseek(job: Job, fd: number, offset: number, whence: number): Work<Result<number>> {
  return yield* seek(job, fd, offset, whence, MAX_FILE_POS);
}

/** llseek: the same with 64 bits. */
export function* llseek(job: Job, fd: number, offset: number, whence: number): Work<Result<number>> {
  return yield* seek(job, fd, offset, whence, Number.MAX_SAFE_INTEGER);
}

/** Sets a file's size, or frees a range of it where `end` is not 0. */
export function* truncateVnode(job: Job, vnode: Vnode, start: number, end = 0): Work<Result<null>> {
  if (typeOf(vnode) !== S_IFREG) return fail("EINVAL");
  yield* lock(job, `vnode/${vnode.id}`);
  const done = yield* fsCall(job, vnode.fs, "truncate", { inode: vnode.inode, startHigh: 0, start, endHigh: 0, end });
  if (!done.ok) return done;
  if (end !== 0) return ok(null);
  once(job, () => {
    vnode.size = start;
    mark("vnodes", vnode.id);
  });
  return ok(null);
}

