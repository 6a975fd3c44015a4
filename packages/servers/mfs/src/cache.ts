import type { Program } from "@procyon-os/message";
import { free, load, printf, store, tryAllocate } from "@procyon-os/syslib";
import { DiskError } from "./disk-error.ts";
import { readVector, writeVector, type Piece } from "./disk.ts";

const PAGE = 4096;
/** Buffers are made in chunks of this size, so that neighbors on disk tend to be neighbors in memory. */
const CHUNK_BYTES = 64 * 1024;
/** No transfer has more blocks. A transfer has at most as many pieces (NR_IOREQS), fewer where buffers are neighbors. */
export const RUN_BLOCKS = 64;
/** A pool holds at least twice what one request can keep in use (a window of blocks, and a transfer beside it). */
export const MINIMUM_BUFFERS: number = 4 * RUN_BLOCKS;

/** One block in memory. The contents lie in the server's own memory, where drivers and the kernel copy them from and to. */
export interface Buffer {
  readonly address: number;
  device: number;
  block: number;
  dirty: boolean;
  pins: number; // uses that go on across traps
  /** The contents once more, for structures that are looked into; null where nobody has looked. Changed with `store` only. */
  view: Uint8Array | null;
  older: Buffer | null;
  newer: Buffer | null;
}

/** Blocks of any number of devices, in one block size; the least recently used goes first. */
export interface Cache {
  blockSize: number;
  limit: number; // buffers that may be made
  made: number;
  readonly chunks: number[];
  readonly blocks: Map<number, Buffer>;
  readonly dirty: Set<Buffer>;
  readonly idle: Buffer[]; // hold nothing; the last is taken first
  oldest: Buffer | null;
  newest: Buffer | null;
}

/** A cache without buffers. */
export function newCache(blockSize: number): Cache {
  return { blockSize, limit: MINIMUM_BUFFERS, made: 0, chunks: [], blocks: new Map(), dirty: new Set(), idle: [], oldest: null, newest: null };
}

const keyOf = (device: number, block: number): number => device * 2 ** 32 + block;

function unchain(cache: Cache, buffer: Buffer): void {
  if (buffer.older === null) cache.oldest = buffer.newer;
  else buffer.older.newer = buffer.newer;
  if (buffer.newer === null) cache.newest = buffer.older;
  else buffer.newer.older = buffer.older;
  buffer.older = buffer.newer = null;
}

function chain(cache: Cache, buffer: Buffer): void {
  buffer.older = cache.newest;
  if (cache.newest === null) cache.oldest = buffer;
  else cache.newest.newer = buffer;
  cache.newest = buffer;
}

/** The buffer of a block, now the most recently used; null where it is not in memory. */
export function findBlock(cache: Cache, device: number, block: number): Buffer | null {
  const buffer = cache.blocks.get(keyOf(device, block));
  if (buffer === undefined) return null;
  if (buffer !== cache.newest) {
    unchain(cache, buffer);
    chain(cache, buffer);
  }
  return buffer;
}

/** Whether a block is in memory; leaves its age alone. */
export function hasBlock(cache: Cache, device: number, block: number): boolean {
  return cache.blocks.has(keyOf(device, block));
}

function enter(cache: Cache, buffer: Buffer, device: number, block: number): void {
  buffer.device = device;
  buffer.block = block;
  buffer.view = null;
  cache.blocks.set(keyOf(device, block), buffer);
  chain(cache, buffer);
}

function leave(cache: Cache, buffer: Buffer): void {
  cache.blocks.delete(keyOf(buffer.device, buffer.block));
  cache.dirty.delete(buffer);
  buffer.dirty = false;
  buffer.view = null;
  unchain(cache, buffer);
}

/** Forgets a block and what was to be written of it. */
export function forgetBlock(cache: Cache, device: number, block: number): void {
  const buffer = cache.blocks.get(keyOf(device, block));
  if (buffer === undefined) return;
  if (buffer.pins > 0) throw new Error(`block ${block} is forgotten while it is in use`);
  leave(cache, buffer);
  cache.idle.push(buffer);
}

/** Forgets every block of a device; what was not written is lost. */
export function invalidate(cache: Cache, device: number): void {
  for (const buffer of cache.blocks.values()) if (buffer.device === device) forgetBlock(cache, device, buffer.block);
}

/** Gives the memory back and starts anew with another block size. Nothing may be dirty. */
export function resizeCache(cache: Cache, blockSize: number): void {
  if (cache.dirty.size > 0) throw new Error(`${cache.dirty.size} changed blocks at a new block size`);
  for (const chunk of cache.chunks) free(chunk);
  Object.assign(cache, newCache(blockSize));
}

function* makeChunk(cache: Cache): Program<boolean> {
  const { blockSize } = cache;
  const count = Math.min(Math.max(1, Math.floor(CHUNK_BYTES / blockSize)), cache.limit - cache.made);
  const start = yield* tryAllocate(count * blockSize, PAGE);
  if (start === null) {
    cache.limit = cache.made; // no memory is left: this is the pool
    return false;
  }
  cache.chunks.push(start);
  cache.made += count;
  for (let i = count - 1; i >= 0; i--) {
    cache.idle.push({ address: start + i * blockSize, device: 0, block: 0, dirty: false, pins: 0, view: null, older: null, newer: null });
  }
  return true;
}

/**
 * A buffer that holds nothing and belongs to nobody. Here VM's cache of yielded blocks (reference/vm.md 6.4) would be
 * offered the block that goes.
 */
function* takeBuffer(cache: Cache): Program<Buffer> {
  if (cache.idle.length === 0 && cache.made < cache.limit) yield* makeChunk(cache);
  const idle = cache.idle.pop();
  if (idle !== undefined) return idle;
  for (let buffer = cache.oldest; buffer !== null; buffer = buffer.newer) {
    if (buffer.pins > 0) continue;
    if (buffer.dirty) yield* flushDevice(cache, buffer.device);
    if (buffer.dirty) yield* printf(`mfs: changes of block ${buffer.block} of device ${buffer.device} are lost\n`);
    leave(cache, buffer);
    return buffer;
  }
  throw new Error(`none of ${cache.made} buffers is free`);
}

function piecesOf(cache: Cache, buffers: readonly Buffer[]): Piece[] {
  const pieces: { address: number; bytes: number }[] = [];
  for (const { address } of buffers) {
    const last = pieces[pieces.length - 1];
    if (last !== undefined && last.address + last.bytes === address) last.bytes += cache.blockSize;
    else pieces.push({ address, bytes: cache.blockSize });
  }
  return pieces;
}

/**
 * Reads neighboring blocks that are not in memory, up to the first one that is, in one request. Gives how many came: fewer
 * at the end of the device. A device that fails at once is an error.
 */
export function* readRun(cache: Cache, device: number, first: number, count: number): Program<number> {
  let wanted = 0;
  while (wanted < Math.min(count, RUN_BLOCKS) && !hasBlock(cache, device, first + wanted)) wanted++;
  if (wanted === 0) return 0;
  const buffers: Buffer[] = [];
  for (let i = 0; i < wanted; i++) buffers.push(yield* takeBuffer(cache));
  const result = yield* readVector(device, first * cache.blockSize, piecesOf(cache, buffers));
  const came = Math.max(0, Math.floor(result / cache.blockSize));
  for (let i = 0; i < came; i++) enter(cache, buffers[i] as Buffer, device, first + i);
  for (let i = wanted - 1; i >= came; i--) cache.idle.push(buffers[i] as Buffer);
  if (result < 0) throw new DiskError(`block ${first} of device ${device} cannot be read: error ${result}`);
  return came;
}

/** A block as it is on disk. */
export function* getBlock(cache: Cache, device: number, block: number): Program<Buffer> {
  const here = findBlock(cache, device, block);
  if (here !== null) return here;
  const came = yield* readRun(cache, device, block, 1);
  if (came === 0) throw new DiskError(`block ${block} lies past the end of device ${device}`);
  return findBlock(cache, device, block) as Buffer;
}

/** A block that is about to be overwritten as a whole: what is on disk is not read, and the contents are anything. */
export function* getFreshBlock(cache: Cache, device: number, block: number): Program<Buffer> {
  const here = findBlock(cache, device, block);
  if (here !== null) return here;
  const buffer = yield* takeBuffer(cache);
  enter(cache, buffer, device, block);
  return buffer;
}

/** Says that the memory of a buffer was changed by a copy. */
export function touchBlock(cache: Cache, buffer: Buffer): void {
  buffer.view = null;
  buffer.dirty = true;
  cache.dirty.add(buffer);
}

/** The contents, to look at. To change them, change the view and call `storeView` for the part. */
export function* viewBlock(cache: Cache, buffer: Buffer): Program<Uint8Array> {
  buffer.view ??= yield* load(buffer.address, cache.blockSize);
  return buffer.view;
}

/** Writes a changed part of the view through to the buffer's memory. */
export function* storeView(cache: Cache, buffer: Buffer, offset: number, length: number): Program<void> {
  if (buffer.view === null) throw new Error("a change without a view");
  buffer.dirty = true;
  cache.dirty.add(buffer);
  yield* store(buffer.address + offset, buffer.view.slice(offset, offset + length));
}

/** Fills a buffer with zeros. */
export function* zeroBlock(cache: Cache, buffer: Buffer): Program<void> {
  buffer.view = new Uint8Array(cache.blockSize);
  yield* storeView(cache, buffer, 0, cache.blockSize);
}

/** Writes neighboring changed blocks; what the device did not take stays changed. */
function* writeRun(cache: Cache, device: number, run: readonly Buffer[]): Program<void> {
  for (let done = 0; done < run.length; ) {
    const rest = run.slice(done);
    const first = (rest[0] as Buffer).block;
    const result = yield* writeVector(device, first * cache.blockSize, piecesOf(cache, rest));
    const written = Math.max(0, Math.floor(result / cache.blockSize));
    for (const buffer of rest.slice(0, written)) {
      buffer.dirty = false;
      cache.dirty.delete(buffer);
    }
    if (written === 0) {
      yield* printf(`mfs: block ${first} of device ${device} cannot be written: error ${result}\n`);
      return;
    }
    done += written;
  }
}

/** Writes every changed block of a device, in the order of the disk. */
export function* flushDevice(cache: Cache, device: number): Program<void> {
  const changed = [...cache.dirty].filter((buffer) => buffer.device === device).sort((a, b) => a.block - b.block);
  for (let at = 0; at < changed.length; ) {
    let end = at + 1;
    while (end < changed.length && end - at < RUN_BLOCKS && (changed[end] as Buffer).block === (changed[end - 1] as Buffer).block + 1) end++;
    yield* writeRun(cache, device, changed.slice(at, end));
    at = end;
  }
}

/** Writes every changed block of every device. */
export function* flushAll(cache: Cache): Program<void> {
  for (const device of new Set([...cache.dirty].map((buffer) => buffer.device))) yield* flushDevice(cache, device);
}
