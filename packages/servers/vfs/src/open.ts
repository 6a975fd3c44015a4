import {
  ALL_MODES, O_ACCMODE, O_CREAT, O_EXCL, O_TRUNC, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFREG, W_OK, X_OK,
} from "@procyon-os/contract-vfs";
import { fail, ok, type Endpoint, type Result } from "@procyon-os/message";
import { openBlock } from "./block-device.ts";
import { openChar } from "./char-device.ts";
import { driverOf } from "./driver-line.ts";
import { fsCall } from "./fs-call.ts";
import { accessBits, freeDescriptor, install, newFile, processOf } from "./files.ts";
import { lendName } from "./loans.ts";
import { advance, eatPath, lastDirectory } from "./lookup.ts";
import { mayUse } from "./permission.ts";
import { openFifo } from "./pipe.ts";
import { mark, NR_FILPS, type OpenFile, type Vnode } from "./state.ts";
import { truncateVnode } from "./transfer.ts";
import { mountOf, typeOf, vnodeOf } from "./vnode.ts";
import { lock, once, unlock, type Job, type Work } from "./work.ts";

interface Opened {
  readonly vnode: Vnode;
  readonly created: boolean;
}

/** The file that O_CREAT names: made, or found. */
function* findOrMake(job: Job, path: string, flags: number, mode: number): Work<Result<Opened>> {
  const exclusive = (flags & O_EXCL) !== 0;
  const last = yield* lastDirectory(job, path, exclusive);
  if (!last.ok) return last;
  const { directory, name } = last.value;
  if (typeOf(directory) !== S_IFDIR) return fail("ENOTDIR");
  yield* lock(job, `vnode/${directory.id}`); // nobody makes the name between our look and our making it
  const found = yield* advance(job, directory, name, exclusive ? 0o10 : 0);
  if (found.ok) {
    unlock(job, `vnode/${directory.id}`);
    return exclusive ? fail("EEXIST") : ok({ vnode: found.value, created: false });
  }
  if (found.error !== "ENOENT") return found;
  const may = mayUse(job, directory, W_OK | X_OK);
  if (!may.ok) return may;
  const { uid, gid } = job.rights;
  const lent = yield* lendName(job, directory.fs, name);
  const made = yield* fsCall(job, directory.fs, "create", { inode: directory.inode, ...lent, mode, uid, gid });
  unlock(job, `vnode/${directory.id}`);
  if (!made.ok) return made;
  const vnode = vnodeOf(job, directory.fs, mountOf(job.vfs, directory), made.value);
  return vnode.ok ? ok({ vnode: vnode.value, created: true }) : vnode;
}

/** Opens a block device and settles which file server caches its data. */
function* openBlockFile(job: Job, vnode: Vnode, bits: number): Work<Result<null>> {
  const device = vnode.specialDevice;
  const opened = yield* openBlock(job, device, bits);
  if (!opened.ok) return opened;
  const cached = once(job, () => chooseCache(job, vnode));
  if (cached === null) return fail("ENXIO");
  if (!cached.isRoot) return ok(null);
  const entry = driverOf(job, device);
  if (entry === null) return fail("ENXIO");
  const told = yield* fsCall(job, cached.fs, "newDriver", { device, ...(yield* lendName(job, cached.fs, entry.label)) });
  return told.ok ? ok(null) : fail("ENXIO");
}

/** The server that has the device mounted caches its data, else the root's. */
function chooseCache(job: Job, vnode: Vnode): { fs: Endpoint; isRoot: boolean } | null {
  const { state } = job.vfs;
  const root = state.rootMount === null ? undefined : state.mounts.get(state.rootMount);
  const mounted = [...state.mounts.values()].find((one) => one.device === vnode.specialDevice && !one.dead);
  const fs = (mounted ?? root)?.fs;
  if (fs === undefined) return null;
  vnode.blockFs = fs;
  mark("vnodes", vnode.id);
  return { fs, isRoot: fs === root?.fs };
}

/** What an open of an existing file does, by its type; gives its open file. */
function* openExisting(job: Job, vnode: Vnode, bits: number, flags: number): Work<Result<OpenFile>> {
  const may = mayUse(job, vnode, bits);
  if (!may.ok) return may;
  switch (typeOf(vnode)) {
    case S_IFREG:
      if ((flags & O_TRUNC) !== 0) {
        const write = mayUse(job, vnode, W_OK);
        if (!write.ok) return write;
        const cut = yield* truncateVnode(job, vnode, 0);
        if (!cut.ok) return cut;
        unlock(job, `vnode/${vnode.id}`);
      }
      break;
    case S_IFDIR:
      if ((bits & W_OK) !== 0) return fail("EISDIR");
      break;
    case S_IFCHR: {
      const opened = yield* openChar(job, vnode.specialDevice, bits, flags);
      if (!opened.ok) return opened;
      if (opened.value > 0) return fail("ENXIO"); // a clone device: no driver of this version makes them
      break;
    }
    case S_IFBLK: {
      const opened = yield* openBlockFile(job, vnode, bits);
      if (!opened.ok) return opened;
      break;
    }
    case S_IFIFO:
      return yield* openFifo(job, vnode, bits, flags);
    default:
      break;
  }
  return newFile(job, vnode, bits, flags);
}

/** open(2) and creat(2): the new descriptor. */
export function* open(job: Job, path: string, flags: number, mode: number): Work<Result<number>> {
  const process = processOf(job);
  const bits = accessBits(flags & O_ACCMODE);
  if (bits === null) return fail("EINVAL");
  const free = freeDescriptor(process);
  if (!free.ok) return free;
  if (once(job, () => job.vfs.state.files.size >= NR_FILPS)) return fail("ENFILE");
  let opened: Result<Opened>;
  if ((flags & O_CREAT) !== 0) {
    opened = yield* findOrMake(job, path, flags, S_IFREG | (mode & ALL_MODES & ~process.umask));
  } else {
    const found = yield* eatPath(job, path);
    opened = found.ok ? ok({ vnode: found.value, created: false }) : found;
  }
  if (!opened.ok) return opened;
  const { vnode, created } = opened.value;
  const file = created ? newFile(job, vnode, bits, flags) : yield* openExisting(job, vnode, bits, flags);
  if (!file.ok) return file;
  const fd = freeDescriptor(process); // the call has one process: still the same one
  if (!fd.ok) return fd;
  install(process, fd.value, file.value);
  return fd;
}
