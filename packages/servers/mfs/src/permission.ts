import { isType, S_IFDIR, type Inode } from "@procyon-os/mfs-format";
import type { Credentials } from "@procyon-os/contract-fs";

const SUPER_USER = 0;
const X_BIT = 1;

/** Whether a user may search a directory; the super-user may search every one. */
export function maySearch(inode: Inode, { uid, gid, groups }: Credentials): boolean {
  const { mode } = inode;
  if (uid === SUPER_USER) return isType(mode, S_IFDIR) || (mode & 0o111) !== 0;
  const shift = uid === inode.uid ? 6 : gid === inode.gid || groups.includes(inode.gid) ? 3 : 0;
  return ((mode >> shift) & X_BIT) !== 0;
}
