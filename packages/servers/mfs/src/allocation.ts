import { clearBit, countClearBits, findClearBit, setBit, testBit } from "@procyon-os/mfs-format";
import type { Program } from "@procyon-os/message";
import { printf } from "@procyon-os/syslib";
import { forgetBlock, storeView } from "./cache.ts";
import { DiskError } from "./disk-error.ts";
import { mounted, viewOf, type Mfs } from "./state.ts";

// A bitmap lies in blocks from `start` on and has `limit` bits; bit 0 is never free.

/** Takes the first free bit from a place on, once around; -1 where every bit is taken. */
function* takeBit(mfs: Mfs, start: number, from: number, limit: number): Program<number> {
  const perBlock = mfs.cache.memory.blockSize * 8;
  for (const [begin, end] of [[from, limit], [1, Math.min(from, limit)]] as const) {
    for (let at = begin; at < end; at = (Math.floor(at / perBlock) + 1) * perBlock) {
      const index = Math.floor(at / perBlock);
      const base = index * perBlock;
      const { buffer, view } = yield* viewOf(mfs, start + index);
      const bit = findClearBit(view, at - base, Math.min(perBlock, end - base));
      if (bit < 0) continue;
      setBit(view, bit);
      yield* storeView(mfs.cache, buffer, bit >> 3, 1);
      return base + bit;
    }
  }
  return -1;
}

/** Gives bits back, all of one block of the map in one go. A bit that is free already is damage. */
function* giveBits(mfs: Mfs, start: number, bits: readonly number[]): Program<void> {
  const perBlock = mfs.cache.memory.blockSize * 8;
  const sorted = [...bits].sort((a, b) => a - b);
  for (let at = 0; at < sorted.length; ) {
    const index = Math.floor((sorted[at] as number) / perBlock);
    const { buffer, view } = yield* viewOf(mfs, start + index);
    const first = ((sorted[at] as number) - index * perBlock) >> 3;
    let last = first;
    for (; at < sorted.length && Math.floor((sorted[at] as number) / perBlock) === index; at++) {
      const bit = (sorted[at] as number) - index * perBlock;
      if (!testBit(view, bit)) throw new DiskError(`bit ${sorted[at]} of the map at block ${start} is free already`);
      clearBit(view, bit);
      last = bit >> 3;
    }
    yield* storeView(mfs.cache, buffer, first, last - first + 1);
  }
}

/** Takes a free inode number, or gives null. */
export function* allocateInode(mfs: Mfs): Program<number | null> {
  const mount = mounted(mfs);
  const { search } = mfs.state;
  const bit = yield* takeBit(mfs, mount.geometry.imapStart, search.inodes, mount.geometry.imapBits);
  if (bit < 0) {
    yield* printf(`mfs: out of inodes on device 0x${mount.device.toString(16)}\n`);
    return null;
  }
  search.inodes = bit;
  return bit;
}

/** Gives an inode number back. */
export function* freeInodeNumber(mfs: Mfs, number: number): Program<void> {
  const mount = mounted(mfs);
  const { search } = mfs.state;
  yield* giveBits(mfs, mount.geometry.imapStart, [number]);
  search.inodes = Math.min(search.inodes, number);
}

/** Takes a free zone, near another where one is given (0: anywhere), or gives null. */
export function* allocateZone(mfs: Mfs, near: number): Program<number | null> {
  const mount = mounted(mfs);
  const { firstDataZone, zmapStart, zmapBits } = mount.geometry;
  const { search } = mfs.state;
  const anywhere = near < firstDataZone;
  const from = anywhere ? search.zones : near - firstDataZone + 1;
  const bit = yield* takeBit(mfs, zmapStart, Math.min(from, zmapBits), zmapBits);
  if (bit < 0) {
    if (!search.fullTold) yield* printf(`mfs: no space on device 0x${mount.device.toString(16)}\n`);
    search.fullTold = true;
    return null;
  }
  search.fullTold = false;
  if (anywhere) search.zones = bit;
  return bit + firstDataZone - 1;
}

/** Gives zones back; what the cache holds of them is forgotten. */
export function* freeZones(mfs: Mfs, zones: readonly number[]): Program<void> {
  const mount = mounted(mfs);
  const { firstDataZone, zmapStart } = mount.geometry;
  const { search } = mfs.state;
  for (const zone of zones) forgetBlock(mfs.cache, mount.device, zone);
  const bits = zones.map((zone) => zone - firstDataZone + 1);
  yield* giveBits(mfs, zmapStart, bits);
  for (const bit of bits) search.zones = Math.min(search.zones, bit);
}

/** How many zones and inodes are free. */
export function* countFree(mfs: Mfs): Program<{ zones: number; inodes: number }> {
  const { imapStart, imapBits, zmapStart, zmapBits } = mounted(mfs).geometry;
  const perBlock = mfs.cache.memory.blockSize * 8;
  const counts: number[] = [];
  for (const [start, limit] of [[zmapStart, zmapBits], [imapStart, imapBits]] as const) {
    let clear = 0;
    for (let base = 0; base < limit; base += perBlock) {
      const { view } = yield* viewOf(mfs, start + base / perBlock);
      clear += countClearBits(view, Math.min(perBlock, limit - base));
    }
    counts.push(clear);
  }
  return { zones: counts[0] as number, inodes: counts[1] as number };
}
