import { DS, SS, ZERO } from "./constants.ts";
import { type Entry, OPCODES, type Row } from "./opcode-table.ts";

/** Gives the bytes of an instruction one after the other; may throw what fetching raises. */
export interface ByteSource {
  next8(): number;
}

/** An instruction taken apart. One object is used again and again. */
export class Parsed {
  row: Row | null = null; // null: not in the table
  inGroup = false; // the opcode is in the table, but not with this ModRM digit
  opcode = 0;
  operandSize = 32;
  addressSize = 32;
  override = -1; // segment register, -1 none
  repeat = 0;
  lock = false;
  modrm = 0;
  mod = 0;
  reg = 0;
  rm = 0;
  isMemory = false;
  seg = DS;
  base = ZERO;
  index = ZERO;
  scale = 0;
  disp = 0;
  imm = 0;
  imm2 = 0;
  length = 0;
}

const SEGMENT_PREFIX: Readonly<Record<number, number>> = { 0x26: 0, 0x2e: 1, 0x36: 2, 0x3e: 3, 0x64: 4, 0x65: 5 };
// bx+si, bx+di, bp+si, bp+di, si, di, bp, bx
const BASE_16 = [3, 3, 5, 5, 6, 7, 5, 3];
const INDEX_16 = [6, 7, 6, 7, ZERO, ZERO, ZERO, ZERO];

/** Takes an instruction apart by the opcode table. */
export function parseInstruction(source: ByteSource, p: Parsed): void {
  const reader = new Reader(source);
  readPrefixes(reader, p);
  let entry: Entry = OPCODES[p.opcode >= 0xf00 ? 256 + (p.opcode & 0xff) : p.opcode]!;
  p.row = null;
  p.inGroup = Array.isArray(entry);
  p.modrm = 0;
  if (entry === null) {
    if (hasForeignModRm(p.opcode)) p.modrm = reader.byte();
    p.length = reader.count;
    return;
  }
  let haveModRm = false;
  if (Array.isArray(entry)) {
    p.modrm = reader.byte();
    haveModRm = true;
    entry = (entry as readonly (Row | null)[])[(p.modrm >> 3) & 7]!;
  }
  const row = entry as Row | null;
  p.row = row;
  if (row === null) {
    p.length = reader.count;
    return;
  }
  p.isMemory = false;
  if (row.operands.some((operand) => "EMRGS".includes(operand[0]!) && !(operand.length === 2 && operand[1] === "S"))) {
    if (!haveModRm) p.modrm = reader.byte();
    readModRm(reader, p);
  }
  if (p.override >= 0) p.seg = p.override;
  else if (!p.isMemory) p.seg = DS;
  let immediates = 0;
  for (const operand of row.operands) immediates = readImmediate(reader, p, operand, immediates);
  p.length = reader.count;
}

class Reader {
  count = 0;
  private readonly source: ByteSource;
  constructor(source: ByteSource) {
    this.source = source;
  }
  byte(): number {
    this.count++;
    return this.source.next8();
  }
  word(): number {
    return this.byte() | (this.byte() << 8);
  }
  long(): number {
    return this.word() | (this.word() << 16);
  }
}

function hasForeignModRm(opcode: number): boolean {
  return (opcode >= 0xd8 && opcode <= 0xdf) || (opcode >= 0xf10 && opcode !== 0xf77);
}

function readPrefixes(reader: Reader, p: Parsed): void {
  p.operandSize = 32;
  p.addressSize = 32;
  p.override = -1;
  p.repeat = 0;
  p.lock = false;
  for (;;) {
    const byte = reader.byte();
    const segment = SEGMENT_PREFIX[byte];
    if (segment !== undefined) p.override = segment;
    else if (byte === 0x66) p.operandSize = 16;
    else if (byte === 0x67) p.addressSize = 16;
    else if (byte === 0xf0) p.lock = true;
    else if (byte === 0xf2 || byte === 0xf3) p.repeat = byte;
    else {
      p.opcode = byte === 0x0f ? 0xf00 | reader.byte() : byte;
      return;
    }
  }
}

function readModRm(reader: Reader, p: Parsed): void {
  p.mod = p.modrm >> 6;
  p.reg = (p.modrm >> 3) & 7;
  p.rm = p.modrm & 7;
  p.isMemory = p.mod !== 3;
  if (!p.isMemory) return;
  p.base = ZERO;
  p.index = ZERO;
  p.scale = 0;
  p.disp = 0;
  p.seg = DS;
  if (p.addressSize === 16) readAddress16(reader, p);
  else readAddress32(reader, p);
}

function readAddress16(reader: Reader, p: Parsed): void {
  if (p.mod === 0 && p.rm === 6) {
    p.disp = reader.word();
    return;
  }
  p.base = BASE_16[p.rm]!;
  p.index = INDEX_16[p.rm]!;
  if (p.base === 5) p.seg = SS;
  if (p.mod === 1) p.disp = (reader.byte() << 24) >> 24;
  else if (p.mod === 2) p.disp = (reader.word() << 16) >> 16;
}

function readAddress32(reader: Reader, p: Parsed): void {
  let base = p.rm;
  if (base === 4) {
    const sib = reader.byte();
    base = sib & 7;
    const index = (sib >> 3) & 7;
    if (index !== 4) {
      p.index = index;
      p.scale = sib >> 6;
    }
  }
  if (base === 5 && p.mod === 0) {
    p.disp = reader.long();
    return;
  }
  p.base = base;
  if (base === 4 || base === 5) p.seg = SS;
  if (p.mod === 1) p.disp = (reader.byte() << 24) >> 24;
  else if (p.mod === 2) p.disp = reader.long();
}

/** Reads what an operand has after the ModRM bytes; counts immediates, of which there are at most two. */
function readImmediate(reader: Reader, p: Parsed, operand: string, immediates: number): number {
  const wide = p.operandSize === 32;
  let value: number;
  switch (operand) {
    case "Ib":
      value = reader.byte();
      break;
    case "sIb":
    case "Jb":
      value = (reader.byte() << 24) >> 24;
      break;
    case "Iw":
      value = reader.word();
      break;
    case "Iv":
    case "Jv":
      value = wide ? reader.long() : (reader.word() << 16) >> 16;
      break;
    case "Ap":
      p.imm = wide ? reader.long() : reader.word();
      p.imm2 = reader.word();
      return 2;
    case "Ob":
    case "Ov":
      p.isMemory = true;
      p.base = ZERO;
      p.index = ZERO;
      p.scale = 0;
      p.disp = p.addressSize === 32 ? reader.long() : reader.word();
      return immediates;
    case "1":
      value = 1;
      break;
    default:
      return immediates;
  }
  if (immediates === 0) p.imm = value;
  else p.imm2 = value;
  return immediates + 1;
}
