import { S_IFMT } from "@procyon-os/contract-vfs";
import { fail, ok, type Endpoint, type Result } from "@procyon-os/message";
import { fsCall } from "./fs-call.ts";
import { NR_VNODES, type Mount, type Vnode } from "./state.ts";
import { startJob, type Vfs } from "./vfs.ts";
import type { Job } from "./work.ts";

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

/** The type bits of a file. */
export function typeOf(vnode: Vnode): number {
  return vnode.mode & S_IFMT;
}

/** The job has a reference to the vnode, which ends with the job. */
export function hold(job: Job, vnode: Vnode): Vnode {
  vnode.references++;
  job.held.push(vnode.id);
  return vnode;
}

/** A reference of the job is kept by a table: it does not end with the job. */
export function keep(job: Job, vnode: Vnode): void {
  const at = job.held.lastIndexOf(vnode.id);
  if (at < 0) throw new Error(`job ${job.about} keeps vnode ${vnode.id}, which it does not hold`);
  job.held.splice(at, 1);
}

/** A file server gave a reference to an inode: its vnode, held by the job. */
export function vnodeOf(job: Job, fs: Endpoint, mount: Mount | null, node: NodeDetails): Result<Vnode> {
  const { state } = job.vfs;
  const known = state.vnodeOf.get(place(fs, node.inode));
  if (known !== undefined) {
    const vnode = vnodeById(job.vfs, known);
    vnode.fsReferences++;
    return ok(hold(job, vnode));
  }
  if (state.vnodes.size >= NR_VNODES) {
    dropInode(job.vfs, fs, node.inode, 1);
    return fail("ENFILE");
  }
  const vnode: Vnode = {
    id: state.nextId++, fs, inode: node.inode, mount: mount?.id ?? null, device: mount?.device ?? 0, mode: node.mode, uid: node.uid,
    gid: node.gid, size: node.fileSize, specialDevice: node.device, references: 0, fsReferences: 1, pipe: null, blockFs: fs,
  };
  state.vnodes.set(vnode.id, vnode);
  state.vnodeOf.set(place(fs, node.inode), vnode.id);
  return ok(hold(job, vnode));
}

/** Gives references back to a file server, behind everything that was sent to it before. */
function dropInode(vfs: Vfs, fs: Endpoint, inode: number, count: number): void {
  startJob(vfs, null, "putnode", function* (job) {
    yield* fsCall(job, fs, "putNode", { inode, count });
  });
}

/** One reference less; with the last one the file server forgets the inode too. */
export function putVnode(vfs: Vfs, vnode: Vnode): void {
  vnode.references--;
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

/** Takes a vnode out of the table and gives its references back to the file server. */
export function forgetVnode(vfs: Vfs, vnode: Vnode): void {
  vfs.state.vnodes.delete(vnode.id);
  vfs.state.vnodeOf.delete(place(vnode.fs, vnode.inode));
  vfs.state.locks = vfs.state.locks.filter((one) => one.vnode !== vnode.id);
  dropInode(vfs, vnode.fs, vnode.inode, vnode.fsReferences);
  if (vnode.pipe !== null && vnode.pipe.fs !== vnode.fs) dropInode(vfs, vnode.pipe.fs, vnode.pipe.inode, 1);
}

/** Puts back every reference that a job still has. */
export function putAll(job: Job): void {
  for (const id of job.held.splice(0)) {
    const vnode = job.vfs.state.vnodes.get(id); // a root that was unmounted by force is gone already
    if (vnode !== undefined) putVnode(job.vfs, vnode);
  }
}

/** The mount that a vnode is on, where it has one. */
export function mountOf(vfs: Vfs, vnode: Vnode): Mount | null {
  return vnode.mount === null ? null : (vfs.state.mounts.get(vnode.mount) ?? null);
}
