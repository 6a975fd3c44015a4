import { O_CREAT, O_TRUNC, O_WRONLY, openCreateCall, type vfsContract, type VfsCallName } from "@procyon-os/contract-vfs";
import { decodeRequest, fail, ok, type Endpoint, type Message, type Reply, type Request, type Result } from "@procyon-os/message";
import { access, chmod, chown, truncate, umask, utime } from "./attributes.ts";
import { mountRootWhenReady } from "./driver-events.ts";
import { dup, fcntl, ioctl } from "./fcntl.ts";
import { closeDescriptor, fileOf, processOf, vnodeOfFile } from "./files.ts";
import { fetchPath } from "./lookup.ts";
import { mount, sync, umount } from "./mount.ts";
import { changeDirectory, link, mkdir, mknod, readlink, remove, rename, setDirectory, symlink, type PathPlace } from "./names.ts";
import { open } from "./open.ts";
import { pipe } from "./pipe.ts";
import { mapDriver } from "./processes.ts";
import { select } from "./select.ts";
import { fstat, fstatfs, fstatvfs, stat, statvfs } from "./stat.ts";
import { getSysInfo } from "./tables.ts";
import { getDents, llseek, lseek, readOrWrite } from "./transfer.ts";
import { hold } from "./vnode.ts";
import type { Job, Work } from "./work.ts";

type Calls = typeof vfsContract.calls;

/** What handles one call: a file server's error may be the answer, so any error name is allowed. */
export type VfsHandler<Name extends VfsCallName> = (job: Job, request: Request<Calls[Name]>, message: Message) => Work<Result<Reply<Calls[Name]>>>;
type CallTable = { readonly [Name in VfsCallName]: VfsHandler<Name> };

function* done(work: Work<Result<unknown>>): Work<Result<Record<never, never>>> {
  const result = yield* work;
  return result.ok ? ok({}) : result;
}
function* counted(work: Work<Result<number>>): Work<Result<{ result: number }>> {
  const result = yield* work;
  return result.ok ? ok({ result: result.value }) : result;
}
function* now<T>(result: Result<T>): Work<Result<T>> {
  return result;
}

const place3 = (one: { pathLength: number; path: number; inline: string }): PathPlace => ({ length: one.pathLength, address: one.path, inline: one.inline });
const place1 = (one: { pathLength: number; path: number }): PathPlace => ({ length: one.pathLength, address: one.path });
const place2 = (one: { path2Length: number; path2: number }): PathPlace => ({ length: one.path2Length, address: one.path2 });

function* openCall(job: Job, place: PathPlace, flags: number, mode: number): Work<Result<{ result: number }>> {
  const path = yield* fetchPath(job, place.length, place.address, place.inline ?? null);
  return path.ok ? yield* counted(open(job, path.value, flags, mode)) : path;
}

type StatRequest = { pathLength: number; path: number; buffer: number };
const statCall = (isLink: boolean, old: boolean) => (job: Job, one: StatRequest): Work<Result<Record<never, never>>> =>
  done(stat(job, one.pathLength, one.path, one.buffer, isLink, old));
const fstatCall = (old: boolean) => (job: Job, one: { fd: number; buffer: number }): Work<Result<Record<never, never>>> =>
  done(fstat(job, one.fd, one.buffer, old));

const TWO_32 = 2 ** 32;

function* llseekCall(job: Job, one: Request<Calls["llseek"]>): Work<Result<Reply<Calls["llseek"]>>> {
  const moved = yield* llseek(job, one.fd, one.high * TWO_32 + one.low, one.whence);
  return moved.ok ? ok({ low: moved.value % TWO_32, high: Math.floor(moved.value / TWO_32) }) : moved;
}

function* utimeCall(job: Job, one: Request<Calls["utime"]>): Work<Result<Record<never, never>>> {
  const place = { length: one.nameLength === 0 ? one.realLength : one.nameLength, address: one.path };
  return yield* done(utime(job, place, one.nameLength === 0 ? null : { access: one.accessTime, modify: one.modifyTime }));
}

function* mountCall(job: Job, one: Request<Calls["mount"]>): Work<Result<Record<never, never>>> {
  if (job.rights.uid !== 0) return fail("EPERM");
  const special = one.specialLength === 0 ? ok(null) : yield* fetchPath(job, one.specialLength, one.special);
  if (!special.ok) return special;
  const path = yield* fetchPath(job, one.pathLength, one.path);
  return path.ok ? yield* done(mount(job, special.value, path.value, one.flags, one.label)) : path;
}

function* umountCall(job: Job, one: Request<Calls["umount"]>): Work<Result<{ label: string }>> {
  const path = yield* fetchPath(job, one.pathLength, one.path, one.inline);
  return path.ok ? yield* umount(job, path.value) : path;
}

function* onFile(job: Job, fd: number, use: (fs: Endpoint) => Work<void>): Work<Result<Record<never, never>>> {
  const file = fileOf(job, fd);
  if (!file.ok) return file;
  yield* use(vnodeOfFile(job.vfs, file.value).fs);
  return ok({});
}

function* fchdirCall(job: Job, one: { fd: number }): Work<Result<Record<never, never>>> {
  const file = fileOf(job, one.fd);
  if (!file.ok) return file;
  return yield* done(setDirectory(job, "directory", hold(job, vnodeOfFile(job.vfs, file.value))));
}

function* mapDriverCall(job: Job, one: Request<Calls["mapDriver"]>): Work<Result<Record<never, never>>> {
  const mapped = yield* done(mapDriver(job, processOf(job).endpoint, one));
  mountRootWhenReady(job.vfs);
  return mapped;
}

function* syncCall(job: Job): Work<Result<Record<never, never>>> {
  yield* sync(job);
  return ok({});
}

/** Every call of the contract, once. */
export const callTable: CallTable = {
  read: (job, one) => counted(readOrWrite(job, "read", one.fd, one.buffer, one.count)),
  write: (job, one) => counted(readOrWrite(job, "write", one.fd, one.buffer, one.count)),
  open: (job, one, message) => {
    if ((one.flags & O_CREAT) === 0) return openCall(job, place3(one), one.flags, 0);
    const create = decodeRequest(openCreateCall, message);
    return openCall(job, place1(create), create.flags, create.mode);
  },
  close: (job, one) => done(closeDescriptor(job, processOf(job), one.fd)),
  creat: (job, one) => openCall(job, place3(one), O_WRONLY | O_CREAT | O_TRUNC, one.mode),
  link: (job, one) => done(link(job, place1(one), place2(one))),
  unlink: (job, one) => done(remove(job, "unlink", place3(one))),
  chdir: (job, one) => done(changeDirectory(job, "directory", place3(one))),
  mknod: (job, one) => done(mknod(job, place1(one), one.mode, one.device)),
  chmod: (job, one) => done(chmod(job, place3(one), one.mode)),
  chown: (job, one) => done(chown(job, place1(one), one.owner, one.group)),
  prevStat: statCall(false, true),
  lseek: function* (job, one) {
    const moved = yield* lseek(job, one.fd, one.offset, one.whence);
    return moved.ok ? ok({ position: moved.value }) : moved;
  },
  mount: mountCall,
  umount: umountCall,
  prevFstat: fstatCall(true),
  utime: utimeCall,
  access: (job, one) => done(access(job, place3(one), one.mode)),
  sync: syncCall,
  rename: (job, one) => done(rename(job, place1(one), place2(one))),
  mkdir: (job, one) => done(mkdir(job, place1(one), one.mode)),
  rmdir: (job, one) => done(remove(job, "rmdir", place3(one))),
  dup: (job, one) => counted(dup(job, one.fd, one.fd2)),
  pipe: (job) => pipe(job),
  symlink: (job, one) => done(symlink(job, place1(one), place2(one))),
  readlink: (job, one) => counted(readlink(job, place1(one), one.buffer, one.size)),
  prevLstat: statCall(true, true),
  stat: statCall(false, false),
  fstat: fstatCall(false),
  lstat: statCall(true, false),
  ioctl: (job, one) => counted(ioctl(job, one.fd, one.request, one.argument)),
  fcntl: (job, one) => counted(fcntl(job, one.fd, one.command, one.argument, one.lock)),
  fsReady: () => now(ok({})),
  umask: (job, one) => counted(now(umask(job, one.mask))),
  chroot: (job, one) => done(changeDirectory(job, "root", place3(one))),
  stat2: statCall(false, false),
  fstat2: fstatCall(false),
  lstat2: statCall(true, false),
  svrctl: () => now(fail("EINVAL")),
  getdents: (job, one) => counted(getDents(job, one.fd, one.buffer, one.count)),
  llseek: llseekCall,
  fstatfs: (job, one) => done(fstatfs(job, one.fd, one.buffer)),
  statvfs: (job, one) => done(statvfs(job, one.pathLength, one.path, one.buffer)),
  fstatvfs: (job, one) => done(fstatvfs(job, one.fd, one.buffer)),
  select: (job, one) => counted(select(job, one)),
  fchdir: fchdirCall,
  fsync: (job, one) => onFile(job, one.fd, (fs) => sync(job, fs)),
  truncate: (job, one) => done(truncate(job, { length: one.pathLength, address: one.path }, one.size)),
  ftruncate: (job, one) => done(truncate(job, one.fd, one.size)),
  fchmod: (job, one) => done(chmod(job, one.fd, one.mode)),
  fchown: (job, one) => done(chown(job, one.fd, one.owner, one.group)),
  getSysInfo: (job, one) => done(getSysInfo(job, one)),
  mapDriver: mapDriverCall,
};

/** Calls that name a path: they wait until there is a root file system. */
export const pathCalls: ReadonlySet<VfsCallName> = new Set<VfsCallName>([
  "open", "creat", "link", "unlink", "chdir", "mknod", "chmod", "chown", "prevStat", "mount", "umount", "utime", "access", "rename", "mkdir",
  "rmdir", "symlink", "readlink", "prevLstat", "stat", "lstat", "chroot", "stat2", "lstat2", "statvfs", "truncate",
]);
