import { CS, DS, ES, NOT_PRESENT, PAGE_FAULT, PROTECTION, SS, STACK_FAULT } from "./constants.ts";
import { LinearMemory } from "./linear-memory.ts";
import type { PhysicalMemory } from "../physical-memory.ts";

// Bits of a descriptor's second word (Intel 80386 manual, 5.1.3).
const ACCESSED = 1 << 8;
const WRITABLE_OR_READABLE = 1 << 9;
const EXPAND_DOWN_OR_CONFORMING = 1 << 10;
const CODE = 1 << 11;
const NOT_SYSTEM = 1 << 12;
const DPL = 3 << 13;
const DPL_3 = 3 << 13;
const DESCRIPTOR_PRESENT = 1 << 15;
const BIG = 1 << 22;
const GRANULARITY = 1 << 23;
const LDT_TYPE = 2;

/** Thrown through the interpreter when an instruction faults; the exit fields say how. Nobody else may catch it. */
export const FAULT = { name: "guest fault" } as const;

/** Segment registers with the descriptors behind them, as ring 3 loads and uses them. */
export class Segments extends LinearMemory {
  readonly id: number;
  readonly selectors = new Int32Array(6);
  readonly bases = new Int32Array(6);
  readonly limits = new Int32Array(6); // unsigned
  readonly rights = new Int32Array(6); // the descriptor's second word, 0 for a null selector
  exited = false; // the run is over: the exit fields say why
  exitVector = -1;
  exitHasErrorCode = false;
  exitIsSoftware = false;
  exitText: string | null = null;
  /** Below this EIP all pages of code lie within the limit of CS as a whole; 0 where that is not simple. */
  protected wholePagesEnd = 0;
  /** The tables that the fast paths use: the short cuts, or the empty table. */
  readCut: Int32Array;
  writeCut: Int32Array;
  private gdtBase = 0;
  private gdtLimit = 0;
  private idtBase = 0;
  private idtLimit = 0;
  private ldtSelector = 0;
  private ldtBase = 0;
  private ldtLimit = -1;
  private oneDataSegment = false; // DS, ES and SS are the same plain segment
  private dataLimit = 0; // of the segment that the short cuts are for
  private low = 0; // the descriptor read last
  private high = 0;

  constructor(memory: PhysicalMemory, id: number) {
    super(memory, id);
    this.id = id;
    this.readCut = memory.emptyTable;
    this.writeCut = memory.emptyTable;
  }

  /** LGDT; the base is a linear address. */
  loadGdt(base: number, limit: number): void {
    this.gdtBase = base >>> 0;
    this.gdtLimit = limit & 0xffff;
  }

  /** LIDT; the base is a linear address. */
  loadIdt(base: number, limit: number): void {
    this.idtBase = base >>> 0;
    this.idtLimit = limit & 0xffff;
  }

  /** LLDT: reads the descriptor from the GDT now, and throws when there is none: that is the kernel's mistake. */
  loadLdt(selector: number): void {
    this.ldtSelector = selector & 0xffff;
    this.ldtLimit = -1;
    if ((selector & 0xfffc) === 0) return;
    if (!this.isLdt(selector)) throw new Error(`selector 0x${selector.toString(16)} is no LDT`);
    this.ldtBase = descriptorBase(this.low, this.high) >>> 0;
    this.ldtLimit = descriptorLimit(this.low, this.high);
  }

  /** What SGDT and SIDT store, and SLDT. */
  get tables(): { gdtBase: number; gdtLimit: number; idtBase: number; idtLimit: number; ldtSelector: number } {
    const { gdtBase, gdtLimit, idtBase, idtLimit, ldtSelector } = this;
    return { gdtBase, gdtLimit, idtBase, idtLimit, ldtSelector };
  }

  /** Ends the instruction with an exception. */
  raise(vector: number, errorCode: number, hasErrorCode: boolean): never {
    this.exitVector = vector;
    this.exitErrorCode = errorCode;
    this.exitHasErrorCode = hasErrorCode;
    throw FAULT;
  }

  raisePageFault(): never {
    return this.raise(PAGE_FAULT, this.pageFaultCode, true);
  }

  /** Loads a segment register as an instruction in ring 3 does. */
  loadSegment(segment: number, selector: number): void {
    selector &= 0xffff;
    const code = selector & 0xfffc;
    if (code === 0) {
      if (segment === SS || segment === CS) this.raise(PROTECTION, 0, true);
      this.setSegment(segment, selector, 0, 0, 0);
      return;
    }
    if (!this.readDescriptor(selector)) this.raise(PROTECTION, code, true);
    if (!this.loadable(segment, selector, this.high)) this.raise(PROTECTION, code, true);
    if ((this.high & DESCRIPTOR_PRESENT) === 0) this.raise(segment === SS ? STACK_FAULT : NOT_PRESENT, code, true);
    this.markAccessed(selector);
    const { low, high } = this;
    this.setSegment(segment, selector, descriptorBase(low, high), descriptorLimit(low, high), high);
  }

  /** Loads a data segment register with what DS holds: the usual case, without reading the descriptor again. */
  protected copyDataSegment(segment: number): void {
    const { selectors, bases, limits, rights } = this;
    this.setSegment(segment, selectors[DS]!, bases[DS]!, limits[DS]!, rights[DS]!);
  }

  /** Reads a descriptor for LAR, LSL, VERR and VERW: its second word, or 0 where ring 3 must not see it. */
  visibleDescriptor(selector: number): number {
    if ((selector & 0xfffc) === 0 || !this.readDescriptor(selector)) return 0;
    const { high } = this;
    const conforming = (high & (NOT_SYSTEM | CODE | EXPAND_DOWN_OR_CONFORMING)) === (NOT_SYSTEM | CODE | EXPAND_DOWN_OR_CONFORMING);
    return conforming || (high & DPL) === DPL_3 ? high : 0;
  }

  /** The limit in bytes of the descriptor that visibleDescriptor read. */
  visibleLimit(): number {
    return descriptorLimit(this.low, this.high);
  }

  /** The linear address of an access, checked against rights and limit of the segment. */
  segmentLinear(segment: number, offset: number, size: number, write: boolean): number {
    const rights = this.rights[segment]!;
    const start = offset >>> 0;
    const last = start + size - 1;
    const limit = this.limits[segment]! >>> 0;
    let ok: boolean;
    if (rights === 0) ok = false;
    else if ((rights & CODE) !== 0) ok = !write && (rights & WRITABLE_OR_READABLE) !== 0 && last <= limit;
    else if (write && (rights & WRITABLE_OR_READABLE) === 0) ok = false;
    else if ((rights & EXPAND_DOWN_OR_CONFORMING) === 0) ok = last <= limit;
    else ok = start > limit && last <= ((rights & BIG) !== 0 ? 0xffff_ffff : 0xffff);
    if (!ok) this.raise(segment === SS ? STACK_FAULT : PROTECTION, 0, true);
    return (start + this.bases[segment]!) >>> 0;
  }

  /** Whether the short cuts may hold the whole page of this offset. */
  inDataSegment(segment: number, offset: number): boolean {
    return this.readCut === this.userRead && segment !== CS && segment <= DS && (offset | 0xfff) >>> 0 <= this.dataLimit;
  }

  /** Whether the gate of a vector may be used by INT in ring 3; raises what the machine would if not. */
  checkGate(vector: number): void {
    const code = vector * 8 + 2;
    if (vector * 8 + 7 > this.idtLimit) this.raise(PROTECTION, code, true);
    const high = this.readSystem32(this.idtBase + vector * 8 + 4);
    const type = (high >> 8) & 0x1f;
    if (type !== 0xe && type !== 0xf && type !== 0x5 && type !== 0x6 && type !== 0x7) this.raise(PROTECTION, code, true);
    if ((high & DPL) !== DPL_3) this.raise(PROTECTION, code, true);
    if ((high & DESCRIPTOR_PRESENT) === 0) this.raise(NOT_PRESENT, code, true);
  }

  /** Code and stack segments of 16 bits are not implemented; names the one that is loaded, or null. */
  protected unsupportedSegment(): string | null {
    if ((this.rights[CS]! & BIG) === 0) return "16-bit code segment";
    if ((this.rights[SS]! & BIG) === 0) return "16-bit stack segment";
    return null;
  }

  private isLdt(selector: number): boolean {
    try {
      if ((selector & 4) !== 0 || !this.readDescriptor(selector)) return false;
    } catch (thrown) {
      if (thrown === FAULT) return false; // the GDT is not mapped
      throw thrown;
    }
    return ((this.high >> 8) & 0x9f) === (0x80 | LDT_TYPE);
  }

  private loadable(segment: number, selector: number, high: number): boolean {
    if ((high & NOT_SYSTEM) === 0) return false;
    const isCode = (high & CODE) !== 0;
    const conforming = isCode && (high & EXPAND_DOWN_OR_CONFORMING) !== 0;
    if (segment === CS) return isCode && (selector & 3) === 3 && (conforming || (high & DPL) === DPL_3);
    if (segment === SS && (isCode || (high & WRITABLE_OR_READABLE) === 0 || (selector & 3) !== 3)) return false;
    if (isCode && (high & WRITABLE_OR_READABLE) === 0) return false;
    return conforming || (high & DPL) === DPL_3;
  }

  private setSegment(segment: number, selector: number, base: number, limit: number, rights: number): void {
    this.selectors[segment] = selector;
    this.bases[segment] = base;
    this.limits[segment] = limit;
    this.rights[segment] = rights;
    if (segment === CS) {
      const pages = Math.floor(((limit >>> 0) + 1) / 4096);
      this.wholePagesEnd = (base & 0xfff) === 0 && (rights & BIG) !== 0 ? pages * 4096 : 0;
    } else if (segment <= DS) this.updateShortCuts();
  }

  /** Points the fast paths to the short cuts, or to nothing. */
  chooseTables(): void {
    this.readCut = this.oneDataSegment ? this.userRead : this.memory.emptyTable;
    this.writeCut = this.oneDataSegment ? this.userWrite : this.memory.emptyTable;
  }

  /** The short cuts serve DS, ES and SS while these are one plain writable segment; else nobody. */
  private updateShortCuts(): void {
    const { bases, limits, rights } = this;
    const base = bases[DS]!;
    const limit = limits[DS]!;
    const plain = NOT_SYSTEM | WRITABLE_OR_READABLE;
    const all = plain | CODE | EXPAND_DOWN_OR_CONFORMING;
    let same = (base & 0xfff) === 0;
    for (const s of [ES, SS, DS]) same &&= bases[s] === base && limits[s] === limit && (rights[s]! & all) === plain;
    this.oneDataSegment = same;
    this.chooseTables();
    if (!same || (base === this.dataBase && limit >>> 0 === this.dataLimit)) return;
    this.flushShortCuts();
    this.dataBase = base;
    this.dataLimit = limit >>> 0;
  }

  private readDescriptor(selector: number): boolean {
    const local = (selector & 4) !== 0;
    const at = selector & 0xfff8;
    const limit = local ? this.ldtLimit : this.gdtLimit;
    if (limit === -1 || at + 7 > limit >>> 0) return false;
    const base = local ? this.ldtBase : this.gdtBase;
    this.low = this.readSystem32(base + at);
    this.high = this.readSystem32(base + at + 4);
    return true;
  }

  private markAccessed(selector: number): void {
    if ((this.high & ACCESSED) !== 0) return;
    const base = (selector & 4) !== 0 ? this.ldtBase : this.gdtBase;
    this.high |= ACCESSED;
    this.writeLinear32(base + (selector & 0xfff8) + 4, this.high);
    if (this.faulted) this.raisePageFault();
  }

  private readSystem32(linear: number): number {
    const value = this.readLinear32(linear >>> 0);
    if (this.faulted) this.raisePageFault();
    return value;
  }
}

function descriptorBase(low: number, high: number): number {
  return (low >>> 16) | ((high & 0xff) << 16) | (high & 0xff00_0000);
}

function descriptorLimit(low: number, high: number): number {
  const limit = (low & 0xffff) | (high & 0xf_0000);
  return (high & GRANULARITY) !== 0 ? (limit << 12) | 0xfff : limit;
}

