import { PATH_RET_SYMLINK } from "@procyon-os/contract-fs";
import { CPF_READ, CPF_WRITE } from "@procyon-os/contract-kernel";
import { ALL_MODES, PATH_MAX, RWX_MODES, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFSOCK, S_ISVTX, W_OK, X_OK } from "@procyon-os/contract-vfs";
import { fail, ok, type Result } from "@procyon-os/message";
import { fsCall } from "./fs-call.ts";
import { processOf } from "./files.ts";
import { lendName, lendUser } from "./loans.ts";
import { advance, eatPath, fetchPath, lastDirectory, type Entry } from "./lookup.ts";
import { mayUse } from "./permission.ts";
import { mark, type Vnode } from "./state.ts";
import { letGo, putVnode, typeOf, vnodeById } from "./vnode.ts";
import { once, type Job, type Work } from "./work.ts";

/** A path in the process's memory. */
export interface PathPlace {
  readonly length: number;
  readonly address: number;
  readonly inline?: string;
}

const fetch = (job: Job, { length, address, inline }: PathPlace): Work<Result<string>> => fetchPath(job, length, address, inline ?? null);

/** The directory in which a name is to be made, removed or moved, with the right to change it. */
function* changeable(job: Job, place: PathPlace): Work<Result<Entry>> {
  const path = yield* fetch(job, place);
  if (!path.ok) return path;
  const last = yield* lastDirectory(job, path.value, true);
  if (!last.ok) return last;
  if (typeOf(last.value.directory) !== S_IFDIR) return fail("ENOTDIR");
  const may = mayUse(job, last.value.directory, W_OK | X_OK);
  return may.ok ? last : may;
}

/** In a sticky directory only the owner of the entry or of the directory may move or remove it. */
function* sticky(job: Job, { directory, name }: Entry): Work<Result<null>> {
  const { uid } = job.rights;
  if (once(job, () => (directory.mode & S_ISVTX) === 0 || uid === 0 || uid === directory.uid)) return ok(null);
  const entry = yield* advance(job, directory, name, PATH_RET_SYMLINK);
  if (!entry.ok) return entry;
  return once(job, () => (entry.value.uid === uid ? ok(null) : fail("EPERM")));
}

function covered(job: Job, vnode: Vnode): boolean {
  for (const mount of job.vfs.state.mounts.values()) if (mount.on === vnode.id || mount.root === vnode.id) return true;
  return false;
}

/** EBUSY where something is mounted on an entry, or it is a mounted root. */
function* notMounted(job: Job, { directory, name }: Entry): Work<Result<null>> {
  if (once(job, () => job.vfs.state.mounts.size <= 2)) return ok(null); // PFS and the root: nothing is mounted on a name
  const entry = yield* advance(job, directory, name, PATH_RET_SYMLINK);
  if (!entry.ok) return ok(null);
  const busy = once(job, () => {
    const mounted = covered(job, entry.value);
    letGo(job, entry.value);
    return mounted;
  });
  return busy ? fail("EBUSY") : ok(null);
}

/** unlink(2) and rmdir(2). */
export function* remove(job: Job, operation: "unlink" | "rmdir", place: PathPlace): Work<Result<object>> {
  const entry = yield* changeable(job, place);
  if (!entry.ok) return entry;
  const { directory, name } = entry.value;
  const may = yield* sticky(job, entry.value);
  if (!may.ok) return may;
  const free = yield* notMounted(job, entry.value);
  if (!free.ok) return free;
  return yield* fsCall(job, directory.fs, operation, { inode: directory.inode, ...(yield* lendName(job, directory.fs, name)) });
}

/** link(2): one name more. */
export function* link(job: Job, from: PathPlace, to: PathPlace): Work<Result<object>> {
  const path = yield* fetch(job, from);
  if (!path.ok) return path;
  const file = yield* eatPath(job, path.value);
  if (!file.ok) return file;
  const target = yield* fetch(job, to);
  if (!target.ok) return target;
  const last = yield* lastDirectory(job, target.value, true);
  if (!last.ok) return last;
  const { directory, name } = last.value;
  if (directory.fs !== file.value.fs) return fail("EXDEV");
  if (typeOf(file.value) === S_IFDIR && job.rights.uid !== 0) return fail("EPERM");
  const may = mayUse(job, directory, W_OK | X_OK);
  if (!may.ok) return may;
  const lent = yield* lendName(job, directory.fs, name);
  return yield* fsCall(job, directory.fs, "link", { inode: file.value.inode, directory: directory.inode, ...lent });
}

/** rename(2). */
export function* rename(job: Job, from: PathPlace, to: PathPlace): Work<Result<object>> {
  const old = yield* changeable(job, from);
  if (!old.ok) return old;
  const mayMove = yield* sticky(job, old.value);
  if (!mayMove.ok) return mayMove;
  const next = yield* changeable(job, to);
  if (!next.ok) return next;
  const mayReplace = yield* sticky(job, next.value);
  if (!mayReplace.ok && mayReplace.error !== "ENOENT") return mayReplace;
  const { fs } = old.value.directory;
  if (fs !== next.value.directory.fs) return fail("EXDEV");
  for (const entry of [old.value, next.value]) {
    const free = yield* notMounted(job, entry);
    if (!free.ok) return free;
  }
  const oldName = yield* lendName(job, fs, old.value.name);
  const newName = yield* lendName(job, fs, next.value.name);
  return yield* fsCall(job, fs, "rename", {
    oldDirectory: old.value.directory.inode, newDirectory: next.value.directory.inode, oldGrant: oldName.grant, newGrant: newName.grant,
    oldLength: oldName.pathLength, newLength: newName.pathLength,
  });
}

/** mkdir(2). */
export function* mkdir(job: Job, place: PathPlace, mode: number): Work<Result<object>> {
  const entry = yield* changeable(job, place);
  if (!entry.ok) return entry.error === "EACCES" ? yield* existsInstead(job, place, entry) : entry;
  const { directory, name } = entry.value;
  const { uid, gid } = job.rights;
  const bits = S_IFDIR | (mode & RWX_MODES & ~processOf(job).umask);
  return yield* fsCall(job, directory.fs, "mkdir", { inode: directory.inode, ...(yield* lendName(job, directory.fs, name)), mode: bits, uid, gid });
}

/** `mkdir -p` asks for directories that are there, in directories that it may not change: EEXIST tells more than EACCES. */
function* existsInstead(job: Job, place: PathPlace, refused: Result<Entry>): Work<Result<object>> {
  const path = yield* fetch(job, place);
  if (!path.ok) return path;
  const found = yield* eatPath(job, path.value, PATH_RET_SYMLINK);
  return found.ok ? fail("EEXIST") : (refused as Result<object>);
}

/** mknod(2): a device file, FIFO, socket name or plain file. */
export function* mknod(job: Job, place: PathPlace, mode: number, device: number): Work<Result<object>> {
  const type = mode & S_IFMT;
  if (job.rights.uid !== 0 && type !== S_IFIFO && type !== S_IFSOCK) return fail("EPERM");
  const entry = yield* changeable(job, place);
  if (!entry.ok) return entry;
  const { directory, name } = entry.value;
  const { uid, gid } = job.rights;
  const bits = type | (mode & ALL_MODES & ~processOf(job).umask);
  const lent = yield* lendName(job, directory.fs, name);
  return yield* fsCall(job, directory.fs, "mknod", { inode: directory.inode, ...lent, mode: bits, device, uid, gid });
}

/** symlink(2): the text goes from the process straight to the file server. */
export function* symlink(job: Job, text: PathPlace, place: PathPlace): Work<Result<object>> {
  if (text.length <= 1) return fail("ENOENT");
  if (text.length >= PATH_MAX) return fail("ENAMETOOLONG");
  const entry = yield* changeable(job, place);
  if (!entry.ok) return entry;
  const { directory, name } = entry.value;
  const { uid, gid } = job.rights;
  const lent = yield* lendName(job, directory.fs, name);
  const target = yield* lendUser(job, directory.fs, processOf(job).endpoint, text.address, text.length - 1, CPF_READ);
  return yield* fsCall(job, directory.fs, "symlink", {
    inode: directory.inode, ...lent, targetGrant: target.grant, targetLength: text.length - 1, uid, gid,
  });
}

/** readlink(2): the number of bytes. */
export function* readlink(job: Job, place: PathPlace, buffer: number, size: number): Work<Result<number>> {
  if (size < 0) return fail("EINVAL");
  const path = yield* fetch(job, place);
  if (!path.ok) return path;
  const found = yield* eatPath(job, path.value, PATH_RET_SYMLINK);
  if (!found.ok) return found;
  const vnode = found.value;
  if (typeOf(vnode) !== S_IFLNK) return fail("EINVAL");
  const loan = yield* lendUser(job, vnode.fs, processOf(job).endpoint, buffer, size, CPF_WRITE);
  const read = yield* fsCall(job, vnode.fs, "readLink", { inode: vnode.inode, grant: loan.grant, size });
  return read.ok ? ok(read.value.bytes) : read;
}


/** chdir(2) and chroot(2): a directory that may be searched becomes the process's. */
export function* setDirectory(job: Job, which: "directory" | "root", vnode: Vnode): Work<Result<object>> {
  if (typeOf(vnode) !== S_IFDIR) return fail("ENOTDIR");
  const may = mayUse(job, vnode, X_OK);
  if (!may.ok) return may;
  const process = processOf(job);
  const before = process[which];
  vnode.references++;
  mark("vnodes", vnode.id);
  process[which] = vnode.id;
  mark("processes", process.slot);
  if (before !== null) putVnode(job.vfs, vnodeById(job.vfs, before));
  return ok({});
}

/** chdir(2) and chroot(2) by path. */
export function* changeDirectory(job: Job, which: "directory" | "root", place: PathPlace): Work<Result<object>> {
  if (which === "root" && job.rights.uid !== 0) return fail("EPERM");
  const path = yield* fetch(job, place);
  if (!path.ok) return path;
  const found = yield* eatPath(job, path.value);
  return found.ok ? yield* setDirectory(job, which, found.value) : found;
}
