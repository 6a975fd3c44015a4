import {
  DIRENT_BYTES, entryInode, entryIsNamed, entryName, eraseEntry, isType, setEntryInode, S_IFDIR, writeEntry,
} from "@procyon-os/mfs-format";
import { fail, ok, type Program, type Result } from "@procyon-os/message";
import { getFreshBlock, storeView, zeroBlock, type Buffer } from "./cache.ts";
import { DiskError } from "./disk-error.ts";
import { changed } from "./nodes.ts";
import { CTIME, mounted, MTIME, viewOf, type Mfs, type Node } from "./state.ts";
import { ensureZone, mapBlocks } from "./zone-map.ts";

/** A slot of a directory; `view` is good until the next access to the cache. */
export interface Slot {
  readonly buffer: Buffer;
  readonly view: Uint8Array;
  readonly offset: number; // in the block
  readonly position: number; // in the directory
}

/** Whether an inode is a directory. */
export function isDirectory(node: Node): boolean {
  return isType(node.inode.mode, S_IFDIR);
}

/** Whether a name is "." or "..". */
export function isDot(name: string): boolean {
  return name === "." || name === "..";
}

/** The first slot from a position on that a test likes. Directories have no holes. */
export function* findSlot(mfs: Mfs, directory: Node, from: number, wanted: (view: Uint8Array, offset: number) => boolean): Program<Slot | null> {
  const { blockSize } = mfs.cache.memory;
  const { size } = directory.inode;
  for (let block = Math.floor(from / blockSize); block * blockSize < size; block++) {
    const [zone] = yield* mapBlocks(mfs, directory.inode, block, 1);
    if (zone === undefined || zone === 0) throw new DiskError(`directory ${directory.number} has a hole: run fsck`);
    const { buffer, view } = yield* viewOf(mfs, zone);
    const base = block * blockSize;
    const end = Math.min(blockSize, size - base);
    for (let offset = Math.max(0, from - base); offset < end; offset += DIRENT_BYTES) {
      if (wanted(view, offset)) return { buffer, view, offset, position: base + offset };
    }
  }
  return null;
}

/** The slot of a name. */
function* slotOf(mfs: Mfs, directory: Node, name: string): Program<Slot | null> {
  return yield* findSlot(mfs, directory, 0, (view, offset) => entryIsNamed(view, offset, name));
}

/** The inode number that a name stands for. */
export function* search(mfs: Mfs, directory: Node, name: string): Program<Result<number, "ENOENT" | "ENOTDIR">> {
  if (!isDirectory(directory)) return fail("ENOTDIR");
  if (name === "") return fail("ENOENT");
  const slot = yield* slotOf(mfs, directory, name);
  return slot === null ? fail("ENOENT") : ok(entryInode(slot.view, slot.offset));
}

/** Enters a name, which is not there yet, in the first empty slot or at the end. */
export function* enter(mfs: Mfs, directory: Node, name: string, inode: number): Program<Result<null, "EFBIG" | "ENOSPC">> {
  let slot = yield* findSlot(mfs, directory, 0, (view, offset) => entryInode(view, offset) === 0);
  if (slot === null) {
    const grown = yield* grow(mfs, directory);
    if (!grown.ok) return grown;
    slot = grown.value;
  }
  writeEntry(slot.view, slot.offset, inode, name);
  yield* storeView(mfs.cache, slot.buffer, slot.offset, DIRENT_BYTES);
  if (slot.position === directory.inode.size) directory.inode.size += DIRENT_BYTES;
  changed(directory, MTIME | CTIME);
  return ok(null);
}

/** A slot behind the last one. */
function* grow(mfs: Mfs, directory: Node): Program<Result<Slot, "EFBIG" | "ENOSPC">> {
  const { cache } = mfs;
  const position = directory.inode.size;
  if (position + DIRENT_BYTES > mounted(mfs).geometry.maxSize) return fail("EFBIG");
  const ensured = yield* ensureZone(mfs, directory, Math.floor(position / cache.memory.blockSize));
  if (!ensured.ok) return ensured;
  if (ensured.value.fresh) yield* zeroBlock(cache, yield* getFreshBlock(cache, mounted(mfs).device, ensured.value.zone));
  const { buffer, view } = yield* viewOf(mfs, ensured.value.zone);
  return ok({ buffer, view, offset: position % cache.memory.blockSize, position });
}

/** Takes a name out. */
export function* erase(mfs: Mfs, directory: Node, name: string): Program<boolean> {
  const slot = yield* slotOf(mfs, directory, name);
  if (slot === null) return false;
  eraseEntry(slot.view, slot.offset);
  yield* storeView(mfs.cache, slot.buffer, slot.offset, DIRENT_BYTES);
  changed(directory, MTIME | CTIME);
  return true;
}

/** Lets a name that is there stand for another inode. */
export function* retarget(mfs: Mfs, directory: Node, name: string, inode: number): Program<boolean> {
  const slot = yield* slotOf(mfs, directory, name);
  if (slot === null) return false;
  setEntryInode(slot.view, slot.offset, inode);
  yield* storeView(mfs.cache, slot.buffer, slot.offset, 4);
  changed(directory, MTIME | CTIME);
  return true;
}

/** Whether nothing but "." and ".." is in a directory. */
export function* isEmpty(mfs: Mfs, directory: Node): Program<boolean> {
  const other = (view: Uint8Array, offset: number): boolean => entryInode(view, offset) !== 0 && !isDot(entryName(view, offset));
  return (yield* findSlot(mfs, directory, 0, other)) === null;
}
