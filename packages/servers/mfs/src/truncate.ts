import { isSpecial } from "@procyon-os/mfs-format";
import { fail, ok, type Program } from "@procyon-os/message";
import { storeView } from "./cache.ts";
import type { MfsHandlers } from "./handlers.ts";
import { changed, inUse } from "./nodes.ts";
import { CTIME, mounted, MTIME, viewOf, type Mfs, type Node } from "./state.ts";
import { freeBlocks, mapBlocks } from "./zone-map.ts";

/** Fills bytes of one block of a file with zeros; a hole is zeros already. */
function* zeroRange(mfs: Mfs, node: Node, from: number, to: number): Program<void> {
  const { blockSize } = mfs.cache.memory;
  const [zone] = yield* mapBlocks(mfs, node.inode, Math.floor(from / blockSize), 1);
  if (zone === undefined || zone === 0 || from >= to) return;
  const { buffer, view } = yield* viewOf(mfs, zone);
  const offset = from % blockSize;
  view.fill(0, offset, offset + to - from);
  yield* storeView(mfs.cache, buffer, offset, to - from);
}

/** Frees a range of bytes within a file: whole blocks are given back, parts of blocks become zeros. */
function* freeRange(mfs: Mfs, node: Node, start: number, end: number): Program<void> {
  const { blockSize } = mfs.cache.memory;
  const { size } = node.inode;
  const first = Math.ceil(start / blockSize);
  const last = end === size ? Math.ceil(end / blockSize) : Math.floor(end / blockSize);
  if (last < first) return yield* zeroRange(mfs, node, start, end); // inside one block
  yield* zeroRange(mfs, node, start, first * blockSize);
  yield* zeroRange(mfs, node, last * blockSize, end);
  yield* freeBlocks(mfs, node, first, last);
}

/** REQ_FTRUNC: a new size (end 0), or a hole in the file. */
export const truncate: MfsHandlers["truncate"] = function* (mfs, _caller, { inode, start, startHigh, end, endHigh }) {
  const node = inUse(mfs, inode);
  if (node === null) return fail("EINVAL");
  if (mounted(mfs).readOnly) return fail("EROFS");
  if (isSpecial(node.inode.mode)) return fail("EINVAL");
  if (startHigh !== 0 || endHigh !== 0 || (end === 0 && start > mounted(mfs).geometry.maxSize)) return fail("EFBIG");
  const { size } = node.inode;
  if (end === 0) {
    if (start === size) return ok({});
    if (start < size) yield* freeRange(mfs, node, start, size);
    node.inode.size = start;
  } else {
    const stop = Math.min(end, size);
    if (stop <= start) return fail("EINVAL");
    yield* freeRange(mfs, node, start, stop);
  }
  changed(node, MTIME | CTIME);
  return ok({});
};
