import { PATH_NOFLAGS, REQ_ISROOT, REQ_RDONLY } from "@procyon-os/contract-fs";
import { LABEL_MAX, majorOf, makeDev, MS_LABEL16, MS_RDONLY, S_IFBLK, S_IFDIR } from "@procyon-os/contract-vfs";
import { fail, ok, type Endpoint, type Program, type Result } from "@procyon-os/message";
import { bytesText, printf, readProcess } from "@procyon-os/syslib";
import { labelEndpoint } from "./data-store.ts";
import { driverOf } from "./driver-line.ts";
import { fsCall, fsLine } from "./fs-call.ts";
import { processOf } from "./files.ts";
import { lendName } from "./loans.ts";
import { eatPath } from "./lookup.ts";
import { mark, NONE_MAJOR, NR_MNTS, type Mount, type VfsState } from "./state.ts";
import type { Vfs } from "./vfs.ts";
import { enterNode, forgetVnode, keep, putAll, putVnode, removeVnode, typeOf, vnodeById, type NodeDetails } from "./vnode.ts";
import { afterOthers, once, recorded, wakeAll, type Job, type Work } from "./work.ts";

/** A device number for a file system that has no device, or null where all 16 are taken. */
export function freePseudoDevice(state: VfsState): number | null {
  const taken = new Set([...state.mounts.values()].map(({ device }) => device));
  for (let minor = 1; minor <= NR_MNTS; minor++) if (!taken.has(makeDev(NONE_MAJOR, minor))) return makeDev(NONE_MAJOR, minor);
  return null;
}

/** What is to be mounted. */
export interface MountRequest {
  readonly device: number;
  readonly fs: Endpoint;
  readonly label: string;
  readonly readOnly: boolean;
}

interface Super {
  readonly node: NodeDetails & { readonly concurrentRequests: number };
}

/** Tells the file server its device; it answers its root inode. */
function* readSuper(job: Job, { device, fs, readOnly }: MountRequest, isRoot: boolean): Work<Result<Super>> {
  const pseudo = majorOf(device) === NONE_MAJOR;
  const entry = driverOf(job, device);
  if (!pseudo && entry === null) return fail("EINVAL");
  const lent = yield* lendName(job, fs, pseudo ? "" : (entry?.label ?? ""));
  const line = fsLine(job.vfs, fs);
  once(job, () => void Object.assign(line, { dead: false }));
  const flags = (readOnly ? REQ_RDONLY : 0) | (isRoot ? REQ_ISROOT : 0);
  const read = yield* fsCall(job, fs, "readSuper", { device, ...lent, flags });
  if (!read.ok) return read;
  line.limit = Math.max(1, read.value.concurrentRequests);
  mark("fsLines", fs);
  return ok({ node: read.value });
}

/** Enters a mount and the vnode of its root, which the mount keeps. */
function enter(job: Job, request: MountRequest, { node }: Super): Result<Mount> {
  const { state } = job.vfs;
  const { device, fs, label, readOnly } = request;
  const mount: Mount = { id: state.nextId++, fs, device, label, readOnly, root: null, on: null, dead: false };
  const root = enterNode(job, fs, mount, { ...node, device: 0 });
  if (!root.ok) return root;
  keep(job, root.value);
  mount.root = root.value;
  state.mounts.set(mount.id, mount);
  mark("mounts", mount.id);
  for (const vnode of state.vnodes.values()) {
    if (typeOf(vnode) !== S_IFBLK || vnode.specialDevice !== device) continue;
    vnode.blockFs = fs;
    mark("vnodes", vnode.id);
  }
  return ok(mount);
}

/** Mounts the root file system; every process starts in it, and what waited for it goes on. */
export function* mountRoot(job: Job, request: MountRequest): Work<Result<null>> {
  const { state } = job.vfs;
  const read = yield* readSuper(job, request, true);
  if (!read.ok) return read;
  const entered = enter(job, request, read.value);
  if (!entered.ok) return entered;
  const root = vnodeById(job.vfs, entered.value.root as number);
  state.rootMount = entered.value.id;
  for (const process of state.processes.values()) {
    root.references += 2;
    process.root = process.directory = root.id;
    mark("processes", process.slot);
  }
  mark("vnodes", root.id);
  wakeAll(job.vfs, "root");
  return ok(null);
}

/** PFS is a file server without names; it has an entry so that its vnodes have a place. */
export function enterPfs(state: VfsState): void {
  const device = freePseudoDevice(state) as number;
  const id = state.nextId++;
  state.mounts.set(id, { id, fs: state.pfs, device, label: "pfs", readOnly: false, root: null, on: null, dead: false });
  mark("mounts", id);
}

/** The vnode to mount on, by its number; the job's reference to it becomes the mount's. */
function* mountPoint(job: Job, path: string): Work<Result<number>> {
  const found = yield* eatPath(job, path);
  if (!found.ok) return found;
  const vnode = found.value;
  const inUse = once(job, () => {
    keep(job, vnode.id);
    putAll(job); // of the way there only this one stays
    return vnode.references !== 1;
  });
  const marked = inUse ? fail("EBUSY") : yield* fsCall(job, vnode.fs, "mountPoint", { inode: vnode.inode });
  if (marked.ok) return ok(vnode.id);
  once(job, () => void putVnode(job.vfs, vnode));
  return marked;
}

function isDirectory(job: Job, id: number): boolean {
  return once(job, () => typeOf(vnodeById(job.vfs, id)) === S_IFDIR);
}

/** Mounts a file system on a directory or file. */
function* mountOn(job: Job, request: MountRequest, path: string): Work<Result<object>> {
  const { vfs } = job;
  const refused = once(job, (): Result<null> => {
    const { mounts } = vfs.state;
    if ([...mounts.values()].some(({ device }) => device === request.device)) return fail("EBUSY");
    return mounts.size >= NR_MNTS ? fail("ENOMEM") : ok(null);
  });
  if (!refused.ok) return refused;
  const on = yield* mountPoint(job, path);
  if (!on.ok) return on;
  const read = yield* readSuper(job, request, false);
  if (!read.ok) {
    putVnode(vfs, vnodeById(vfs, on.value));
    return read;
  }
  if ((read.value.node.mode & 0o170000) === S_IFDIR && !isDirectory(job, on.value)) {
    once(job, () => void putVnode(vfs, vnodeById(vfs, on.value)));
    yield* fsCall(job, request.fs, "unmount", {});
    return fail("EISDIR");
  }
  const entered = enter(job, request, read.value);
  if (!entered.ok) return entered;
  entered.value.on = on.value; // the mount keeps this reference
  return ok({});
}

/** mount(2): the file server runs already and is found by its label (reference/posix-abi.md 4.5). */
export function* mount(job: Job, special: string | null, path: string, flags: number, labelAddress: number): Work<Result<object>> {
  if (job.rights.uid !== 0) return fail("EPERM");
  if ((flags & MS_LABEL16) === 0) return fail("EINVAL"); // only system libraries before 3.2 name an endpoint
  const label = yield* recorded(job, () => readLabel(processOf(job).endpoint, labelAddress));
  if (!label.ok) return fail("EFAULT");
  const fs = yield* recorded(job, () => labelEndpoint(label.value));
  if (fs === null || !once(job, () => [...job.vfs.state.processes.values()].some(({ endpoint }) => endpoint === fs))) return fail("EINVAL");
  const device = special === null ? ok(once(job, () => freePseudoDevice(job.vfs.state) ?? 0)) : yield* deviceNamed(job, special, false);
  if (!device.ok) return device;
  if (device.value === 0) return fail("EMFILE");
  return yield* mountOn(job, { device: device.value, fs, label: label.value, readOnly: (flags & MS_RDONLY) !== 0 }, path);
}

function* readLabel(process: Endpoint, address: number): Program<Result<string>> {
  const bytes = yield* readProcess(process, address, LABEL_MAX);
  return bytes.ok ? ok(bytesText(bytes.value, 0, LABEL_MAX)) : bytes;
}

/** The device that a path names: a block device, or the root of a mounted file system. */
function* deviceNamed(job: Job, path: string, mountPoints: boolean): Work<Result<number>> {
  const found = yield* eatPath(job, path, PATH_NOFLAGS, mountPoints);
  if (!found.ok) return found;
  const vnode = found.value;
  return once(job, (): Result<number> => {
    const covering = [...job.vfs.state.mounts.values()].find(({ root }) => root === vnode.id);
    const { specialDevice } = vnode;
    const isBlock = typeOf(vnode) === S_IFBLK;
    putAll(job);
    if (isBlock) return ok(specialDevice);
    return mountPoints && covering !== undefined ? ok(covering.device) : fail("ENOTBLK");
  });
}

/** What is to be done with a mount that is no more in the table. */
interface Unmounting {
  readonly fs: Endpoint;
  readonly device: number;
  readonly label: string;
  readonly on: number | null;
  /** The root inode and how many references the server counts for it; null where it is not to be asked. */
  readonly root: { readonly inode: number; readonly references: number } | null;
}

/** Gives back all but one of the references that the file server counts for the root, then unmounts. */
function* unmountServer(job: Job, { fs, label }: Unmounting, root: { inode: number; references: number }): Work<void> {
  if (root.references > 1) yield* fsCall(job, fs, "putNode", { inode: root.inode, count: root.references - 1 });
  const done = yield* fsCall(job, fs, "unmount", {});
  if (!done.ok) yield* recorded(job, () => printf(`VFS: file server ${label} (${fs}) does not unmount: ${done.error}\n`));
}

/** Takes a mount out of the table. What is open on one whose server is gone stays, and gives errors. */
function detach(vfs: Vfs, mount: Mount, force: boolean): Result<Unmounting> {
  const { state } = vfs;
  const own = [...state.vnodes.values()].filter(({ mount: id }) => id === mount.id);
  const used = own.reduce((sum, { references }) => sum + references, 0);
  if (used > 1 && !force && !mount.dead) return fail("EBUSY");
  const root = mount.root === null ? null : vnodeById(vfs, mount.root);
  state.mounts.delete(mount.id); // nobody comes in any more
  mark("mounts", mount.id);
  const { fs, device, label, on } = mount;
  if (mount.dead && !force) {
    if (root !== null) putVnode(vfs, root);
    return ok({ fs, device, label, on, root: null });
  }
  for (const vnode of own) if (vnode !== root) forgetVnode(vfs, vnode);
  if (root !== null) removeVnode(vfs, root);
  return ok({ fs, device, label, on, root: root === null || mount.dead ? null : { inode: root.inode, references: root.fsReferences } });
}

/** Unmounts a file system that nobody uses; with `force`, whoever uses it. */
export function* unmount(job: Job, id: number, force: boolean): Work<Result<string>> {
  const { vfs } = job;
  const detached = once(job, (): Result<Unmounting> => {
    const mount = vfs.state.mounts.get(id);
    return mount === undefined ? fail("EINVAL") : detach(vfs, mount, force);
  });
  if (!detached.ok) return detached;
  const { root, on, device, label } = detached.value;
  yield* afterOthers(job); // references that were given back just now go to the server first
  if (root !== null) yield* unmountServer(job, detached.value, root);
  if (on !== null) once(job, () => void putVnode(vfs, vnodeById(vfs, on)));
  yield* moveBlockFiles(job, device);
  return ok(label);
}

/** Open block devices that the unmounted server cached are the root's now. */
function* moveBlockFiles(job: Job, device: number): Work<void> {
  const { vfs } = job;
  const moved = once(job, () => {
    const { rootMount, mounts, drivers, vnodes } = vfs.state;
    const root = rootMount === null ? undefined : mounts.get(rootMount);
    const entry = drivers[majorOf(device)] ?? null;
    const files = [...vnodes.values()].filter((vnode) => typeOf(vnode) === S_IFBLK && vnode.specialDevice === device);
    if (root === undefined || entry === null) return null;
    for (const vnode of files) {
      vnode.blockFs = root.fs;
      mark("vnodes", vnode.id);
    }
    return files.length === 0 ? null : { fs: root.fs, label: entry.label };
  });
  if (moved !== null) yield* fsCall(job, moved.fs, "newDriver", { device, ...(yield* lendName(job, moved.fs, moved.label)) });
}

/** umount(2): gives the file server's label. */
export function* umount(job: Job, path: string): Work<Result<{ label: string }>> {
  if (job.rights.uid !== 0) return fail("EPERM");
  const device = yield* deviceNamed(job, path, true);
  if (!device.ok) return device;
  const { state } = job.vfs;
  const id = once(job, () => [...state.mounts.values()].find((one) => one.device === device.value)?.id ?? 0);
  if (id === 0) return fail("EINVAL");
  if (id === state.rootMount) return fail("EBUSY");
  const done = yield* unmount(job, id, false);
  return done.ok ? ok({ label: done.value }) : done;
}

/** Writes everything back: sync(2), and fsync(2) for one file server. */
export function* sync(job: Job, only: Endpoint | null = null): Work<void> {
  const servers = once(job, () => [...job.vfs.state.mounts.values()].filter((one) => !one.dead && (only === null || one.fs === only)).map(({ fs }) => fs));
  for (const fs of servers) yield* fsCall(job, fs, "sync", {});
}
