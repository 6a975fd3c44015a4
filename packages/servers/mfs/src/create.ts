import { isSpecial, isType, LINK_MAX, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "@procyon-os/mfs-format";
import { fail, ok, type Endpoint, type GrantId, type Program, type Result } from "@procyon-os/message";
import { readGrant } from "@procyon-os/syslib";
import { enter, erase, search } from "./directory.ts";
import type { MfsHandlers } from "./handlers.ts";
import { addReferences, changed, hold, makeNode, writeNode } from "./nodes.ts";
import { CTIME, mounted, MTIME, type Mfs, type Node } from "./state.ts";
import { writeLinkText } from "./symlink.ts";
import { readName } from "./user-copy.ts";

interface NewEntry {
  readonly inode: number; // of the directory
  readonly grant: GrantId;
  readonly pathLength: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}
interface Made {
  readonly directory: Node;
  readonly node: Node;
  readonly name: string;
}
type MakeError = "EEXIST" | "EFAULT" | "EFBIG" | "EINVAL" | "EMLINK" | "ENAMETOOLONG" | "ENFILE" | "ENOENT" | "ENOSPC" | "ENOTDIR" | "EROFS";

/** Makes an inode with a name and one link. The inode is written first: one without a name is better than the opposite. */
function* makeEntry(mfs: Mfs, caller: Endpoint, entry: NewEntry, device: number): Program<Result<Made, MakeError>> {
  const name = yield* readName(caller, entry.grant, entry.pathLength);
  if (!name.ok) return name;
  const held = yield* hold(mfs, entry.inode);
  if (!held.ok) return held;
  const directory = held.value;
  if (directory.inode.links === 0) return fail("ENOENT");
  const there = yield* search(mfs, directory, name.value);
  if (there.ok) return fail("EEXIST");
  if (there.error !== "ENOENT" || name.value === "") return there;
  if (isType(entry.mode, S_IFDIR) && directory.inode.links >= LINK_MAX) return fail("EMLINK");
  if (mounted(mfs).readOnly) return fail("EROFS");

  // An inode without a type would be a free one.
  const mode = (entry.mode & S_IFMT) === 0 ? entry.mode | S_IFREG : entry.mode;
  const made = yield* makeNode(mfs, mode, entry.uid, entry.gid);
  if (!made.ok) return made;
  const node = made.value;
  if (isSpecial(mode)) node.inode.zones[0] = device; // of every other file that is a zone
  node.inode.links = 1;
  yield* writeNode(mfs, node);
  const entered = yield* enter(mfs, directory, name.value, node.number);
  if (entered.ok) return ok({ directory, node, name: name.value });
  unmake(node);
  return entered;
}

/** An inode that gets no name after all: it is freed at the end of the request. */
function unmake(node: Node): void {
  node.inode.links = 0;
  node.dirty = true;
}

/** REQ_CREATE: the new file is open, so VFS has a reference to it. */
export const create: MfsHandlers["create"] = function* (mfs, caller, request) {
  const made = yield* makeEntry(mfs, caller, request, 0);
  if (!made.ok) return made;
  const { node } = made.value;
  addReferences(node, 1);
  const { mode, size, uid, gid } = node.inode;
  return ok({ inode: node.number, fileSizeHigh: 0, fileSize: size, device: 0, mode, uid, gid });
};

/** REQ_MKNOD. */
export const mknod: MfsHandlers["mknod"] = function* (mfs, caller, request) {
  const made = yield* makeEntry(mfs, caller, request, request.device);
  return made.ok ? ok({}) : made;
};

/** REQ_MKDIR: without room for "." and ".." there is no directory. */
export const mkdir: MfsHandlers["mkdir"] = function* (mfs, caller, request) {
  const made = yield* makeEntry(mfs, caller, { ...request, mode: S_IFDIR | (request.mode & 0o7777) }, 0);
  if (!made.ok) return made;
  const { directory, node, name } = made.value;
  for (const [dot, target] of [[".", node], ["..", directory]] as const) {
    const entered = yield* enter(mfs, node, dot, target.number);
    if (entered.ok) continue;
    yield* erase(mfs, directory, name);
    unmake(node);
    return entered;
  }
  node.inode.links++;
  directory.inode.links++;
  changed(directory, MTIME | CTIME);
  return ok({});
};

/** REQ_SLINK: the text must fit into a block and hold no NUL. */
export const symlink: MfsHandlers["symlink"] = function* (mfs, caller, request) {
  if (request.targetLength >= mfs.cache.memory.blockSize) return fail("ENAMETOOLONG");
  if (request.targetLength === 0) return fail("ENOENT");
  const text = yield* readGrant(caller, request.targetGrant, 0, request.targetLength);
  if (!text.ok) return fail("EFAULT");
  if (text.value.includes(0)) return fail("ENAMETOOLONG");
  const made = yield* makeEntry(mfs, caller, { ...request, mode: S_IFLNK | 0o777 }, 0);
  if (!made.ok) return made;
  const { directory, node, name } = made.value;
  const written = yield* writeLinkText(mfs, node, text.value);
  if (!written.ok) {
    yield* erase(mfs, directory, name);
    unmake(node);
    return written;
  }
  changed(node, 0);
  return ok({});
};
