import { decodeInode, emptyInode, encodeInode, INODE_BYTES, type Inode } from "@procyon-os/mfs-format";
import { fail, ok, type Program, type Result } from "@procyon-os/message";
import { getTime, printf } from "@procyon-os/syslib";
import { allocateInode, freeInodeNumber } from "./allocation.ts";
import { storeView } from "./cache.ts";
import { DiskError } from "./disk-error.ts";
import { ATIME, CTIME, mounted, MTIME, viewOf, type Mfs, type Node } from "./state.ts";
import { freeBlocks } from "./zone-map.ts";

/** Inodes kept in memory, used or not (reference/posix-abi.md 5.2). */
const NODES_MAX = 512;

function place(mfs: Mfs, number: number): [block: number, offset: number] {
  const { inodeStart, inodesPerBlock } = mounted(mfs).geometry;
  return [inodeStart + Math.floor((number - 1) / inodesPerBlock), ((number - 1) % inodesPerBlock) * INODE_BYTES];
}

function newNode(mfs: Mfs, number: number, inode: Inode): Node {
  const { alteredNodes: altered } = mfs;
  return { number, inode, references: 0, holds: 0, dirty: false, updates: 0, mountPoint: false, lastZone: 0, afterSeek: false, altered };
}

/** Makes room for one more; false where every inode in memory is in use. */
function makeRoom(mfs: Mfs): boolean {
  if (mfs.nodes.size < NODES_MAX) return true;
  for (const node of mfs.nodes.values()) {
    if (node.references > 0 || node.holds > 0) continue;
    mfs.nodes.delete(node.number);
    return true;
  }
  return false;
}

function keep(mfs: Mfs, node: Node): Node {
  node.holds++;
  mfs.held.push(node);
  return node;
}

/** An inode, held until the end of the request. EINVAL for a number that there is not, ENFILE where memory is full. */
export function* hold(mfs: Mfs, number: number): Program<Result<Node, "EINVAL" | "ENFILE">> {
  const here = mfs.nodes.get(number);
  if (here !== undefined) return ok(keep(mfs, here));
  if (number < 1 || number > mounted(mfs).geometry.inodes) return fail("EINVAL");
  if (!makeRoom(mfs)) return fail("ENFILE");
  const [block, offset] = place(mfs, number);
  const { view } = yield* viewOf(mfs, block);
  const node = newNode(mfs, number, decodeInode(view, offset));
  mfs.nodes.set(number, node);
  return ok(keep(mfs, node));
}

/** An inode that VFS has a reference to, or null. */
export function inUse(mfs: Mfs, number: number): Node | null {
  const node = mfs.nodes.get(number);
  return node !== undefined && node.references > 0 ? node : null;
}

/** A new inode, held, with no links yet: without one it is gone at the end of the request. */
export function* makeNode(mfs: Mfs, mode: number, uid: number, gid: number): Program<Result<Node, "ENOSPC" | "ENFILE">> {
  if (!makeRoom(mfs)) return fail("ENFILE");
  const number = yield* allocateInode(mfs);
  if (number === null) return fail("ENOSPC");
  const node = newNode(mfs, number, { ...emptyInode(), mode, uid, gid });
  node.dirty = true;
  node.updates = ATIME | MTIME | CTIME;
  mfs.nodes.set(number, node);
  return ok(keep(mfs, node));
}

/** Says that an inode has changed, and which of its times are now. */
export function changed(node: Node, updates: number): void {
  node.dirty = true;
  node.updates |= updates;
  node.altered.add(node);
}

/** Says where reading a file goes on: not behind what was read last, after a seek. */
export function setAfterSeek(node: Node, afterSeek: boolean): void {
  if (node.afterSeek === afterSeek) return;
  node.afterSeek = afterSeek;
  node.altered.add(node);
}

/** Says that an inode was read. */
export function accessed(node: Node): void {
  if (!node.dirty || (node.updates & ATIME) === 0) changed(node, ATIME);
}

/** Fills in the times that are due. */
export function* updateTimes(mfs: Mfs, node: Node): Program<void> {
  if (node.updates === 0 || mounted(mfs).readOnly) return;
  const { seconds } = yield* getTime();
  if (node.updates & ATIME) node.inode.accessTime = seconds;
  if (node.updates & MTIME) node.inode.modificationTime = seconds;
  if (node.updates & CTIME) node.inode.changeTime = seconds;
  node.updates = 0;
  node.altered.add(node);
}

/** Puts an inode into its block. */
export function* writeNode(mfs: Mfs, node: Node): Program<void> {
  if (mounted(mfs).readOnly) return;
  yield* updateTimes(mfs, node);
  const [block, offset] = place(mfs, node.number);
  const { buffer, view } = yield* viewOf(mfs, block);
  encodeInode(node.inode, view, offset);
  yield* storeView(mfs.cache, buffer, offset, INODE_BYTES);
  node.dirty = false;
  node.altered.add(node);
}

function* release(mfs: Mfs, node: Node): Program<void> {
  if (node.inode.links === 0 && !mounted(mfs).readOnly) {
    yield* freeBlocks(mfs, node, 0, Infinity);
    node.inode = emptyInode();
    node.updates = 0;
    yield* writeNode(mfs, node);
    yield* freeInodeNumber(mfs, node.number);
    mfs.nodes.delete(node.number);
    return;
  }
  node.mountPoint = false;
  if (node.dirty) yield* writeNode(mfs, node);
  mfs.nodes.delete(node.number); // to the end: the last to be dropped
  mfs.nodes.set(node.number, node);
}

/** Another reference of VFS, or fewer. */
export function addReferences(node: Node, count: number): void {
  node.references += count;
  node.altered.add(node);
}

/** Lets go of what the request held: files without a name or a user are removed, changed ones written. */
export function* releaseHeld(mfs: Mfs): Program<void> {
  for (let node = mfs.held.pop(); node !== undefined; node = mfs.held.pop()) {
    node.holds--;
    if (node.holds > 0 || node.references > 0 || mfs.mount === null) continue;
    try {
      yield* release(mfs, node);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      yield* printf(`mfs: inode ${node.number}: ${error.message}\n`);
    }
  }
}

/** Drops references of VFS; false where it has fewer. */
export function* putNode(mfs: Mfs, number: number, count: number): Program<boolean> {
  const node = inUse(mfs, number);
  if (node === null || count > node.references) return false;
  keep(mfs, node);
  addReferences(node, -count);
  return true;
}

/** Puts every changed inode into its block. */
export function* writeNodes(mfs: Mfs): Program<void> {
  for (const node of mfs.nodes.values()) if (node.dirty) yield* writeNode(mfs, node);
}
