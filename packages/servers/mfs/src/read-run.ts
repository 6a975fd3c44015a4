import type { Program } from "@procyon-os/message";
import { setHome, vacate, type Unit } from "./cache-memory.ts";
import { enter, hasBlock, homePlace, newBuffer, RUN_BLOCKS, takeHome, takePlace, takeUnit, unitOf, type Buffer, type Cache } from "./cache.ts";
import { DiskError } from "./disk-error.ts";
import { readVector, type Piece } from "./disk.ts";
import { dropYielded, idOf, mayBeYielded } from "./second-level.ts";

/** The memory of buffers, in their order; neighbors in memory are one piece. */
export function piecesOf(cache: Cache, buffers: readonly Buffer[]): Piece[] {
  const pieces: { address: number; bytes: number }[] = [];
  for (const { address } of buffers) {
    const last = pieces[pieces.length - 1];
    if (last !== undefined && last.address + last.bytes === address) last.bytes += cache.memory.blockSize;
    else pieces.push({ address, bytes: cache.memory.blockSize });
  }
  return pieces;
}

/** Asks VM for the unit that a block belongs into; what VM has of it is in memory then. */
export function* readYielded(cache: Cache, device: number, block: number): Program<void> {
  const wanted = unitOf(cache, device, block);
  const taken = yield* takeUnit(cache, wanted);
  if (taken === null) {
    for (let place = 0; place < cache.memory.perUnit; place++) dropYielded(cache.second, wanted, place);
    return;
  }
  const { unit, got } = taken;
  if (got === 0) return void cache.memory.idle.push(unit);
  const { perUnit } = cache.memory;
  setHome(cache.memory, unit, idOf(wanted));
  for (let place = 0; place < perUnit; place++) {
    if ((got & (1 << place)) !== 0) enter(cache, newBuffer(cache, unit, place, device, wanted.unitNumber * perUnit + place));
  }
}

/** Buffers for neighboring blocks: where they belong, as far as there is room for that. */
function* takeRun(cache: Cache, device: number, first: number, count: number): Program<Buffer[]> {
  const { perUnit } = cache.memory;
  const buffers: Buffer[] = [];
  try {
    for (let block = first; block < first + count; ) {
      const end = Math.min(first + count, (Math.floor(block / perUnit) + 1) * perUnit);
      let unit: Unit | null = null;
      if (homePlace(cache, device, block) === null && (end - block > 1 || perUnit === 1)) unit = yield* takeHome(cache, device, block);
      for (; block < end; block++) {
        const home = unit === null ? homePlace(cache, device, block) : { unit, place: block % perUnit };
        const { unit: its, place } = home ?? (yield* takePlace(cache));
        buffers.push(newBuffer(cache, its, place, device, block));
      }
    }
  } catch (error) {
    for (const { unit, place } of buffers) vacate(cache.memory, unit, place);
    throw error;
  }
  return buffers;
}

/**
 * Reads neighboring blocks that are not in memory, up to the first one that is, in one request. Gives how many came: fewer
 * at the end of the device, or where VM had the first ones. A device that fails at once is an error.
 */
export function* readRun(cache: Cache, device: number, first: number, count: number): Program<number> {
  const isYielded = (block: number): boolean => mayBeYielded(cache.second, unitOf(cache, device, block));
  if (!hasBlock(cache, device, first) && isYielded(first)) {
    yield* readYielded(cache, device, first);
    let came = 0;
    while (came < count && hasBlock(cache, device, first + came)) came++;
    if (came > 0) return came;
  }
  let wanted = 0;
  while (wanted < Math.min(count, RUN_BLOCKS) && !hasBlock(cache, device, first + wanted) && !isYielded(first + wanted)) wanted++;
  if (wanted === 0) return 0;
  const buffers = yield* takeRun(cache, device, first, wanted);
  const result = yield* readVector(device, first * cache.memory.blockSize, piecesOf(cache, buffers));
  const came = Math.max(0, Math.floor(result / cache.memory.blockSize));
  for (const buffer of buffers.slice(0, came)) enter(cache, buffer);
  for (const { unit, place } of buffers.slice(came)) vacate(cache.memory, unit, place);
  if (result < 0) throw new DiskError(`blocks ${first} to ${first + wanted - 1} of device ${device} cannot be read: error ${result}`);
  return came;
}
