import {
  decodeFlock, encodeFlock, F_GETLK, F_RDLCK, F_SETLKW, F_UNLCK, F_WRLCK, FLOCK_BYTES, MAX_FILE_POS, R_OK, S_IFBLK, S_IFREG, SEEK_CUR,
  SEEK_END, SEEK_SET, W_OK, type Flock,
} from "@procyon-os/contract-vfs";
import { fail, ok, type Result } from "@procyon-os/message";
import { readProcess, writeProcess } from "@procyon-os/syslib";
import { processOf, vnodeOfFile } from "./files.ts";
import { NR_LOCKS, type FileLock, type OpenFile } from "./state.ts";
import { hold, typeOf } from "./vnode.ts";
import { beginLoop, INTERRUPTED, nextRound, once, recorded, waitInterruptible, wakeAll, type Job, type Work } from "./work.ts";

/** The bytes that a struct flock means, first and last. */
export function lockRange(job: Job, file: OpenFile, asked: Flock): Result<{ first: number; last: number }> {
  const vnode = vnodeOfFile(job.vfs, file);
  const bases: { [whence: number]: number } = { [SEEK_SET]: 0, [SEEK_CUR]: file.position, [SEEK_END]: vnode.size };
  const base = bases[asked.whence];
  if (base === undefined) return fail("EINVAL");
  const first = base + asked.start;
  const last = asked.length === 0 ? MAX_FILE_POS : first + asked.length - 1;
  return first < 0 || last < first || last > MAX_FILE_POS ? fail("EINVAL") : ok({ first, last });
}

const touch = (one: { first: number; last: number }, two: { first: number; last: number }): boolean => one.first <= two.last && two.first <= one.last;

/** The table after a process has put a lock (or none) over a range: its own locks there give way, in parts where needed. */
export function withLock(locks: readonly FileLock[], wanted: FileLock): FileLock[] {
  const after: FileLock[] = [];
  for (const one of locks) {
    if (one.vnode !== wanted.vnode || one.slot !== wanted.slot || !touch(one, wanted)) {
      after.push(one);
      continue;
    }
    if (one.first < wanted.first) after.push({ ...one, last: wanted.first - 1 });
    if (one.last > wanted.last) after.push({ ...one, first: wanted.last + 1 });
  }
  return wanted.type === F_UNLCK ? after : [...after, wanted];
}

/** A lock of another process that stands against one of this type over a range. */
export function conflict(locks: readonly FileLock[], wanted: FileLock): FileLock | undefined {
  return locks.find(
    (one) => one.vnode === wanted.vnode && one.slot !== wanted.slot && touch(one, wanted) && (one.type === F_WRLCK || wanted.type === F_WRLCK),
  );
}

function* answerGetLock(job: Job, address: number, asked: Flock, wanted: FileLock): Work<Result<number>> {
  const { state } = job.vfs;
  const other = conflict(state.locks, wanted);
  const pid = other === undefined ? 0 : (state.processes.get(other.slot)?.pid ?? 0);
  const answer: Flock = other === undefined
    ? { ...asked, type: F_UNLCK }
    : { type: other.type, whence: SEEK_SET, start: other.first, length: other.last === MAX_FILE_POS ? 0 : other.last - other.first + 1, pid };
  const written = yield* writeProcess(processOf(job).endpoint, address, encodeFlock(answer));
  return written.ok ? ok(0) : written;
}

/** F_GETLK, F_SETLK and F_SETLKW (reference/posix-abi.md 4.2). */
export function* lockCommand(job: Job, file: OpenFile, command: number, address: number): Work<Result<number>> {
  const { vfs } = job;
  const process = processOf(job);
  const bytes = yield* recorded(job, () => readProcess(process.endpoint, address, FLOCK_BYTES));
  if (!bytes.ok) return fail("EFAULT");
  const asked = decodeFlock(bytes.value);
  const { type } = asked;
  if (type !== F_RDLCK && type !== F_WRLCK && type !== F_UNLCK) return fail("EINVAL");
  if (command === F_GETLK && type === F_UNLCK) return fail("EINVAL");
  const vnode = hold(job, vnodeOfFile(vfs, file));
  if (typeOf(vnode) !== S_IFREG && typeOf(vnode) !== S_IFBLK) return fail("EINVAL");
  if (command !== F_GETLK && type === F_RDLCK && (file.mode & R_OK) === 0) return fail("EBADF");
  if (command !== F_GETLK && type === F_WRLCK && (file.mode & W_OK) === 0) return fail("EBADF");
  const range = once(job, () => lockRange(job, file, asked));
  if (!range.ok) return range;
  const wanted: FileLock = { vnode: vnode.id, slot: process.slot, type, ...range.value };
  if (command === F_GETLK) return yield* answerGetLock(job, address, asked, wanted);
  for (const loop = beginLoop(job); ; ) {
    nextRound(job, loop, 0);
    if (!once(job, () => type !== F_UNLCK && conflict(vfs.state.locks, wanted) !== undefined)) break;
    if (command !== F_SETLKW) return fail("EAGAIN");
    if ((yield* waitInterruptible(job, "flock")) === INTERRUPTED) return fail("EINTR");
  }
  const after = withLock(vfs.state.locks, wanted);
  if (after.length > NR_LOCKS) return fail("ENOLCK");
  vfs.state.locks = after;
  wakeAll(vfs, "flock"); // a lock may have become smaller or weaker
  return ok(0);
}
