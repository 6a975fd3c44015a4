import { rangeOf28, rangeOf48, type AtaRange } from "./ata-address.ts";
import * as r from "./ata-registers.ts";
import type { AtaDriveState, AtaDue, AtaState, AtaTransfer } from "./ata-state.ts";

export const EXECUTE_DIAGNOSTIC = 0x90;
const POWER_MODE_ACTIVE = 0xff;

/** What a command does at once, and what follows when the drive has looked at it. */
export interface AtaStart {
  readonly what: AtaDue;
  readonly transfer?: AtaTransfer;
  readonly drive?: Partial<AtaDriveState>;
  readonly count?: number;
  readonly identify?: boolean;
  readonly flush?: boolean;
}

const DONE: AtaStart = { what: { kind: "ready" } };
const ABORT: AtaStart = { what: { kind: "fail", error: r.ERROR_ABORTED } };
const NOT_FOUND: AtaStart = { what: { kind: "fail", error: r.ERROR_ID_NOT_FOUND } };

/** Decodes a command (ATA/ATAPI-6 chapter 8). A command that the drive does not know is aborted, as the standard asks. */
export function startCommand(code: number, state: AtaState, drive: AtaDriveState, totalSectors: number): AtaStart {
  const range28 = (): AtaRange => rangeOf28(state, drive.geometry);
  const transfer = (direction: "in" | "out", blockSectors: number, range: AtaRange, extended: boolean): AtaStart => {
    if (blockSectors === 0) return ABORT; // a MULTIPLE command before SET MULTIPLE
    if (!fits(range, totalSectors)) return NOT_FOUND;
    return { what: { kind: "block" }, transfer: { direction, sector: range.sector, sectorsLeft: range.count, blockSectors, extended } };
  };
  switch (code) {
    case 0x20: case 0x21: return transfer("in", 1, range28(), false); // READ SECTORS
    case 0x24: return transfer("in", 1, rangeOf48(state), true);
    case 0xc4: return transfer("in", drive.multiple, range28(), false); // READ MULTIPLE
    case 0x29: return transfer("in", drive.multiple, rangeOf48(state), true);
    case 0x30: case 0x31: return transfer("out", 1, range28(), false); // WRITE SECTORS
    case 0x34: return transfer("out", 1, rangeOf48(state), true);
    case 0xc5: return transfer("out", drive.multiple, range28(), false); // WRITE MULTIPLE
    case 0x39: return transfer("out", drive.multiple, rangeOf48(state), true);
    case 0x40: case 0x41: return fits(range28(), totalSectors) ? DONE : NOT_FOUND; // READ VERIFY
    case 0x42: return fits(rangeOf48(state), totalSectors) ? DONE : NOT_FOUND;
    case 0xec: return { what: { kind: "block" }, identify: true, transfer: { direction: "in", sector: -1, sectorsLeft: 1, blockSectors: 1, extended: false } };
    case 0xc6: return setMultiple(state.count.current);
    case 0x91: return setGeometry(state, totalSectors);
    case 0xef: return setFeatures(state);
    case 0xe7: case 0xea: return { ...DONE, flush: true };
    case EXECUTE_DIAGNOSTIC: return { what: { kind: "reset", interrupt: true } };
    case 0xe0: case 0xe1: case 0xe2: case 0xe3: return DONE; // standby and idle
    case 0xe5: return { ...DONE, count: POWER_MODE_ACTIVE };
    default:
      // RECALIBRATE and SEEK have sixteen codes each and nothing to move.
      return (code & 0xf0) === 0x10 || (code & 0xf0) === 0x70 ? DONE : ABORT;
  }
}

function fits(range: AtaRange, totalSectors: number): boolean {
  return range.sector >= 0 && range.sector + range.count <= totalSectors;
}

function setMultiple(count: number): AtaStart {
  const valid = count <= r.MAX_MULTIPLE && (count & (count - 1)) === 0;
  return valid ? { ...DONE, drive: { multiple: count } } : ABORT;
}

function setGeometry(state: AtaState, totalSectors: number): AtaStart {
  const heads = (state.device & 0x0f) + 1;
  const sectors = state.count.current;
  if (sectors === 0) return ABORT;
  const cylinders = Math.min(65_535, Math.floor(totalSectors / (heads * sectors)));
  return { ...DONE, drive: { geometry: { cylinders, heads, sectors } } };
}

function setFeatures(state: AtaState): AtaStart {
  const pioMode = state.features.current === 0x03 && state.count.current <= 0x0c;
  const writeCache = state.features.current === 0x02 || state.features.current === 0x82;
  return pioMode || writeCache ? DONE : ABORT;
}
