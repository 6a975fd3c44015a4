import { DIRECT_ZONES } from "./format.ts";

/** How a block of a file is reached: a slot of the inode, then an index in each indirect block on the way. */
export interface ZonePath {
  readonly slot: number; // in the inode's zones
  readonly indexes: readonly number[]; // none, one or two
}

/** The way to block `index` of a file, or null where the pointers do not reach. */
export function zonePath(index: number, pointersPerBlock: number): ZonePath | null {
  if (index < DIRECT_ZONES) return { slot: index, indexes: [] };
  const single = index - DIRECT_ZONES;
  if (single < pointersPerBlock) return { slot: DIRECT_ZONES, indexes: [single] };
  const double = single - pointersPerBlock;
  if (double >= pointersPerBlock * pointersPerBlock) return null;
  return { slot: DIRECT_ZONES + 1, indexes: [Math.floor(double / pointersPerBlock), double % pointersPerBlock] };
}

/** One zone number of an indirect block. */
export function getZone(block: Uint8Array, index: number): number {
  const at = index * 4;
  return ((block[at] as number) | ((block[at + 1] as number) << 8) | ((block[at + 2] as number) << 16) | ((block[at + 3] as number) << 24)) >>> 0;
}

/** Sets one zone number of an indirect block. */
export function setZone(block: Uint8Array, index: number, zone: number): void {
  const at = index * 4;
  block[at] = zone;
  block[at + 1] = zone >>> 8;
  block[at + 2] = zone >>> 16;
  block[at + 3] = zone >>> 24;
}
