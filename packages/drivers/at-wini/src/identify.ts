import { moveWords } from "@procyon-os/driver";
import type { Program } from "@procyon-os/message";
import { allocate, free, load } from "@procyon-os/syslib";
import { PARTITIONS, type Drive, type Extent } from "./at-wini-state.ts";
import { DATA, probeCommand, simpleCommand } from "./controller.ts";

const IDENTIFY = 0xec;
const SET_MULTIPLE = 0xc6;
const SECTOR_BYTES = 512;
const HAS_LBA = 0x200;
const HAS_LBA48 = 0x400;

/** Sets the block size of READ and WRITE MULTIPLE; a reset makes a drive forget it. */
export function* setMultiple(unit: number, multiple: number): Program<boolean> {
  return (yield* simpleCommand(unit, SET_MULTIPLE, multiple)) === "ok";
}

/** What the 512 bytes of IDENTIFY say, or null for a drive that the driver does not serve: one without LBA. */
export function readIdentify(bytes: Uint8Array): Omit<Drive, "multiple"> & { readonly maxMultiple: number } | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, SECTOR_BYTES);
  const word = (index: number): number => view.getUint16(index * 2, true);
  if ((word(49) & HAS_LBA) === 0) return null;
  const lba28 = view.getUint32(60 * 2, true);
  const sectors = (word(83) & HAS_LBA48) !== 0 ? word(102) * 2 ** 32 + view.getUint32(100 * 2, true) : lba28;
  const none = (count: number): Extent[] => Array.from({ length: count }, () => ({ base: 0, size: 0 }));
  return {
    sectors, cylinders: word(1), heads: word(3), sectorsPerTrack: word(6), maxMultiple: word(47) & 0xff, opens: 0,
    whole: { base: 0, size: sectors * SECTOR_BYTES }, partitions: none(PARTITIONS), subpartitions: none(PARTITIONS * PARTITIONS),
  };
}

/** Looks whether a drive is there, and what it is. */
export function* identifyDrive(unit: number): Program<Drive | "none"> {
  if (!(yield* probeCommand(unit, IDENTIFY))) return "none";
  const buffer = yield* allocate(SECTOR_BYTES);
  yield* moveWords("in", DATA, { kind: "own", address: buffer }, SECTOR_BYTES);
  const found = readIdentify(yield* load(buffer, SECTOR_BYTES));
  free(buffer);
  if (found === null) return "none";
  const { maxMultiple, ...drive } = found;
  const multiple = maxMultiple > 1 && (yield* setMultiple(unit, maxMultiple)) ? maxMultiple : 1;
  return { ...drive, multiple };
}
