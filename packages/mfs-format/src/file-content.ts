import { DIRECT_ZONES, INODE_ZONES, isSpecial } from "./format.ts";
import type { Inode } from "./inode.ts";
import { MfsError } from "./mfs-error.ts";
import type { Volume } from "./volume.ts";
import { getZone, setZone, zonePath } from "./zone-path.ts";

/** The zone that holds block `index` of a file, or 0 for a hole. */
export function zoneOf(volume: Volume, inode: Inode, index: number): number {
  const path = zonePath(index, volume.geometry.pointersPerBlock);
  if (path === null) return 0;
  let zone = inode.zones[path.slot] as number;
  for (const step of path.indexes) {
    if (zone === 0) return 0;
    zone = getZone(volume.block(zone), step);
  }
  return zone;
}

/** The zone that holds block `index` of a file; it, and the indirect blocks on the way, are allocated where they are missing. */
export function ensureZone(volume: Volume, inode: Inode, index: number, name: string): number {
  const path = zonePath(index, volume.geometry.pointersPerBlock);
  if (path === null) throw new MfsError("EFBIG", name, "larger than the format allows");
  let zone = inode.zones[path.slot] as number;
  if (zone === 0) {
    zone = volume.allocateZone(name);
    inode.zones[path.slot] = zone;
    if (path.indexes.length > 0) volume.clearBlock(zone);
  }
  path.indexes.forEach((step, level) => {
    const table = volume.block(zone);
    let next = getZone(table, step);
    if (next === 0) {
      next = volume.allocateZone(name);
      setZone(table, step, next);
      volume.dirty(zone);
      if (level + 1 < path.indexes.length) volume.clearBlock(next);
    }
    zone = next;
  });
  return zone;
}

/** Every zone that an inode owns, those of its pointers too. */
export function* zonesOf(volume: Volume, inode: Inode): Generator<{ zone: number; index: number | null }> {
  if (isSpecial(inode.mode)) return;
  const { pointersPerBlock, firstDataZone, zones } = volume.geometry;
  const inRange = (zone: number): boolean => zone >= firstDataZone && zone < zones;
  function* below(zone: number, depth: number, first: number): Generator<{ zone: number; index: number | null }> {
    if (zone === 0) return;
    yield { zone, index: depth === 0 ? first : null };
    if (depth === 0 || !inRange(zone)) return;
    const table = volume.block(zone).slice();
    const each = pointersPerBlock ** (depth - 1);
    for (let i = 0; i < pointersPerBlock; i++) yield* below(getZone(table, i), depth - 1, first + i * each);
  }
  for (let slot = 0; slot < DIRECT_ZONES; slot++) yield* below(inode.zones[slot] as number, 0, slot);
  yield* below(inode.zones[DIRECT_ZONES] as number, 1, DIRECT_ZONES);
  yield* below(inode.zones[DIRECT_ZONES + 1] as number, 2, DIRECT_ZONES + pointersPerBlock);
}

/** Gives all zones of a file back and makes it empty. */
export function releaseContent(volume: Volume, inode: Inode): void {
  const zones = Array.from(zonesOf(volume, inode), ({ zone }) => zone); // all of them, before a table is forgotten
  for (const zone of zones) volume.freeZone(zone);
  inode.zones.fill(0, 0, INODE_ZONES);
  inode.size = 0;
}

/** The bytes of a file; neighboring blocks are read at once, holes are zeros. */
export function readContent(volume: Volume, inode: Inode): Uint8Array {
  const { blockSize } = volume.geometry;
  const content = new Uint8Array(inode.size);
  const blocks = Math.ceil(inode.size / blockSize);
  for (let index = 0; index < blocks; ) {
    const zone = zoneOf(volume, inode, index);
    let count = 1;
    if (zone !== 0) while (index + count < blocks && zoneOf(volume, inode, index + count) === zone + count) count++;
    const at = index * blockSize;
    const length = Math.min(count * blockSize, inode.size - at);
    if (zone !== 0) content.set(volume.store.read(zone * blockSize, length), at);
    index += count;
  }
  return content;
}

/** Fills an empty file. Data goes to the store at once, what describes it at the next flush. */
export function writeContent(volume: Volume, inode: Inode, content: Uint8Array, name: string): void {
  const { blockSize, maxSize } = volume.geometry;
  if (content.length > maxSize) throw new MfsError("EFBIG", name, `${content.length} bytes, at most ${maxSize}`);
  const blocks = Math.ceil(content.length / blockSize);
  const zones: number[] = [];
  for (let index = 0; index < blocks; index++) zones.push(ensureZone(volume, inode, index, name));
  for (let index = 0; index < blocks; ) {
    const zone = zones[index] as number;
    let count = 1;
    while (index + count < blocks && zones[index + count] === zone + count) count++;
    const piece = new Uint8Array(count * blockSize);
    piece.set(content.subarray(index * blockSize, (index + count) * blockSize));
    volume.store.write(zone * blockSize, piece);
    index += count;
  }
  inode.size = content.length;
}
