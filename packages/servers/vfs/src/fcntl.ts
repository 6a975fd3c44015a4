import {
  decodeFlock, DUP2_MASK, F_DUPFD, F_FREESP, F_GETFD, F_GETFL, F_GETLK, F_SETFD, F_SETFL, F_SETLK, F_SETLKW, FD_CLOEXEC, FLOCK_BYTES,
  MAX_FILE_POS, O_ACCMODE, O_APPEND, O_NONBLOCK, O_REOPEN, OPEN_MAX, S_IFBLK, S_IFCHR, S_IFREG, W_OK,
} from "@procyon-os/contract-vfs";
import { fail, ok, type Result } from "@procyon-os/message";
import { readProcess } from "@procyon-os/syslib";
import { blockIoctl } from "./block-device.ts";
import { charRequest } from "./char-device.ts";
import { closeDescriptor, fileById, fileOf, freeDescriptor, install, processOf, vnodeOfFile } from "./files.ts";
import { lockCommand, lockRange } from "./locks.ts";
import { mark, type Descriptor, type OpenFile } from "./state.ts";
import { truncateVnode } from "./transfer.ts";
import { hold, typeOf } from "./vnode.ts";
import { once, recorded, type Job, type Work } from "./work.ts";

const CHANGEABLE = O_NONBLOCK | O_APPEND | O_REOPEN;

/** F_FREESP: cuts the file at a place, or frees a range that then reads as zeros. */
function* freeSpace(job: Job, file: OpenFile, address: number): Work<Result<number>> {
  const bytes = yield* recorded(job, () => readProcess(processOf(job).endpoint, address, FLOCK_BYTES));
  if (!bytes.ok) return fail("EFAULT");
  if ((file.mode & W_OK) === 0) return fail("EBADF");
  const vnode = hold(job, vnodeOfFile(job.vfs, file));
  const asked = decodeFlock(bytes.value);
  const { range, size } = once(job, () => ({ range: lockRange(job, file, asked), size: vnode.size }));
  if (typeOf(vnode) !== S_IFREG || !range.ok) return fail("EINVAL");
  const { first, last } = range.value;
  if (asked.length > 0 && (first >= size || last + 1 > MAX_FILE_POS)) return fail("EINVAL");
  const done = yield* truncateVnode(job, vnode, first, asked.length === 0 ? 0 : Math.min(last + 1, size));
  return done.ok ? ok(0) : done;
}

/** fcntl(2). */
export function* fcntl(job: Job, fd: number, command: number, argument: number, lock: number): Work<Result<number>> {
  const found = fileOf(job, fd);
  if (!found.ok) return found;
  const file = found.value;
  const process = processOf(job);
  const descriptor = process.descriptors.get(fd) as Descriptor;
  switch (command) {
    case F_DUPFD: {
      if (argument < 0 || argument >= OPEN_MAX) return fail("EINVAL");
      const free = freeDescriptor(process, argument);
      if (free.ok) install(process, free.value, file);
      return free;
    }
    case F_GETFD:
      return ok(descriptor.closeOnExec ? FD_CLOEXEC : 0);
    case F_SETFD:
      descriptor.closeOnExec = (argument & FD_CLOEXEC) !== 0;
      mark("processes", process.slot);
      return ok(0);
    case F_GETFL:
      return ok(file.flags & (O_ACCMODE | O_NONBLOCK | O_APPEND));
    case F_SETFL:
      file.flags = (file.flags & ~CHANGEABLE) | (argument & CHANGEABLE);
      mark("files", file.id);
      return ok(0);
    case F_GETLK: case F_SETLK: case F_SETLKW:
      return yield* lockCommand(job, file, command, lock);
    case F_FREESP:
      return yield* freeSpace(job, file, lock);
    default:
      return fail("EINVAL");
  }
}

/** dup(2), and dup2(2) where bit 0100 is set in the first descriptor. */
export function* dup(job: Job, first: number, second: number): Work<Result<number>> {
  const process = processOf(job);
  const fd = first & ~DUP2_MASK;
  const found = fileOf(job, fd);
  if (!found.ok) return found;
  if (fd === first) {
    const free = freeDescriptor(process);
    if (free.ok) install(process, free.value, found.value);
    return free;
  }
  if (second < 0 || second >= OPEN_MAX) return fail("EBADF");
  if (second === fd) return ok(second);
  yield* closeDescriptor(job, process, second); // not open is no error
  install(process, second, found.value);
  return ok(second);
}

/** ioctl(2). */
export function* ioctl(job: Job, fd: number, request: number, address: number): Work<Result<number>> {
  const found = fileOf(job, fd);
  if (!found.ok) return found;
  const vnode = hold(job, vnodeOfFile(job.vfs, found.value));
  if (typeOf(vnode) === S_IFBLK) return yield* blockIoctl(job, vnode.specialDevice, request, address);
  if (typeOf(vnode) !== S_IFCHR) return fail("ENOTTY");
  const { flags } = once(job, () => ({ flags: fileById(job.vfs, found.value.id).flags }));
  return yield* charRequest(job, vnode.specialDevice, { operation: "ioctl", address, count: request, position: 0, flags });
}
