import type { Program } from "@procyon-os/message";
import { printf } from "@procyon-os/syslib";
import { keyOf, RUN_BLOCKS, type Buffer, type Cache } from "./cache.ts";
import { writeVector } from "./disk.ts";
import { piecesOf } from "./read-run.ts";

/** Writes neighboring changed blocks; what the device did not take stays changed. */
function* writeRun(cache: Cache, device: number, run: readonly Buffer[]): Program<void> {
  const { blockSize } = cache.memory;
  for (let done = 0; done < run.length; ) {
    const rest = run.slice(done);
    const first = (rest[0] as Buffer).block;
    const result = yield* writeVector(device, first * blockSize, piecesOf(cache, rest));
    const written = Math.max(0, Math.floor(result / blockSize));
    for (const buffer of rest.slice(0, written)) {
      buffer.dirty = buffer.mayGo = false;
      cache.dirty.delete(buffer);
      cache.altered.add(keyOf(buffer.device, buffer.block));
    }
    if (written === 0) {
      yield* printf(`mfs: block ${first} of device ${device} cannot be written: error ${result}\n`);
      return;
    }
    done += written;
  }
}

/** Writes changed blocks, in the order of the disk. */
function* writeBlocks(cache: Cache, blocks: readonly Buffer[]): Program<void> {
  const changed = [...blocks].sort((a, b) => a.device - b.device || a.block - b.block);
  const isNext = (a: Buffer, b: Buffer): boolean => b.device === a.device && b.block === a.block + 1;
  for (let at = 0; at < changed.length; ) {
    let end = at + 1;
    while (end < changed.length && end - at < RUN_BLOCKS && isNext(changed[end - 1] as Buffer, changed[end] as Buffer)) end++;
    yield* writeRun(cache, (changed[at] as Buffer).device, changed.slice(at, end));
    at = end;
  }
}

/**
 * Writes every changed block of a device. In the middle of a request this may be called only where nothing has changed that a
 * state which was not saved would take back: the disk must never be ahead of the state.
 */
export function* flushDevice(cache: Cache, device: number): Program<void> {
  yield* writeBlocks(cache, [...cache.dirty].filter((buffer) => buffer.device === device));
}

/** Writes every changed block of every device; see `flushDevice`. */
export function* flushAll(cache: Cache): Program<void> {
  yield* writeBlocks(cache, [...cache.dirty]);
}

/**
 * For a request that needs more room than there is: writes users' data that it has changed, in blocks that no saved state names.
 * Before it is saved nothing leads to new ones, and what old ones get comes again with the request. True where that made room.
 */
export function* writeGoing(cache: Cache): Program<boolean> {
  const going = [...cache.dirty].filter(({ mayGo, saved, pins }) => mayGo && !saved && pins === 0);
  yield* writeBlocks(cache, going);
  return going.some(({ dirty }) => !dirty);
}
