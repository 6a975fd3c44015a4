import { isSpecial } from "@procyon-os/mfs-format";
import { fail, ok, type Endpoint, type GrantId, type Program, type Result } from "@procyon-os/message";
import { allocate, store } from "@procyon-os/syslib";
import { findBlock, forgetBlock, getBlock, getFreshBlock, hasBlock, RUN_BLOCKS, touchBlock, zeroBlock, type Buffer } from "./cache.ts";
import type { MfsHandlers } from "./handlers.ts";
import { accessed, changed, inUse, setAfterSeek } from "./nodes.ts";
import { CTIME, mounted, MTIME, type Mfs, type Mount, type Node } from "./state.ts";
import { readRun } from "./read-run.ts";
import { copySegments, type Segment } from "./user-copy.ts";
import { ensureZone, freeBlocks, mapBlocks } from "./zone-map.ts";

/** Blocks read at once where a file is read from its start to its end (reference/posix-abi.md 5.3: at least 32). */
const AHEAD_BLOCKS = RUN_BLOCKS;

interface Transfer {
  readonly granter: Endpoint;
  readonly grant: GrantId;
}

/** Brings a block of a file into memory, with those behind it that lie behind it on disk too. */
function* readAhead(mfs: Mfs, node: Node, index: number, wanted: number): Program<void> {
  const { cache } = mfs;
  const { device } = mounted(mfs);
  const left = Math.ceil(node.inode.size / cache.memory.blockSize) - index;
  const count = Math.min(left, RUN_BLOCKS, node.afterSeek ? wanted : Math.max(wanted, AHEAD_BLOCKS));
  const zones = yield* mapBlocks(mfs, node.inode, index, count);
  const first = zones[0] as number;
  let run = 1;
  while (run < zones.length && zones[run] === first + run) run++;
  yield* readRun(cache, device, first, run);
}

function* zerosOf(mount: Mount): Program<number> {
  const { zeros, geometry: { blockSize } } = mount;
  if (zeros !== null) return zeros;
  mount.zeros = yield* allocate(blockSize);
  yield* store(mount.zeros, new Uint8Array(blockSize));
  return mount.zeros;
}

/** Copies blocks of a file to a grant, a window of blocks at a time. The range lies within the file. */
export function* readFile(mfs: Mfs, node: Node, position: number, bytes: number, to: Transfer): Program<Result<number>> {
  const { cache } = mfs;
  const mount = mounted(mfs);
  const { device } = mount;
  const { blockSize } = cache.memory;
  let done = 0;
  while (done < bytes) {
    const first = Math.floor((position + done) / blockSize);
    const last = Math.min(first + RUN_BLOCKS, Math.ceil((position + bytes) / blockSize));
    const zones = yield* mapBlocks(mfs, node.inode, first, last - first);
    const segments: Segment[] = [];
    const pinned: Buffer[] = [];
    let offset = done;
    try {
      for (const [i, zone] of zones.entries()) {
        const inBlock = (position + offset) % blockSize;
        const length = Math.min(blockSize - inBlock, bytes - offset);
        if (zone !== 0 && !hasBlock(cache, device, zone)) yield* readAhead(mfs, node, first + i, last - first - i);
        const buffer = zone === 0 ? null : yield* getBlock(cache, device, zone);
        if (buffer !== null) pinned.push(pin(buffer));
        const address = buffer === null ? yield* zerosOf(mount) : buffer.address;
        segments.push({ address: address + inBlock, bytes: length, offset });
        offset += length;
      }
      const copied = yield* copySegments(to.granter, to.grant, segments, true);
      if (!copied.ok) return copied;
    } finally {
      pinned.forEach(unpin);
    }
    done = offset;
  }
  return ok(done);
}

function pin(buffer: Buffer): Buffer {
  buffer.pins++;
  return buffer;
}
function unpin(buffer: Buffer): void {
  buffer.pins--;
}

/** A block that is about to be written, and what it is if that fails. */
interface Target {
  readonly buffer: Buffer;
  readonly segment: Segment;
  readonly index: number; // of the block in the file
  readonly fresh: boolean; // allocated for this write
  readonly unread: boolean; // its old contents were not read
}

/** Makes the blocks of a window ready to be written; fewer than wanted where there is no room, none with the error. */
function* prepareWindow(
  mfs: Mfs, node: Node, position: number, offset: number, bytes: number, targets: Target[],
): Program<"EFBIG" | "ENOSPC" | null> {
  const { cache } = mfs;
  const { device } = mounted(mfs);
  const { blockSize } = cache.memory;
  for (let at = offset; at < bytes && targets.length < RUN_BLOCKS; ) {
    const index = Math.floor((position + at) / blockSize);
    const inBlock = (position + at) % blockSize;
    const length = Math.min(blockSize - inBlock, bytes - at);
    const ensured = yield* ensureZone(mfs, node, index);
    if (!ensured.ok) return ensured.error;
    const { zone, fresh } = ensured.value;
    const whole = length === blockSize;
    const unread = (fresh || whole) && findBlock(cache, device, zone) === null;
    const buffer = unread ? yield* getFreshBlock(cache, device, zone) : yield* getBlock(cache, device, zone);
    if (fresh && !whole) yield* zeroBlock(cache, buffer);
    pin(buffer);
    targets.push({ buffer, segment: { address: buffer.address + inBlock, bytes: length, offset: at }, index, fresh, unread });
    at += length;
  }
  return null;
}

/** After a copy that failed: blocks without contents go as they came. */
function* undoTargets(mfs: Mfs, node: Node, targets: readonly Target[]): Program<void> {
  for (const { buffer, index, fresh, unread } of targets) {
    if (fresh) yield* freeBlocks(mfs, node, index, index + 1);
    else if (unread) forgetBlock(mfs.cache, buffer.device, buffer.block);
    else touchBlock(mfs.cache, buffer); // part of it may have been overwritten
  }
}

/** Copies the targets' data in; where the whole does not work, one by one, to come as far as possible. */
function* fillTargets(from: Transfer, targets: readonly Target[]): Program<number> {
  const all = yield* copySegments(from.granter, from.grant, targets.map(({ segment }) => segment), false);
  if (all.ok) return targets.length;
  for (const [done, { segment }] of targets.entries()) {
    if (!(yield* copySegments(from.granter, from.grant, [segment], false)).ok) return done;
  }
  return targets.length;
}

/** One window of a write: how many bytes it came further, and what stopped it. */
function* writeWindow(
  mfs: Mfs, node: Node, position: number, done: number, bytes: number, from: Transfer,
): Program<{ done: number; problem: "EFAULT" | "EFBIG" | "ENOSPC" | null }> {
  const targets: Target[] = [];
  let problem: "EFAULT" | "EFBIG" | "ENOSPC" | null = null;
  let filled = 0;
  try {
    problem = yield* prepareWindow(mfs, node, position, done, bytes, targets);
    filled = yield* fillTargets(from, targets);
  } finally {
    for (const { buffer } of targets) unpin(buffer);
    for (const { buffer } of targets.slice(0, filled)) touchBlock(mfs.cache, buffer);
    yield* undoTargets(mfs, node, targets.slice(filled));
  }
  const last = targets[filled - 1];
  if (filled < targets.length) problem = "EFAULT";
  return { done: last === undefined ? done : last.segment.offset + last.segment.bytes, problem };
}

/** Copies from a grant into a file, which grows; an error comes back only where nothing was written. */
function* writeFile(mfs: Mfs, node: Node, position: number, bytes: number, from: Transfer): Program<Result<number, "EFAULT" | "EFBIG" | "ENOSPC">> {
  let done = 0;
  while (done < bytes) {
    const window = yield* writeWindow(mfs, node, position, done, bytes, from);
    done = window.done;
    if (done > 0 && position + done > node.inode.size) {
      node.inode.size = position + done;
      changed(node, 0);
    }
    if (window.problem !== null) return done > 0 ? ok(done) : fail(window.problem);
  }
  return ok(done);
}

/** REQ_READ. */
export const read: MfsHandlers["read"] = function* (mfs, caller, { inode, grant, position, positionHigh, bytes }) {
  const node = inUse(mfs, inode);
  if (node === null || isSpecial(node.inode.mode)) return fail("EINVAL");
  const count = positionHigh !== 0 ? 0 : Math.max(0, Math.min(bytes, node.inode.size - position));
  const moved = yield* readFile(mfs, node, position, count, { granter: caller, grant });
  setAfterSeek(node, false);
  if (!moved.ok) return fail("EFAULT");
  if (!mounted(mfs).readOnly) accessed(node);
  return ok({ position: position + moved.value, positionHigh: 0, bytes: moved.value });
};

/** REQ_WRITE. */
export const write: MfsHandlers["write"] = function* (mfs, caller, { inode, grant, position, positionHigh, bytes }) {
  const node = inUse(mfs, inode);
  if (node === null || isSpecial(node.inode.mode)) return fail("EINVAL");
  if (mounted(mfs).readOnly) return fail("EROFS");
  if (positionHigh !== 0 || position + bytes > mounted(mfs).geometry.maxSize) return fail("EFBIG");
  const moved = yield* writeFile(mfs, node, position, bytes, { granter: caller, grant });
  setAfterSeek(node, false);
  changed(node, moved.ok ? MTIME | CTIME : 0); // also what failed may have allocated
  if (!moved.ok) return moved;
  return ok({ position: position + moved.value, positionHigh: 0, bytes: moved.value });
};
