import { R_OK, S_ISGID, W_OK, X_OK } from "@procyon-os/contract-vfs";
import { fail, ok, type Result } from "@procyon-os/message";
import { getTime } from "@procyon-os/syslib";
import { fsCall } from "./fs-call.ts";
import { fileOf, processOf, vnodeOfFile } from "./files.ts";
import { eatPath, fetchPath } from "./lookup.ts";
import type { PathPlace } from "./names.ts";
import { allowed, mayUse, owns, writable } from "./permission.ts";
import { mark, type Vnode } from "./state.ts";
import { truncateVnode } from "./transfer.ts";
import { hold } from "./vnode.ts";
import { once, recorded, type Job, type Work } from "./work.ts";

const ID_MAX = 0xffff;

/** The vnode that a path or a descriptor names. */
export function* named(job: Job, what: PathPlace | number): Work<Result<Vnode>> {
  if (typeof what === "number") {
    const file = fileOf(job, what);
    return file.ok ? ok(hold(job, vnodeOfFile(job.vfs, file.value))) : file;
  }
  const path = yield* fetchPath(job, what.length, what.address, what.inline ?? null);
  return path.ok ? yield* eatPath(job, path.value) : path;
}

/** chmod(2) and fchmod(2). */
export function* chmod(job: Job, what: PathPlace | number, mode: number): Work<Result<object>> {
  const found = yield* named(job, what);
  if (!found.ok) return found;
  const vnode = found.value;
  const may = owns(job, vnode);
  if (!may.ok) return may;
  const change = writable(job, vnode);
  if (!change.ok) return change;
  const bits = once(job, () => (job.rights.uid !== 0 && job.rights.gid !== vnode.gid ? mode & ~S_ISGID : mode));
  const done = yield* fsCall(job, vnode.fs, "chmod", { inode: vnode.inode, mode: bits });
  if (!done.ok) return done;
  vnode.mode = done.value.mode;
  mark("vnodes", vnode.id);
  return ok({});
}

/** chown(2) and fchown(2); -1 keeps an id. */
export function* chown(job: Job, what: PathPlace | number, owner: number, group: number): Work<Result<object>> {
  const found = yield* named(job, what);
  if (!found.ok) return found;
  const vnode = found.value;
  const change = writable(job, vnode);
  if (!change.ok) return change;
  const { uid, gid } = job.rights;
  const now = once(job, () => ({ uid: vnode.uid, gid: vnode.gid }));
  if (uid !== 0 && (now.uid !== uid || now.uid !== owner || gid !== group)) return fail("EPERM");
  const newOwner = owner === -1 ? now.uid : owner;
  const newGroup = group === -1 ? now.gid : group;
  if (newOwner >>> 0 > ID_MAX || newGroup >>> 0 > ID_MAX) return fail("EINVAL");
  const done = yield* fsCall(job, vnode.fs, "chown", { inode: vnode.inode, uid: newOwner, gid: newGroup });
  if (!done.ok) return done;
  Object.assign(vnode, { uid: newOwner, gid: newGroup, mode: done.value.mode });
  mark("vnodes", vnode.id);
  return ok({});
}

/** access(2): with the real ids. */
export function* access(job: Job, place: PathPlace, mode: number): Work<Result<object>> {
  if ((mode & ~(R_OK | W_OK | X_OK)) !== 0) return fail("EINVAL");
  const found = yield* named(job, place); // the job's rights are the real ones already
  if (!found.ok) return found;
  const may = allowed(job.vfs, job.rights, found.value, mode);
  return may.ok ? ok({}) : may;
}

/** utime(2): the given times, or now where `times` is null. */
export function* utime(job: Job, place: PathPlace, times: { access: number; modify: number } | null): Work<Result<object>> {
  const found = yield* named(job, place);
  if (!found.ok) return found;
  const vnode = found.value;
  const owner = owns(job, vnode);
  const may = owner.ok || times !== null ? owner : mayUse(job, vnode, W_OK);
  if (!may.ok) return may;
  const change = writable(job, vnode);
  if (!change.ok) return change;
  const now = times ?? (yield* nowTwice(job));
  return yield* fsCall(job, vnode.fs, "utime", { inode: vnode.inode, accessTime: now.access, modificationTime: now.modify });
}

function* nowTwice(job: Job): Work<{ access: number; modify: number }> {
  const seconds = yield* recorded(job, function* () {
    return (yield* getTime()).seconds;
  });
  return { access: seconds, modify: seconds };
}

/** truncate(2) and ftruncate(2). */
export function* truncate(job: Job, what: PathPlace | number, size: number): Work<Result<object>> {
  if (size < 0) return fail("EINVAL");
  if (typeof what === "number") {
    const file = fileOf(job, what);
    if (!file.ok) return file;
    if ((file.value.mode & W_OK) === 0) return fail("EBADF");
  }
  const found = yield* named(job, what);
  if (!found.ok) return found;
  if (typeof what !== "number") {
    const may = mayUse(job, found.value, W_OK);
    if (!may.ok) return may;
  }
  const done = yield* truncateVnode(job, found.value, size);
  return done.ok ? ok({}) : done;
}

/** umask(2): the old mask. */
export function umask(job: Job, mask: number): Result<number> {
  const process = processOf(job);
  const before = process.umask;
  process.umask = mask & 0o777;
  mark("processes", process.slot);
  return ok(before);
}
