import { R_OK, S_IFDIR, W_OK, X_OK } from "@procyon-os/contract-vfs";
import { fail, ok, type Result } from "@procyon-os/message";
import type { Rights, Vnode } from "./state.ts";
import type { Vfs } from "./vfs.ts";
import { mountOf, typeOf } from "./vnode.ts";
import { once, type Job } from "./work.ts";

const ANY_X = 0o111;
const YES: Result<null> = ok(null);

function onWritable(vfs: Vfs, vnode: Vnode): Result<null> {
  return mountOf(vfs, vnode)?.readOnly === true ? fail("EROFS") : YES;
}

function permissions(rights: Rights, vnode: Vnode): number {
  if (rights.uid === 0) {
    const anything = typeOf(vnode) === S_IFDIR || (vnode.mode & ANY_X) !== 0;
    return anything ? R_OK | W_OK | X_OK : R_OK | W_OK;
  }
  if (rights.uid === vnode.uid) return (vnode.mode >> 6) & 7;
  if (rights.gid === vnode.gid || rights.groups.includes(vnode.gid)) return (vnode.mode >> 3) & 7;
  return vnode.mode & 7;
}

/** Whether someone may use a file so: R_OK, W_OK, X_OK together. EACCES or EROFS where not. */
export function allowed(vfs: Vfs, rights: Rights, vnode: Vnode, wanted: number): Result<null> {
  if ((wanted & ~permissions(rights, vnode)) !== 0) return fail("EACCES");
  return (wanted & W_OK) !== 0 ? onWritable(vfs, vnode) : YES;
}

/** The same for a job, with its own rights. */
export function mayUse(job: Job, vnode: Vnode, wanted: number): Result<null> {
  return once(job, () => allowed(job.vfs, job.rights, vnode, wanted));
}

/** EROFS where the vnode's file system may not be changed. */
export function writable(job: Job, vnode: Vnode): Result<null> {
  return once(job, () => onWritable(job.vfs, vnode));
}

/** EPERM where the job is neither the file's owner's nor root's. */
export function owns(job: Job, vnode: Vnode): Result<null> {
  return once(job, () => (job.rights.uid === 0 || job.rights.uid === vnode.uid ? YES : fail("EPERM")));
}
