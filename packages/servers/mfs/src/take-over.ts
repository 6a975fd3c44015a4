import { SCPVEC_NR, type SafecopyElement } from "@procyon-os/contract-kernel";
import { resumeBlockDevices } from "@procyon-os/driver";
import { fail, ok, SELF, type Endpoint, type Program, type Result } from "@procyon-os/message";
import { changed } from "@procyon-os/sef";
import { printf, vsafecopy } from "@procyon-os/syslib";
import { addChunk, freshChunk, giveBack, isOfSize, makeChunk, newMemory, type Chunk, type SavedChunk, type Unit } from "./cache-memory.ts";
import { enter, newBuffer, takeUnit, type Cache } from "./cache.ts";
import { openMount, takeMarkAway } from "./mount.ts";
import { recordBlocks } from "./saving.ts";
import { decodeNode } from "./saved-node.ts";
import { startSecondLevel } from "./second-level.ts";
import { newMfs, settingsOf, type Mfs, type MfsState } from "./state.ts";

type OldMemory = ReadonlyMap<number, SavedChunk>;

/** Where an address of the old instance lies: the grant, and the place in it of the unit around the address. */
function placeOf(memory: OldMemory, address: number, unitBytes: number): { start: number; grant: SavedChunk["grant"]; offset: number } | null {
  for (const [start, { bytes, grant }] of memory) {
    if (address < start || address >= start + bytes) continue;
    const offset = Math.floor((address - start) / unitBytes) * unitBytes;
    return { start: start + offset, grant, offset };
  }
  return null;
}

function* freeUnit(cache: Cache): Program<Unit | null> {
  const taken = yield* takeUnit(cache, null);
  if (taken !== null) return taken.unit;
  return (yield* makeChunk(cache.memory)) ? ((yield* takeUnit(cache, null))?.unit ?? null) : null;
}

/** Of a unit of the instance before: where it comes to, and its first and last block that has to come. */
interface Moved {
  readonly unit: Unit;
  readonly grant: SavedChunk["grant"];
  readonly offset: number;
  first: number;
  last: number;
}

/** Copies the changed blocks out of the memory of the instance before, those of a unit together, as they lie there. */
function* copyBlocks(cache: Cache, from: Endpoint, blocks: ReadonlyMap<number, number>, memory: OldMemory): Program<Result<null>> {
  const { unitBytes, blockSize } = cache.memory;
  const units = new Map<number, Moved>();
  for (const [key, address] of blocks) {
    const found = placeOf(memory, address, unitBytes);
    if (found === null) return fail("EFAULT");
    const place = (address - found.start) / blockSize;
    let moved = units.get(found.start);
    if (moved === undefined) {
      const unit = yield* freeUnit(cache);
      if (unit === null) return fail("ENOMEM");
      moved = { unit, grant: found.grant, offset: found.offset, first: place, last: place };
      units.set(found.start, moved);
    }
    moved.first = Math.min(moved.first, place);
    moved.last = Math.max(moved.last, place);
    const [device, block] = [Math.floor(key / 2 ** 32), key % 2 ** 32];
    const buffer = enter(cache, newBuffer(cache, moved.unit, place, device, block));
    buffer.dirty = true;
    cache.dirty.add(buffer);
    cache.altered.add(key);
  }
  const copies = Array.from(units.values(), ({ unit, grant, offset, first, last }): SafecopyElement => {
    const [start, bytes] = [first * blockSize, (last - first + 1) * blockSize];
    return { from, to: SELF, grant, offset: offset + start, address: unit.address + start, bytes };
  });
  for (let at = 0; at < copies.length; at += SCPVEC_NR) {
    if (!(yield* vsafecopy(copies.slice(at, at + SCPVEC_NR))).ok) return fail("EFAULT");
  }
  return ok(null);
}

/**
 * What takes time and does not depend on the last word of the state, for a version that will take the place of the running one: finds the
 * drivers, and gets memory for the changed blocks and those that the first requests read.
 */
export function* prepare(ahead: MfsState, place: Endpoint): Program<Chunk[]> {
  const { blockSize, unitBytes, cacheLimit, devices } = settingsOf(ahead);
  yield* resumeBlockDevices(devices);
  const size = newMemory(blockSize, unitBytes, cacheLimit, new Map());
  const units = new Set([...ahead.blocks.values()].map((address) => Math.floor(address / unitBytes)));
  const chunks: Chunk[] = [];
  for (let left = units.size + 1; left > 0; ) {
    const chunk = yield* freshChunk(size, place);
    if (chunk === null) break;
    chunks.push(chunk);
    left -= chunk.units.length;
  }
  return chunks;
}

/** The pool begins with memory that was got before; not where its units have got another size since. */
function* useChunks({ memory }: Cache, chunks: readonly Chunk[]): Program<void> {
  for (const chunk of chunks) {
    if (isOfSize(chunk, memory)) addChunk(memory, chunk);
    else yield* giveBack(chunk);
  }
}

/**
 * Goes on where the instance before stopped: with its inodes, its changed blocks, its mount and its open device.
 * @param chunks memory for its blocks, from `prepare`
 */
export function* takeOver(state: MfsState, from: Endpoint, chunks: readonly Chunk[]): Program<Result<Mfs>> {
  const [blocks, memory] = [new Map(state.blocks), new Map(state.memory)];
  for (const key of blocks.keys()) changed("blocks", key);
  for (const key of memory.keys()) changed("memory", key);
  state.blocks.clear();
  state.memory.clear();
  const mfs = newMfs(state);
  const { cache } = mfs;
  yield* resumeBlockDevices(settingsOf(state).devices);
  startSecondLevel(cache.second, cache.memory.unitBytes);
  yield* useChunks(cache, chunks);
  const copied = yield* copyBlocks(cache, from, blocks, memory);
  if (!copied.ok) {
    yield* printf(`mfs: ${blocks.size} changed blocks cannot be taken over: ${copied.error}\n`);
    return copied;
  }
  for (const saved of state.mounts.values()) mfs.mount = openMount(saved);
  for (const [number, bytes] of state.nodes) mfs.nodes.set(number, decodeNode(mfs, number, bytes));
  recordBlocks(mfs);
  yield* takeMarkAway(mfs);
  return ok(mfs);
}
