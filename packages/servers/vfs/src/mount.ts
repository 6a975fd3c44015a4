import { REQ_ISROOT, REQ_RDONLY } from "@procyon-os/contract-fs";
import { LABEL_MAX, majorOf, makeDev, MS_LABEL16, MS_RDONLY, S_IFBLK, S_IFDIR } from "@procyon-os/contract-vfs";
import { fail, ok, type Endpoint, type Result } from "@procyon-os/message";
import { bytesText, printf, readProcess } from "@procyon-os/syslib";
import { labelEndpoint } from "./data-store.ts";
import { fsCall, fsLine, lendName } from "./fs-call.ts";
import { processOf } from "./files.ts";
import { eatPath } from "./lookup.ts";
import { NONE_MAJOR, NR_MNTS, type Mount, type Vnode } from "./state.ts";
import type { Vfs } from "./vfs.ts";
import { forgetVnode, keep, putAll, putVnode, typeOf, vnodeById, vnodeOf, type NodeDetails } from "./vnode.ts";
import { afterOthers, wakeAll, type Job, type Work } from "./work.ts";

/** A device number for a file system that has no device, or null where all 16 are taken. */
export function freePseudoDevice(vfs: Vfs): number | null {
  const taken = new Set([...vfs.state.mounts.values()].map(({ device }) => device));
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
  const entry = job.vfs.state.drivers[majorOf(device)] ?? null;
  if (!pseudo && entry === null) return fail("EINVAL");
  const lent = yield* lendName(job, fs, pseudo ? "" : (entry?.label ?? ""));
  const line = fsLine(job.vfs, fs);
  line.dead = false;
  const flags = (readOnly ? REQ_RDONLY : 0) | (isRoot ? REQ_ISROOT : 0);
  const read = yield* fsCall(job, fs, "readSuper", { device, ...lent, flags });
  if (!read.ok) return read;
  line.limit = Math.max(1, read.value.concurrentRequests);
  return ok({ node: read.value });
}

/** Enters a mount and the vnode of its root, which the mount keeps. */
function enter(job: Job, request: MountRequest, { node }: Super): Result<{ mount: Mount; root: Vnode }> {
  const { state } = job.vfs;
  const { device, fs, label, readOnly } = request;
  const mount: Mount = { id: state.nextId++, fs, device, label, readOnly, root: null, on: null, dead: false };
  const root = vnodeOf(job, fs, mount, { ...node, device: 0 });
  if (!root.ok) return root;
  keep(job, root.value);
  mount.root = root.value.id;
  state.mounts.set(mount.id, mount);
  for (const vnode of state.vnodes.values()) if (typeOf(vnode) === S_IFBLK && vnode.specialDevice === device) vnode.blockFs = fs;
  return ok({ mount, root: root.value });
}

/** Mounts the root file system; every process starts in it, and what waited for it goes on. */
export function* mountRoot(job: Job, request: MountRequest): Work<Result<null>> {
  const { state } = job.vfs;
  const read = yield* readSuper(job, request, true);
  if (!read.ok) return read;
  const entered = enter(job, request, read.value);
  if (!entered.ok) return entered;
  const { mount, root } = entered.value;
  state.rootMount = mount.id;
  for (const process of state.processes.values()) {
    root.references += 2;
    process.root = process.directory = root.id;
  }
  wakeAll(job.vfs, "root");
  return ok(null);
}

/** PFS is a file server without names; it has an entry so that its vnodes have a place. */
export function enterPfs(vfs: Vfs): void {
  const { state } = vfs;
  const device = freePseudoDevice(vfs) as number;
  const id = state.nextId++;
  state.mounts.set(id, { id, fs: state.pfs, device, label: "pfs", readOnly: false, root: null, on: null, dead: false });
}

function* mountPoint(job: Job, path: string): Work<Result<Vnode>> {
  const found = yield* eatPath(job, path);
  if (!found.ok) return found;
  const vnode = found.value;
  keep(job, vnode);
  putAll(job); // of the way there only this one stays
  const inUse = vnode.references !== 1;
  const marked = inUse ? fail("EBUSY") : yield* fsCall(job, vnode.fs, "mountPoint", { inode: vnode.inode });
  if (marked.ok) return ok(vnode);
  putVnode(job.vfs, vnode);
  return marked;
}

/** Mounts a file system on a directory or file. */
function* mountOn(job: Job, request: MountRequest, path: string): Work<Result<object>> {
  const { state } = job.vfs;
  if ([...state.mounts.values()].some(({ device }) => device === request.device)) return fail("EBUSY");
  if (state.mounts.size >= NR_MNTS) return fail("ENOMEM");
  const on = yield* mountPoint(job, path);
  if (!on.ok) return on;
  const read = yield* readSuper(job, request, false);
  if (!read.ok) {
    putVnode(job.vfs, on.value);
    return read;
  }
  if (typeOf(on.value) !== S_IFDIR && (read.value.node.mode & 0o170000) === S_IFDIR) {
    putVnode(job.vfs, on.value);
    yield* fsCall(job, request.fs, "unmount", {});
    return fail("EISDIR");
  }
  const entered = enter(job, request, read.value);
  if (!entered.ok) return entered;
  entered.value.mount.on = on.value.id; // the mount keeps this reference
  return ok({});
}

/** mount(2): the file server runs already and is found by its label (reference/posix-abi.md 4.5). */
export function* mount(job: Job, special: string | null, path: string, flags: number, labelAddress: number): Work<Result<object>> {
  if (job.rights.uid !== 0) return fail("EPERM");
  if ((flags & MS_LABEL16) === 0) return fail("EINVAL"); // only system libraries before 3.2 name an endpoint
  const bytes = yield* readProcess(processOf(job).endpoint, labelAddress, LABEL_MAX);
  if (!bytes.ok) return fail("EFAULT");
  const label = bytesText(bytes.value, 0, LABEL_MAX);
  const fs = yield* labelEndpoint(label);
  if (fs === null || ![...job.vfs.state.processes.values()].some(({ endpoint }) => endpoint === fs)) return fail("EINVAL");
  const device = special === null ? ok(freePseudoDevice(job.vfs) ?? 0) : yield* deviceNamed(job, special, false);
  if (!device.ok) return device;
  if (device.value === 0) return fail("EMFILE");
  return yield* mountOn(job, { device: device.value, fs, label, readOnly: (flags & MS_RDONLY) !== 0 }, path);
}

/** The device that a path names: a block device, or the root of a mounted file system. */
function* deviceNamed(job: Job, path: string, mountPoints: boolean): Work<Result<number>> {
  const found = yield* eatPath(job, path);
  if (!found.ok) return found;
  const vnode = found.value;
  const mounts = [...job.vfs.state.mounts.values()];
  const covering = mounts.find(({ root }) => root === vnode.id);
  const type = typeOf(vnode);
  putAll(job);
  if (type === S_IFBLK) return ok(vnode.specialDevice);
  return mountPoints && covering !== undefined ? ok(covering.device) : fail("ENOTBLK");
}

/** Gives back all but one of the references that the file server counts for the root, then unmounts. */
function* unmountServer(job: Job, mount: Mount, root: Vnode): Work<void> {
  if (root.fsReferences > 1) {
    yield* fsCall(job, mount.fs, "putNode", { inode: root.inode, count: root.fsReferences - 1 });
    root.fsReferences = 1;
  }
  const done = yield* fsCall(job, mount.fs, "unmount", {});
  if (!done.ok) yield* printf(`VFS: file server ${mount.label} (${mount.fs}) does not unmount: ${done.error}\n`);
}

/** Unmounts a file system that nobody uses; with `force`, whoever uses it. */
export function* unmount(job: Job, mount: Mount, force: boolean): Work<Result<string>> {
  const { state } = job.vfs;
  const used = [...state.vnodes.values()].filter(({ mount: id }) => id === mount.id).reduce((sum, { references }) => sum + references, 0);
  if (used > 1 && !force) return fail("EBUSY");
  const root = mount.root === null ? null : vnodeById(job.vfs, mount.root);
  state.mounts.delete(mount.id); // nobody comes in any more
  for (const vnode of [...state.vnodes.values()]) if (vnode.mount === mount.id && vnode !== root) forgetVnode(job.vfs, vnode);
  yield* afterOthers(job); // references that were given back just now go to the server first
  if (root !== null) {
    state.vnodes.delete(root.id);
    state.vnodeOf.delete(`${root.fs}/${root.inode}`);
    if (!mount.dead) yield* unmountServer(job, mount, root);
  }
  if (mount.on !== null) putVnode(job.vfs, vnodeById(job.vfs, mount.on));
  yield* moveBlockFiles(job, mount.device);
  return ok(mount.label);
}

/** Open block devices that the unmounted server cached are the root's now. */
function* moveBlockFiles(job: Job, device: number): Work<void> {
  const { state } = job.vfs;
  const root = state.rootMount === null ? undefined : state.mounts.get(state.rootMount);
  const entry = state.drivers[majorOf(device)] ?? null;
  for (const vnode of [...state.vnodes.values()]) {
    if (root === undefined || entry === null || typeOf(vnode) !== S_IFBLK || vnode.specialDevice !== device) continue;
    vnode.blockFs = root.fs;
    yield* fsCall(job, root.fs, "newDriver", { device, ...(yield* lendName(job, root.fs, entry.label)) });
  }
}

/** umount(2): gives the file server's label. */
export function* umount(job: Job, path: string): Work<Result<{ label: string }>> {
  if (job.rights.uid !== 0) return fail("EPERM");
  const device = yield* deviceNamed(job, path, true);
  if (!device.ok) return device;
  const found = [...job.vfs.state.mounts.values()].find((one) => one.device === device.value);
  if (found === undefined) return fail("EINVAL");
  if (found.id === job.vfs.state.rootMount) return fail("EBUSY");
  const done = yield* unmount(job, found, false);
  return done.ok ? ok({ label: done.value }) : done;
}

/** Writes everything back: sync(2), and fsync(2) for one file server. */
export function* sync(job: Job, only: Endpoint | null = null): Work<void> {
  for (const one of [...job.vfs.state.mounts.values()]) {
    if (!one.dead && (only === null || one.fs === only)) yield* fsCall(job, one.fs, "sync", {});
  }
}
