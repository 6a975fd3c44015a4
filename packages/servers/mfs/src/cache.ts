import type { Program } from "@procyon-os/message";
import { load, store } from "@procyon-os/syslib";
import {
  doomMemory, leavePlace, makeChunk, newMemory, occupy, setHome, type Buffer, type CacheMemory, type SavedChunk, type Unit,
} from "./cache-memory.ts";
import { DiskError } from "./disk-error.ts";
import { writeGoing } from "./flush.ts";
import { readRun, readYielded } from "./read-run.ts";
import { dropYielded, exchange, forgetAll, idOf, mayBeYielded, newSecondLevel, type SecondLevel, type UnitContents, type UnitId } from "./second-level.ts";

export type { Buffer } from "./cache-memory.ts";

/** No transfer has more blocks. A transfer has at most as many pieces (NR_IOREQS), fewer where buffers are neighbors. */
export const RUN_BLOCKS = 64;
/** A pool holds at least twice what one request can keep in use (a window of blocks, and a transfer beside it). */
export const MINIMUM_BUFFERS: number = 4 * RUN_BLOCKS;
/** So many old blocks are looked at to find a unit that can go as a whole. */
const LOOKED_AT = 256;
const WORTH_BYTES = 4096;

/** Blocks of any number of devices, in one block size; the least recently used goes first. */
export interface Cache {
  memory: CacheMemory;
  readonly blocks: Map<number, Buffer>;
  readonly dirty: Set<Buffer>;
  /** Blocks of which the state may have to say something else: where they lie, that they are changed. By key. */
  readonly altered: Set<number>;
  /** Blocks that were written since a state was saved: it still names their memory. */
  readonly written: Buffer[];
  readonly second: SecondLevel;
  oldest: Buffer | null;
  newest: Buffer | null;
}

/** A cache without buffers. `saved` is what the state says of its memory. */
export function newCache(blockSize: number, unitBytes: number, saved: Map<number, SavedChunk>): Cache {
  return {
    memory: newMemory(blockSize, unitBytes, MINIMUM_BUFFERS, saved), blocks: new Map(), dirty: new Set(), altered: new Set(), written: [], second: newSecondLevel(),
    oldest: null, newest: null,
  };
}

/** The key of a block, as the state has it too. */
export const keyOf = (device: number, block: number): number => device * 2 ** 32 + block;
/** The unit that a block belongs into. */
export const unitOf = (cache: Cache, device: number, block: number): UnitId => ({ device, unitNumber: Math.floor(block / cache.memory.perUnit) });

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

/** A buffer in a free place. It is nobody's until `enter`; until then it is pinned. */
export function newBuffer(cache: Cache, unit: Unit, place: number, device: number, block: number): Buffer {
  const buffer: Buffer = {
    unit, place, address: unit.address + place * cache.memory.blockSize, device, block, dirty: false, saved: false, touched: false, mayGo: false, pins: 1,
    view: null, older: null, newer: null,
  };
  occupy(cache.memory, unit, place, buffer);
  return buffer;
}

/** The block is in memory now. */
export function enter(cache: Cache, buffer: Buffer): Buffer {
  buffer.pins--;
  cache.blocks.set(keyOf(buffer.device, buffer.block), buffer);
  chain(cache, buffer);
  return buffer;
}

function leave(cache: Cache, buffer: Buffer): void {
  const key = keyOf(buffer.device, buffer.block);
  if (buffer.saved) cache.altered.add(key);
  cache.blocks.delete(key);
  cache.dirty.delete(buffer);
  unchain(cache, buffer);
  leavePlace(cache.memory, buffer);
}

/** Forgets a block and what was to be written of it. */
export function forgetBlock(cache: Cache, device: number, block: number): void {
  const buffer = cache.blocks.get(keyOf(device, block));
  if (buffer === undefined) return dropYielded(cache.second, unitOf(cache, device, block), block % cache.memory.perUnit);
  if (buffer.pins > 0) throw new Error(`block ${block} is forgotten while it is in use`);
  leave(cache, buffer);
}

/** Forgets every block of a device; what was not written is lost. */
export function* invalidate(cache: Cache, device: number): Program<void> {
  for (const buffer of cache.blocks.values()) if (buffer.device === device) forgetBlock(cache, device, buffer.block);
  yield* forgetAll(cache.second);
}

/** Gives the memory back and starts anew with another size of blocks or units. Nothing may be dirty. */
export function resizeCache(cache: Cache, blockSize: number, unitBytes: number): void {
  if (cache.dirty.size > 0) throw new Error(`${cache.dirty.size} changed blocks at a new block size`);
  for (const buffer of cache.blocks.values()) leave(cache, buffer);
  const { doomed, saved } = cache.memory;
  doomMemory(cache.memory);
  cache.memory = newMemory(blockSize, unitBytes, MINIMUM_BUFFERS, saved);
  cache.memory.doomed.push(...doomed);
}

const isFree = (buffer: Buffer): boolean => buffer.pins === 0 && !buffer.dirty && !buffer.saved;
const canGo = (unit: Unit): boolean => unit.places.every((place) => place === null || (place !== "kept" && isFree(place)));

/** What a unit holds of its own neighbors, where that is at least a page; what else is in it is not worth a call of VM. */
function contentsOf(cache: Cache, { home, places }: Unit): UnitContents | null {
  if (home === null) return null;
  const { blockSize } = cache.memory;
  let [bits, bytes] = [0, 0];
  let unit: UnitId | null = null;
  for (const [place, buffer] of places.entries()) {
    if (buffer === null || buffer === "kept" || buffer.block % cache.memory.perUnit !== place) continue;
    const its = unitOf(cache, buffer.device, buffer.block);
    if (idOf(its) !== home) continue;
    unit = its;
    bits |= 1 << place;
    bytes += blockSize;
  }
  return unit !== null && bytes >= WORTH_BYTES ? { ...unit, bits } : null;
}

/** Takes an old unit out of the cache, and gives its contents to VM for what `get` stands for. */
function* evictUnit(cache: Cache, get: UnitId | null): Program<{ unit: Unit; got: number } | null> {
  let looked = 0;
  let last: Unit | null = null;
  for (let buffer = cache.oldest; buffer !== null && looked < LOOKED_AT; buffer = buffer.newer, looked++) {
    const { unit } = buffer;
    if (unit === last || !isFree(buffer)) continue;
    last = unit;
    if (!canGo(unit)) continue;
    const give = contentsOf(cache, unit);
    for (const place of unit.places) if (place !== null && place !== "kept") leave(cache, place);
    cache.memory.idle.pop(); // where it came last
    return { unit, got: yield* exchange(cache.second, unit.address, cache.memory.unitBytes, give, get) };
  }
  return null;
}

/** A unit that holds nothing, with the contents that `get` stands for where VM still has them; null where none is free. */
export function* takeUnit(cache: Cache, get: UnitId | null): Program<{ unit: Unit; got: number } | null> {
  const { memory } = cache;
  if (memory.idle.length === 0 && memory.made < memory.limit) yield* makeChunk(memory);
  const unit = memory.idle.pop();
  if (unit === undefined) return yield* evictUnit(cache, get);
  return { unit, got: yield* exchange(cache.second, unit.address, memory.unitBytes, null, get) };
}

/** Takes the oldest block out of the cache that can go. Those that cannot come last again: they will not be looked at soon. */
function evictBlock(cache: Cache): boolean {
  for (let left = cache.blocks.size; left > 0; left--) {
    const buffer = cache.oldest as Buffer;
    if (isFree(buffer)) {
      leave(cache, buffer);
      return true;
    }
    unchain(cache, buffer);
    chain(cache, buffer);
  }
  return false;
}

/** Where a block belongs, where that unit is there and has its place free. */
export function homePlace(cache: Cache, device: number, block: number): { unit: Unit; place: number } | null {
  const unit = cache.memory.homes.get(idOf(unitOf(cache, device, block)));
  const place = block % cache.memory.perUnit;
  return unit === undefined || unit.places[place] !== null ? null : { unit, place };
}

/** A unit for the neighbors of a block; null where none is free. */
export function* takeHome(cache: Cache, device: number, block: number): Program<Unit | null> {
  const taken = yield* takeUnit(cache, null);
  if (taken === null) return null;
  setHome(cache.memory, taken.unit, idOf(unitOf(cache, device, block)));
  return taken.unit;
}

/** A place for one block. The pool grows beyond its limit where nothing can go before the request is saved. */
export function* takePlace(cache: Cache): Program<{ unit: Unit; place: number }> {
  const { memory } = cache;
  for (;;) {
    const [loose] = memory.loose;
    const unit = loose ?? (yield* takeUnit(cache, null))?.unit;
    if (unit !== undefined) return { unit, place: unit.places.indexOf(null) };
    if (evictBlock(cache) || (yield* writeGoing(cache)) || (yield* makeChunk(memory))) continue;
    throw new DiskError(`no memory for a block: all ${memory.made} are in use`);
  }
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
  if (mayBeYielded(cache.second, unitOf(cache, device, block))) {
    yield* readYielded(cache, device, block);
    const back = findBlock(cache, device, block);
    if (back !== null) return back;
  }
  const { unit, place } = yield* freshPlace(cache, device, block);
  return enter(cache, newBuffer(cache, unit, place, device, block));
}

/** A place for a block that is written: with its neighbors, while there is room for that. */
function* freshPlace(cache: Cache, device: number, block: number): Program<{ unit: Unit; place: number }> {
  const { memory } = cache;
  const home = homePlace(cache, device, block);
  if (home !== null) return home;
  const unit = memory.idle.length > 0 || memory.made < memory.limit ? yield* takeHome(cache, device, block) : null;
  return unit === null ? yield* takePlace(cache) : { unit, place: block % memory.perUnit };
}

function setDirty(cache: Cache, buffer: Buffer): void {
  buffer.dirty = buffer.touched = true;
  cache.dirty.add(buffer);
  cache.altered.add(keyOf(buffer.device, buffer.block));
}

/**
 * Says that the memory of a buffer was changed by a copy of a user's data. It was changed where it lies, also where the saved
 * state names it: a request that is not saved and comes again copies the same bytes.
 */
export function touchBlock(cache: Cache, buffer: Buffer): void {
  buffer.view = null;
  buffer.mayGo = true;
  setDirty(cache, buffer);
}

/** The contents, to look at. To change them, change the view and call `storeView` for the part. */
export function* viewBlock(cache: Cache, buffer: Buffer): Program<Uint8Array> {
  buffer.view ??= yield* load(buffer.address, cache.memory.blockSize);
  return buffer.view;
}

/**
 * Writes a changed part of the view through to the buffer's memory; where the saved state names that memory, the changed block
 * gets another place.
 */
export function* storeView(cache: Cache, buffer: Buffer, offset: number, length: number): Program<void> {
  const { view } = buffer;
  if (view === null) throw new Error("a change without a view");
  if (!buffer.dirty || !buffer.touched) buffer.mayGo = false;
  setDirty(cache, buffer);
  if (!buffer.saved) return yield* store(buffer.address + offset, view.subarray(offset, offset + length));
  if (buffer.pins > 0) throw new Error(`block ${buffer.block} changes its place while it is in use`);
  const { unit, place } = yield* takePlace(cache);
  leavePlace(cache.memory, buffer);
  buffer.unit = unit;
  buffer.place = place;
  buffer.address = unit.address + place * cache.memory.blockSize;
  occupy(cache.memory, unit, place, buffer);
  yield* store(buffer.address, view);
}

/** Fills a buffer with zeros. */
export function* zeroBlock(cache: Cache, buffer: Buffer): Program<void> {
  buffer.view = new Uint8Array(cache.memory.blockSize);
  yield* storeView(cache, buffer, 0, cache.memory.blockSize);
}
