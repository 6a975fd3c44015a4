import { MAX_MULTIPLE } from "./ata-registers.ts";
import { SECTOR_BYTES } from "./disk-backend.ts";

/** How cylinders, heads and sectors are counted. */
export interface Geometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectors: number;
}

/** The geometry that a drive of so many sectors has after power on. */
export function defaultGeometry(totalSectors: number): Geometry {
  return { cylinders: Math.max(1, Math.min(16_383, Math.floor(totalSectors / (16 * 63)))), heads: 16, sectors: 63 };
}

/** The 512 bytes that IDENTIFY DEVICE gives (ATA/ATAPI-6 8.15.8). */
export function identifyData(totalSectors: number, geometry: Geometry, multiple: number, drive: number): Uint8Array {
  const bytes = new Uint8Array(SECTOR_BYTES);
  const view = new DataView(bytes.buffer);
  const word = (index: number, value: number): void => view.setUint16(index * 2, value & 0xffff, true);
  const text = (index: number, words: number, value: string): void => {
    const padded = value.padEnd(words * 2);
    for (let i = 0; i < words; i++) word(index + i, (padded.charCodeAt(2 * i) << 8) | padded.charCodeAt(2 * i + 1));
  };
  const base = defaultGeometry(totalSectors);
  const chsSectors = Math.min(totalSectors, geometry.cylinders * geometry.heads * geometry.sectors);
  const lba28 = Math.min(totalSectors, 0x0fff_ffff);
  word(0, 0x0040); // a fixed drive
  word(1, base.cylinders);
  word(3, base.heads);
  word(6, base.sectors);
  text(10, 10, `PROCYON${drive}`);
  text(23, 4, "1.0");
  text(27, 20, "PROCYON DISK");
  word(47, 0x8000 | MAX_MULTIPLE);
  word(49, 0x0200); // LBA, no DMA
  word(50, 0x4000);
  word(51, 0x0200);
  word(53, 0x0003); // words 54-58 and 64-70 are valid
  word(54, geometry.cylinders);
  word(55, geometry.heads);
  word(56, geometry.sectors);
  word(57, chsSectors);
  word(58, chsSectors >>> 16);
  word(59, multiple === 0 ? 0 : 0x0100 | multiple);
  word(60, lba28);
  word(61, lba28 >>> 16);
  word(64, 0x0003); // PIO modes 3 and 4
  for (const index of [67, 68]) word(index, 120);
  word(80, 0x007e); // ATA-1 to ATA-6
  word(82, 0x0020); // write cache
  word(83, 0x7400); // LBA48, FLUSH CACHE and its EXT form
  word(84, 0x4000);
  word(85, 0x0020);
  word(86, 0x3400);
  word(87, 0x4000);
  word(100, totalSectors);
  word(101, totalSectors >>> 16);
  word(102, Math.floor(totalSectors / 2 ** 32));
  return bytes;
}
