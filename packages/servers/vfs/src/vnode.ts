import { S_IFMT } from "@procyon-os/contract-vfs";
import { fail, NONE, ok, type Endpoint, type Result } from "@procyon-os/message";
import { mark, NR_VNODES, type Mount, type Vnode } from "./state.ts";
import { startJob, type Vfs } from "./vfs.ts";
import { isWritten, once, type Job } from "./work.ts";

/** What a file server says of an inode it gives a reference to. */
export interface NodeDetails {
  readonly inode: number;
  readonly mode: number;
  readonly fileSize: number;
  readonly device: number;
  readonly uid: number;
  readonly gid: number;
}

/** Each lookup adds a reference at the file server; so many are given back before the last one. */
const MANY = 256;

const place = (fs: Endpoint, inode: number): string => `${fs}/${inode}`;

/** A vnode by its number; one that is named is there. */
export function vnodeById(vfs: Vfs, id: number): Vnode {
  const vnode = vfs.state.vnodes.get(id);
  if (vnode === undefined) throw new Error(`vnode ${id} is named and does not exist`);
  return vnode;
}

/**
 * A vnode that a step gave. A job that comes again may have let go of it since; then something stands in its place that is
 * good for naming it in steps that are past.
 */
export function seenVnode(job: Job, id: number): Vnode {
  const vnode = job.vfs.state.vnodes.get(id);
  if (vnode !== undefined || !isWritten(job)) return vnode ?? vnodeById(job.vfs, id);
  return {
    id, fs: NONE, inode: 0, mount: null, device: 0, mode: 0, uid: 0, gid: 0, size: 0, specialDevice: 0, references: 0, fsReferences: 0, pipe: null, blockFs: NONE,
  };
}

/** The type bits of a file. */
export function typeOf(vnode: Vnode): number {
  return vnode.mode & S_IFMT;
}

/** The job has a reference to the vnode, which ends with the job. */
export function hold(job: Job, vnode: Vnode): Vnode {
  once(job, () => void take(job, vnode));
  return vnode;
}

function take(job: Job, vnode: Vnode): void {
  vnode.references++;
  mark("vnodes", vnode.id);
  job.record.held.push(vnode.id);
}

/** A reference of the job is kept by a table: it does not end with the job. Part of a step. */
export function keep(job: Job, vnode: number): void {
  const { held } = job.record;
  const at = held.lastIndexOf(vnode);
  if (at < 0) throw new Error(`job ${job.id} keeps vnode ${vnode}, which it does not hold`);
  held.splice(at, 1);
}

/** A file server gave a reference to an inode: its vnode, held by the job. */
export function vnodeOf(job: Job, fs: Endpoint, mount: Mount | null, node: NodeDetails): Result<Vnode> {
  const found = once(job, () => enterNode(job, fs, mount, node));
  return found.ok ? ok(seenVnode(job, found.value)) : found;
}

/** The same, as part of a step: the vnode's number. */
export function enterNode(job: Job, fs: Endpoint, mount: Mount | null, node: NodeDetails): Result<number> {
  const { vfs } = job;
  const { state } = vfs;
  const known = vfs.vnodeAt.get(place(fs, node.inode));
  if (known !== undefined) {
    const vnode = vnodeById(vfs, known);
    vnode.fsReferences++;
    take(job, vnode);
    return ok(vnode.id);
  }
  if (state.vnodes.size >= NR_VNODES) {
    dropInode(vfs, fs, node.inode, 1);
    return fail("ENFILE");
  }
  const vnode: Vnode = {
    id: state.nextId++, fs, inode: node.inode, mount: mount?.id ?? null, device: mount?.device ?? 0, mode: node.mode, uid: node.uid,
    gid: node.gid, size: node.fileSize, specialDevice: node.device, references: 0, fsReferences: 1, pipe: null, blockFs: fs,
  };
  state.vnodes.set(vnode.id, vnode);
  indexVnode(vfs, vnode);
  take(job, vnode);
  return ok(vnode.id);
}

/** Enters a vnode into the index by its file server and inode. */
export function indexVnode(vfs: Vfs, vnode: Vnode): void {
  vfs.vnodeAt.set(place(vnode.fs, vnode.inode), vnode.id);
}

/** Gives references back to a file server, behind everything that was sent to it before. */
function dropInode(vfs: Vfs, fs: Endpoint, inode: number, count: number): void {
  startJob(vfs, null, { kind: "put node", fs, inode, count });
}

/** One reference less; with the last one the file server forgets the inode too. Part of a step. */
export function putVnode(vfs: Vfs, vnode: Vnode): void {
  vnode.references--;
  mark("vnodes", vnode.id);
  if (vnode.references > 0) {
    if (vnode.fsReferences > MANY) {
      dropInode(vfs, vnode.fs, vnode.inode, vnode.fsReferences - 1);
      vnode.fsReferences = 1;
    }
    return;
  }
  if (vnode.references < 0) throw new Error(`vnode ${vnode.id} has fewer than no references`);
  forgetVnode(vfs, vnode);
}

/** Takes a vnode out of the table; its references stay with the file server. */
export function removeVnode(vfs: Vfs, vnode: Vnode): void {
  vfs.state.vnodes.delete(vnode.id);
  mark("vnodes", vnode.id);
  vfs.vnodeAt.delete(place(vnode.fs, vnode.inode));
}

/** Takes a vnode out of the table and gives its references back to the file server. */
export function forgetVnode(vfs: Vfs, vnode: Vnode): void {
  removeVnode(vfs, vnode);
  vfs.state.locks = vfs.state.locks.filter((one) => one.vnode !== vnode.id);
  dropInode(vfs, vnode.fs, vnode.inode, vnode.fsReferences);
  if (vnode.pipe !== null && vnode.pipe.fs !== vnode.fs) dropInode(vfs, vnode.pipe.fs, vnode.pipe.inode, 1);
}

/** Lets go of a vnode that was looked at only to check it: the file server is to find it unused. Part of a step. */
export function letGo(job: Job, vnode: Vnode): void {
  keep(job, vnode.id);
  putVnode(job.vfs, vnode);
}

/** Puts back every reference that a job still has. Part of a step, or the end of the job. */
export function putAll(job: Job): void {
  for (const id of job.record.held.splice(0)) {
    const vnode = job.vfs.state.vnodes.get(id); // a root that was unmounted by force is gone already
    if (vnode !== undefined) putVnode(job.vfs, vnode);
  }
}

/** The mount that a vnode is on, where it has one. */
export function mountOf(vfs: Vfs, vnode: Vnode): Mount | null {
  return vnode.mount === null ? null : (vfs.state.mounts.get(vnode.mount) ?? null);
}
