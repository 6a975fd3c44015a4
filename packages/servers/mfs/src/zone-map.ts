import { DIRECT_ZONES, getZone, isSpecial, setZone, zonePath, type Inode } from "@procyon-os/mfs-format";
import { fail, ok, type Program, type Result } from "@procyon-os/message";
import { allocateZone, freeZones } from "./allocation.ts";
import { getFreshBlock, storeView, viewBlock, zeroBlock } from "./cache.ts";
import { DiskError } from "./disk-error.ts";
import { mounted, viewOf, type Mfs, type Node } from "./state.ts";

function checked(mfs: Mfs, zone: number): number {
  const { firstDataZone, zones } = mounted(mfs).geometry;
  if (zone !== 0 && (zone < firstDataZone || zone >= zones)) throw new DiskError(`zone ${zone} in a file: run fsck`);
  return zone;
}

/** The zones of `count` blocks of a file from `first` on; 0 is a hole. */
export function* mapBlocks(mfs: Mfs, inode: Inode, first: number, count: number): Program<number[]> {
  const { pointersPerBlock } = mounted(mfs).geometry;
  const tables = new Map<number, Uint8Array>(); // no trap lies between two uses that could change them
  const zones: number[] = [];
  for (let index = first; index < first + count; index++) {
    const path = zonePath(index, pointersPerBlock);
    let zone = path === null ? 0 : checked(mfs, inode.zones[path.slot] as number);
    for (const step of path?.indexes ?? []) {
      if (zone === 0) break;
      let table = tables.get(zone);
      if (table === undefined) {
        table = (yield* viewOf(mfs, zone)).view;
        tables.set(zone, table);
      }
      zone = checked(mfs, getZone(table, step));
    }
    zones.push(zone);
  }
  return zones;
}

/** Takes several zones, or none where there are not so many. */
function* allocateAll(mfs: Mfs, node: Node, count: number): Program<number[] | null> {
  const taken: number[] = [];
  for (let i = 0; i < count; i++) {
    const zone = yield* allocateZone(mfs, node.lastZone || (node.inode.zones[0] as number));
    node.altered.add(node);
    if (zone === null) {
      yield* freeZones(mfs, taken);
      return null;
    }
    taken.push(zone);
    node.lastZone = zone;
  }
  return taken;
}

/** The zone of one block, allocated where there is none, with the indirect blocks on the way. */
export function* ensureZone(mfs: Mfs, node: Node, index: number): Program<Result<{ zone: number; fresh: boolean }, "EFBIG" | "ENOSPC">> {
  const { cache } = mfs;
  const { device, geometry } = mounted(mfs);
  const path = zonePath(index, geometry.pointersPerBlock);
  if (path === null) return fail("EFBIG");
  let zone = checked(mfs, node.inode.zones[path.slot] as number);
  let holder = 0; // the table that has no entry for the way yet
  let level = 0;
  while (zone !== 0 && level < path.indexes.length) {
    holder = zone;
    zone = checked(mfs, getZone((yield* viewOf(mfs, zone)).view, path.indexes[level] as number));
    level++;
  }
  if (zone !== 0) return ok({ zone, fresh: false });

  const taken = yield* allocateAll(mfs, node, path.indexes.length - level + 1);
  if (taken === null) return fail("ENOSPC");
  // New tables first, from the data up, so that no table ever points at one that is not there.
  for (let i = taken.length - 2; i >= 0; i--) {
    const buffer = yield* getFreshBlock(cache, device, taken[i] as number);
    yield* zeroBlock(cache, buffer);
    const step = path.indexes[level + i] as number;
    setZone(yield* viewBlock(cache, buffer), step, taken[i + 1] as number);
    yield* storeView(cache, buffer, step * 4, 4);
  }
  if (level === 0) {
    node.inode.zones[path.slot] = taken[0] as number;
  } else {
    const step = path.indexes[level - 1] as number;
    const { buffer, view } = yield* viewOf(mfs, holder);
    setZone(view, step, taken[0] as number);
    yield* storeView(cache, buffer, step * 4, 4);
  }
  node.dirty = true;
  return ok({ zone: taken[taken.length - 1] as number, fresh: true });
}

/** Clears the entries of a table for blocks from `first` to `end`; true where the table is then empty. */
function* clearTable(mfs: Mfs, table: number, depth: number, base: number, first: number, end: number, freed: number[]): Program<boolean> {
  const { pointersPerBlock } = mounted(mfs).geometry;
  const each = pointersPerBlock ** (depth - 1);
  const begin = Math.max(0, Math.floor((first - base) / each));
  const stop = Math.min(pointersPerBlock, Math.ceil((end - base) / each));
  const cleared: number[] = [];
  for (let i = begin; i < stop; i++) {
    const zone = checked(mfs, getZone((yield* viewOf(mfs, table)).view, i));
    if (zone === 0) continue;
    if (depth > 1 && !(yield* clearTable(mfs, zone, depth - 1, base + i * each, first, end, freed))) continue;
    freed.push(zone);
    cleared.push(i);
  }
  const { buffer, view } = yield* viewOf(mfs, table);
  for (const i of cleared) setZone(view, i, 0);
  if (view.every((byte) => byte === 0)) return true;
  if (cleared.length > 0) {
    const from = (cleared[0] as number) * 4;
    yield* storeView(mfs.cache, buffer, from, ((cleared[cleared.length - 1] as number) + 1) * 4 - from);
  }
  return false;
}

/** Gives the zones of blocks from `first` to `end` back, with the indirect blocks that get empty. Sizes are the caller's. */
export function* freeBlocks(mfs: Mfs, node: Node, first: number, end: number): Program<void> {
  if (isSpecial(node.inode.mode)) return;
  const { pointersPerBlock } = mounted(mfs).geometry;
  const { zones } = node.inode;
  const freed: number[] = [];
  for (let slot = 0; slot < DIRECT_ZONES; slot++) {
    const zone = checked(mfs, zones[slot] as number);
    if (zone === 0 || slot < first || slot >= end) continue;
    freed.push(zone);
    zones[slot] = 0;
  }
  for (const [depth, base] of [[1, DIRECT_ZONES], [2, DIRECT_ZONES + pointersPerBlock]] as const) {
    const slot = DIRECT_ZONES + depth - 1;
    const table = checked(mfs, zones[slot] as number);
    if (table === 0 || end <= base || first >= base + pointersPerBlock ** depth) continue;
    if (yield* clearTable(mfs, table, depth, base, first, end, freed)) {
      freed.push(table);
      zones[slot] = 0;
    }
  }
  if (freed.length === 0) return;
  node.altered.add(node);
  node.lastZone = 0;
  node.dirty = true;
  yield* freeZones(mfs, freed);
}
