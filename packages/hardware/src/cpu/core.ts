import type { PhysicalMemory } from "../physical-memory.ts";
import type { PortSpace } from "../port-space.ts";
import { CS, ESP, FLAGS, INVALID_OPCODE, IOPL, PROTECTION, SS } from "./constants.ts";
import { CodePage, type Handler, Op } from "./op.ts";
import { Segments } from "./segments.ts";

const PRESENT_USER = 5; // of a TLB entry

/** Thrown by `Core.halt`'s op to leave the loop between two instructions. */
export const STOP = { name: "stop" } as const;

/** Ports as the CPU needs them. */
export type Ports = Pick<PortSpace, "in" | "out">;

/** Registers, memory and control flow as instruction handlers use them. */
export class Core extends Segments {
  readonly r: Int32Array; // layout: constants.ts
  readonly r16: Uint16Array; // the same registers as halves and bytes
  readonly r8: Uint8Array;
  readonly m8: Uint8Array;
  readonly m16: Uint16Array;
  readonly m32: Int32Array;
  readonly ports: Ports;
  private readonly decode: Handler;
  eip = 0; // valid between runs, and while `cross` or `halted` is the next op
  pageEip = 0; // eip of the first byte of the page that runs
  codePage: CodePage;
  readonly cross: Op; // next op when the next instruction lies in another page
  readonly halted: Op; // next op to leave the loop
  stopRequested = false;
  wantsTsc = false; // why `halted` was returned: RDTSC
  private rmwIndex = -1; // word index of the read half of a read-modify-write, or -1
  private rmwOffset = 0;

  constructor(memory: PhysicalMemory, ports: Ports, id: number, decode: Handler) {
    super(memory, id);
    this.decode = decode;
    this.ports = ports;
    this.r = memory.tables(id).registers;
    this.r16 = new Uint16Array(this.r.buffer, this.r.byteOffset, 32);
    this.r8 = new Uint8Array(this.r.buffer, this.r.byteOffset, 64);
    this.m8 = memory.bytes;
    this.m16 = memory.halves;
    this.m32 = memory.words;
    this.codePage = new CodePage(0, decode);
    this.cross = new Op(this.codePage, -1, enterHere);
    this.halted = new Op(this.codePage, -1, () => {
      throw STOP;
    });
  }

  // ---- memory -------------------------------------------------------------------------------------------------------

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

  // ---- stack --------------------------------------------------------------------------------------------------------

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

  // ---- control flow -------------------------------------------------------------------------------------------------

  /** The op of an address to jump to. Raises #GP behind the limit; nothing may have changed before. */
  jump(eip: number): Op {
    if (eip >>> 0 > this.limits[CS]! >>> 0) this.raise(PROTECTION, 0, true);
    const off = (eip - this.pageEip) >>> 0;
    if (off < 4096) {
      const op = this.codePage.ops[off];
      if (op !== null && op !== undefined && !this.codePage.dead) return op;
    }
    this.eip = eip;
    return this.enterKnown() ?? this.cross;
  }

  /** Follows a direct jump. */
  take(op: Op): Op {
    const { taken } = op;
    if (taken.off >>> 0 > 4095 && (this.pageEip + taken.off) >>> 0 > this.limits[CS]! >>> 0)
      this.raise(PROTECTION, 0, true);
    return taken;
  }

  /** EIP of an op in the page that runs. */
  eipOf(op: Op): number {
    return (this.pageEip + op.off) | 0;
  }

  /** Leaves the loop before the instruction at `eip`. */
  halt(eip: number): Op {
    this.eip = eip;
    return this.halted;
  }

  /** The op at `this.eip`, when its translation, its page and itself are known; makes its page the running one. */
  private enterKnown(): Op | null {
    const { eip } = this;
    if (eip >>> 0 >= this.wholePagesEnd) return null;
    const linear = (eip + this.bases[CS]!) | 0;
    const entry = this.tlb[linear >>> 12]!;
    if ((entry & PRESENT_USER) !== PRESENT_USER) return null;
    const page = this.memory.codePages[entry >>> 12];
    if (page === null || page === undefined) return null;
    const off = linear & 0xfff;
    const op = page.ops[off];
    if (op === null || op === undefined) return null;
    this.codePage = page;
    this.pageEip = (eip - off) | 0;
    return op;
  }

  /** Finds the op at `this.eip`, which becomes part of the running page. Raises what fetching raises. */
  enter(): Op {
    const known = this.enterKnown();
    if (known !== null) return known;
    const { eip } = this;
    if (eip >>> 0 > this.limits[CS]! >>> 0) this.raise(PROTECTION, 0, true);
    const linear = (eip + this.bases[CS]!) >>> 0;
    const physical = this.translate(linear, false, true);
    if (physical < 0) this.raisePageFault();
    const off = linear & 0xfff;
    const pageEip = (eip - off) | 0;
    // A page that is not wholly inside the limit is walked step by step.
    if (!this.wholePage(pageEip)) this.leaveForSteps();
    this.codePage = this.pageAt(physical);
    this.pageEip = pageEip;
    return opAt(this.codePage, off);
  }

  /** Whether a page of code lies within the limit of CS as a whole. */
  wholePage(pageEip: number): boolean {
    const limit = this.limits[CS]! >>> 0;
    return pageEip >>> 0 <= limit && pageEip >>> 0 <= 0xffff_f000 && (pageEip >>> 0) + 4095 <= limit;
  }

  pageAt(physical: number): CodePage {
    if (physical >= this.memory.size) return this.undefinedOpcode("code outside RAM");
    let page = this.memory.codePages[physical >>> 12];
    if (page === null || page === undefined) {
      page = new CodePage(physical & ~0xfff, this.decode);
      this.memory.addCodePage(page);
    }
    return page;
  }

  /** #UD, with words on what we do not implement. */
  undefinedOpcode(text: string | null): never {
    this.exitText = text;
    return this.raise(INVALID_OPCODE, 0, false);
  }

  /** #GP unless IOPL is 3. */
  checkIopl(): void {
    if ((this.r[FLAGS]! & IOPL) !== IOPL) this.raise(PROTECTION, 0, true);
  }

  protected stepping = false; // the loop runs one instruction at a time
  private leaveForSteps(): void {
    if (!this.stepping) throw STOP;
  }
}

function enterHere(cpu: Core): Op {
  const op = cpu.enter();
  return op.run(cpu, op);
}

/** Runs where a page of code is left, by falling off its end or by a direct jump. */
function leavePage(cpu: Core, op: Op): Op {
  cpu.eip = (cpu.pageEip + op.off) | 0;
  return enterHere(cpu);
}

/** The op at an offset of a page; outside of the page, an op that goes there. */
export function opAt(page: CodePage, off: number): Op {
  if (off < 0 || off > 4095) return new Op(page, off, leavePage);
  const known = page.ops[off];
  if (known !== null && known !== undefined) return known;
  const op = new Op(page, off, page.decode);
  page.ops[off] = op;
  return op;
}
