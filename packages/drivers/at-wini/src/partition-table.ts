import type { Program } from "@procyon-os/message";
import { allocate, free, load } from "@procyon-os/syslib";
import { PARTITIONS, type Drive, type Extent } from "./at-wini-state.ts";
import { SECTOR_BYTES, transferSectors } from "./transfer.ts";

// reference/posix-abi.md 8.1: four entries of 16 bytes at 0x1BE, then the signature.
const TABLE = 0x1be;
const ENTRY_BYTES = 16;
const SIGNATURE = 0x1fe;
const MINIX_PARTITION = 0x81;

interface Entry {
  readonly type: number;
  readonly start: number; // sector
  readonly sectors: number;
}

/** The entries of a partition table, sorted by start as MINIX does; null where there is no table. */
export function readTable(bytes: Uint8Array): Entry[] | null {
  if (bytes[SIGNATURE] !== 0x55 || bytes[SIGNATURE + 1] !== 0xaa) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, SECTOR_BYTES);
  const entries: Entry[] = [];
  for (let at = TABLE; at < SIGNATURE; at += ENTRY_BYTES) {
    entries.push({ type: view.getUint8(at + 4), start: view.getUint32(at + 8, true), sectors: view.getUint32(at + 12, true) });
  }
  // Empty entries go last.
  return entries.sort((a, b) => (a.type === 0 ? 1 : 0) - (b.type === 0 ? 1 : 0) || a.start - b.start);
}

function* readSector(drive: Drive, unit: number, sector: number): Program<Uint8Array | null> {
  const buffer = yield* allocate(SECTOR_BYTES);
  const result = yield* transferSectors(drive, unit, false, sector, [{ buffer: { kind: "own", address: buffer }, bytes: SECTOR_BYTES }]);
  const bytes = result === 0 ? yield* load(buffer, SECTOR_BYTES) : null;
  free(buffer);
  return bytes;
}

/** An entry as bytes of the drive, cut at the end of what it lies in. */
function extentOf(entry: Entry | undefined, within: Extent): Extent {
  if (entry === undefined || entry.type === 0) return { base: 0, size: 0 };
  const base = entry.start * SECTOR_BYTES;
  const end = within.base + within.size;
  if (base < within.base || base >= end) return { base: 0, size: 0 };
  return { base, size: Math.min(entry.sectors * SECTOR_BYTES, end - base) };
}

/** Reads the partition table of a drive, and the subpartition tables of its MINIX partitions. */
export function* readPartitions(drive: Drive, unit: number): Program<void> {
  const sector = yield* readSector(drive, unit, 0);
  const table = sector === null ? null : readTable(sector);
  for (let part = 0; part < PARTITIONS; part++) {
    const entry = table?.[part];
    const extent = extentOf(entry, drive.whole);
    drive.partitions[part] = extent;
    const bytes = entry?.type === MINIX_PARTITION && extent.size > 0 ? yield* readSector(drive, unit, entry.start) : null;
    const inner = bytes === null ? null : readTable(bytes);
    for (let sub = 0; sub < PARTITIONS; sub++) drive.subpartitions[part * PARTITIONS + sub] = extentOf(inner?.[sub], extent);
  }
}
