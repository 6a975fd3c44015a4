import type { PhysicalMemory } from "../physical-memory.ts";
import { ESP, SS } from "./constants.ts";
import type { Op } from "./op.ts";
import { Segments } from "./segments.ts";

/**
 * Registers, and memory as instructions see it: through segments and pages with the rights of ring 3. The fast paths look
 * into the short cuts; all else, also every access that is not aligned or crosses pages, goes the slow way.
 */
export class MemoryAccess extends Segments {
  readonly r: Int32Array; // layout: constants.ts
  readonly r16: Uint16Array; // the same registers as halves and bytes
  readonly r8: Uint8Array;
  readonly m8: Uint8Array;
  readonly m16: Uint16Array;
  readonly m32: Int32Array;
  private rmwIndex = -1; // word index of the read half of a read-modify-write, or -1
  private rmwOffset = 0;

  constructor(memory: PhysicalMemory, id: number) {
    super(memory, id);
    this.r = memory.tables(id).registers;
    this.r16 = new Uint16Array(this.r.buffer, this.r.byteOffset, 32);
    this.r8 = new Uint8Array(this.r.buffer, this.r.byteOffset, 64);
    this.m8 = memory.bytes;
    this.m16 = memory.halves;
    this.m32 = memory.words;
  }

  read32(op: Op): number {
    const { r } = this;
    const offset = (r[op.base]! + (r[op.index]! << op.scale) + op.disp) | 0;
    const entry = this.readCut[offset >>> 12]!;
    if (entry !== 0 && (offset & 3) === 0) return this.m32[(offset + entry) >> 2]!;
    return this.readSlow(op.seg, offset, 4);
  }

  read8(op: Op): number {
    const { r } = this;
    const offset = (r[op.base]! + (r[op.index]! << op.scale) + op.disp) | 0;
    const entry = this.readCut[offset >>> 12]!;
    if (entry !== 0) return this.m8[(offset + entry - 1) | 0]!;
    return this.readSlow(op.seg, offset, 1);
  }

  /** Zero-extended, as read8. */
  read16(op: Op): number {
    const { r } = this;
    const offset = (r[op.base]! + (r[op.index]! << op.scale) + op.disp) | 0;
    const entry = this.readCut[offset >>> 12]!;
    if (entry !== 0 && (offset & 1) === 0) return this.m16[(offset + entry) >> 1]!;
    return this.readSlow(op.seg, offset, 2);
  }

  write32(op: Op, value: number): void {
    const { r } = this;
    const offset = (r[op.base]! + (r[op.index]! << op.scale) + op.disp) | 0;
    const entry = this.writeCut[offset >>> 12]!;
    if (entry !== 0 && (offset & 3) === 0) this.m32[(offset + entry) >> 2] = value;
    else this.writeSlow(op.seg, offset, 4, value);
  }

  write8(op: Op, value: number): void {
    const { r } = this;
    const offset = (r[op.base]! + (r[op.index]! << op.scale) + op.disp) | 0;
    const entry = this.writeCut[offset >>> 12]!;
    if (entry !== 0) this.m8[(offset + entry - 1) | 0] = value;
    else this.writeSlow(op.seg, offset, 1, value);
  }

  write16(op: Op, value: number): void {
    const { r } = this;
    const offset = (r[op.base]! + (r[op.index]! << op.scale) + op.disp) | 0;
    const entry = this.writeCut[offset >>> 12]!;
    if (entry !== 0 && (offset & 1) === 0) this.m16[(offset + entry) >> 1] = value;
    else this.writeSlow(op.seg, offset, 2, value);
  }

  /** The read half of an instruction that writes back: all checks of the write are made now. */
  modify32(op: Op): number {
    const { r } = this;
    const offset = (r[op.base]! + (r[op.index]! << op.scale) + op.disp) | 0;
    const entry = this.writeCut[offset >>> 12]!;
    if (entry !== 0 && (offset & 3) === 0) return this.m32[(this.rmwIndex = (offset + entry) >> 2)]!;
    this.rmwIndex = -1;
    this.rmwOffset = offset;
    return this.readToWrite(op.seg, offset, 4);
  }

  /** The write half after `modify32`. */
  finish32(op: Op, value: number): void {
    if (this.rmwIndex >= 0) this.m32[this.rmwIndex] = value;
    else this.writeSlow(op.seg, this.rmwOffset, 4, value);
  }

  /** Offset of the memory operand in its segment. */
  address(op: Op): number {
    const { r } = this;
    return (r[op.base]! + (r[op.index]! << op.scale) + op.disp) | 0;
  }

  /** A value of 1, 2 or 4 bytes, zero-extended where shorter. */
  readAt(segment: number, offset: number, size: number): number {
    const entry = this.readCut[offset >>> 12]!;
    if (entry !== 0 && segment <= 3) {
      if (size === 1) return this.m8[(offset + entry - 1) | 0]!;
      if (size === 4 && (offset & 3) === 0) return this.m32[(offset + entry) >> 2]!;
    }
    return this.readSlow(segment, offset, size);
  }

  writeAt(segment: number, offset: number, size: number, value: number): void {
    const entry = this.writeCut[offset >>> 12]!;
    if (entry !== 0 && segment <= 3) {
      if (size === 1) {
        this.m8[(offset + entry - 1) | 0] = value;
        return;
      }
      if (size === 4 && (offset & 3) === 0) {
        this.m32[(offset + entry) >> 2] = value;
        return;
      }
    }
    this.writeSlow(segment, offset, size, value);
  }

  readSlow(segment: number, offset: number, size: number): number {
    const linear = this.segmentLinear(segment, offset, size, false);
    const physical = this.translate(linear, false, true);
    if (physical < 0) this.raisePageFault();
    if (this.inDataSegment(segment, offset)) this.addShortCut(offset, physical, false);
    if ((linear & 0xfff) + size <= 4096) return this.readPhysicalValue(physical, size);
    const boundary = ((linear | 0xfff) + 1) >>> 0;
    const second = this.translate(boundary, false, true);
    if (second < 0) this.raisePageFault();
    const head = 4096 - (linear & 0xfff);
    let value = 0;
    for (let i = 0; i < size; i++)
      value |= this.readPhysicalValue(i < head ? physical + i : second + i - head, 1) << (8 * i);
    return value;
  }

  writeSlow(segment: number, offset: number, size: number, value: number): void {
    const linear = this.segmentLinear(segment, offset, size, true);
    const physical = this.translate(linear, true, true);
    if (physical < 0) this.raisePageFault();
    if (this.inDataSegment(segment, offset)) this.addShortCut(offset, physical, true);
    if ((linear & 0xfff) + size <= 4096) {
      this.writePhysicalValue(physical, size, value);
      return;
    }
    const boundary = ((linear | 0xfff) + 1) >>> 0;
    const second = this.translate(boundary, true, true);
    if (second < 0) this.raisePageFault();
    const head = 4096 - (linear & 0xfff);
    for (let i = 0; i < size; i++)
      this.writePhysicalValue(i < head ? physical + i : second + i - head, 1, value >> (8 * i));
  }

  /** Reads what is going to be written: faults as a write, and after it the write cannot fail. */
  readToWrite(segment: number, offset: number, size: number): number {
    const linear = this.segmentLinear(segment, offset, size, true);
    if (this.translate(linear, true, true) < 0) this.raisePageFault();
    const last = (linear + size - 1) >>> 0;
    if (last >>> 12 !== linear >>> 12 && this.translate(last & ~0xfff, true, true) < 0) this.raisePageFault();
    return this.readSlow(segment, offset, size);
  }

  private readPhysicalValue(physical: number, size: number): number {
    if (physical >= this.memory.size) return size === 4 ? -1 : size === 2 ? 0xffff : 0xff;
    const { m8 } = this;
    if (size === 1) return m8[physical]!;
    const low = m8[physical]! | (m8[physical + 1]! << 8);
    return size === 2 ? low : low | (m8[physical + 2]! << 16) | (m8[physical + 3]! << 24);
  }

  private writePhysicalValue(physical: number, size: number, value: number): void {
    if (physical >= this.memory.size) return;
    const { m8 } = this;
    if (this.memory.codePages[physical >>> 12] !== null) this.memory.dropCode(physical, size);
    m8[physical] = value;
    if (size === 1) return;
    m8[physical + 1] = value >> 8;
    if (size === 2) return;
    m8[physical + 2] = value >> 16;
    m8[physical + 3] = value >> 24;
  }

  push32(value: number): void {
    const { r } = this;
    const offset = (r[ESP]! - 4) | 0;
    const entry = this.writeCut[offset >>> 12]!;
    if (entry !== 0 && (offset & 3) === 0) this.m32[(offset + entry) >> 2] = value;
    else this.writeSlow(SS, offset, 4, value);
    r[ESP] = offset;
  }

  /** The top of the stack; the caller moves ESP when nothing can fail any more. */
  peek32(): number {
    const offset = this.r[ESP]!;
    const entry = this.readCut[offset >>> 12]!;
    if (entry !== 0 && (offset & 3) === 0) return this.m32[(offset + entry) >> 2]!;
    return this.readSlow(SS, offset, 4);
  }
}
