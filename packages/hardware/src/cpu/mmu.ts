import type { PhysicalMemory } from "../physical-memory.ts";
import { CR0_PG, CR0_WP, CR4_PGE, CR4_PSE } from "./constants.ts";

// Page table entries, and the entries of our TLB (which are the same bits with the rights of both levels combined).
const PRESENT = 1;
const WRITE = 2;
const USER = 4;
const ACCESSED = 0x20;
const DIRTY = 0x40;
const LARGE = 0x80;
const GLOBAL = 0x100;

const TLB_ENTRIES = 16384; // when so many were filled, everything is flushed

/**
 * Two-level paging and the TLB of one CPU. `tlb` is the TLB proper, by linear page. `userRead` and `userWrite` are short
 * cuts by *offset in the data segment*, so that base, limit and rights cost the fast path nothing: an entry is the
 * distance from offset to physical address plus 1, or 0. They are filled only from `tlb`, and never outlive it.
 */
export class Mmu {
  readonly memory: PhysicalMemory;
  readonly tlb: Int32Array;
  readonly userRead: Int32Array;
  readonly userWrite: Int32Array;
  tlbFlushes = 0;
  tlbMisses = 0;
  cr2 = 0;
  pageFaultCode = 0; // of the last translation that failed
  dataBase = 0; // of the segment that the short cuts are for
  private readonly filled = new Int32Array(TLB_ENTRIES);
  private filledCount = 0;
  private readonly largeRegions = new Uint8Array(1024); // 4 MB regions with entries from a large page
  private readonly cut = new Int32Array(TLB_ENTRIES);
  private cutCount = 0;
  private cr0Value = 0;
  private cr3Value = 0;
  private cr4Value = 0;

  constructor(memory: PhysicalMemory, id: number) {
    const { tlb, userRead, userWrite } = memory.tables(id);
    this.memory = memory;
    this.tlb = tlb;
    this.userRead = userRead;
    this.userWrite = userWrite;
    memory.writeCaches.push(this);
  }

  get cr0(): number {
    return this.cr0Value;
  }
  set cr0(value: number) {
    this.cr0Value = value | 0;
    this.flush(true);
  }

  get cr3(): number {
    return this.cr3Value >>> 0;
  }
  /** Loads the page directory; entries that are not global leave the TLB. */
  set cr3(value: number) {
    this.cr3Value = value | 0;
    this.flush((this.cr4Value & CR4_PGE) === 0);
  }

  get cr4(): number {
    return this.cr4Value;
  }
  set cr4(value: number) {
    this.cr4Value = value | 0;
    this.flush(true);
  }

  /** INVLPG: also all of the large page that the address lies in. */
  invalidatePage(linear: number): void {
    const region = linear >>> 22;
    this.forgetPage(linear);
    if (this.largeRegions[region] === 0) return;
    for (let page = 0; page < 1024; page++) this.forgetPage((region << 22) | (page << 12));
    this.largeRegions[region] = 0;
  }

  private forgetPage(linear: number): void {
    this.tlb[linear >>> 12] = 0;
    const offset = (linear - this.dataBase) >>> 12;
    this.userRead[offset] = 0;
    this.userWrite[offset] = 0;
  }

  /**
   * The physical address of a linear one, or -1 with `cr2` and `pageFaultCode` set. Sets A and D bits. What lies behind
   * RAM is a valid physical address that nobody answers.
   */
  translate(linear: number, write: boolean, user: boolean): number {
    const entry = this.tlb[linear >>> 12]!;
    if (entry !== 0 && (!write || (entry & DIRTY) !== 0) && this.allowed(entry, write, user))
      return ((entry & ~0xfff) | (linear & 0xfff)) >>> 0;
    return this.miss(linear, write, user);
  }

  /** Throws the short cuts away; the TLB stays. */
  flushShortCuts(): void {
    const { userRead, userWrite, cut } = this;
    for (let i = 0; i < this.cutCount; i++) {
      userRead[cut[i]!] = 0;
      userWrite[cut[i]!] = 0;
    }
    this.cutCount = 0;
  }

  /** Makes a short cut from a whole page of offsets in the data segment to the physical page it was translated to. */
  addShortCut(offset: number, physical: number, write: boolean): void {
    if (physical >= this.memory.size) return;
    if (write && this.memory.codePages[physical >>> 12] !== null) return;
    if (this.cutCount === TLB_ENTRIES) this.flushShortCuts();
    const page = offset >>> 12;
    this.cut[this.cutCount++] = page;
    const entry = (((physical & ~0xfff) - (offset & ~0xfff)) | 0) + 1;
    if (write) this.userWrite[page] = entry;
    else this.userRead[page] = entry;
  }

  /** A physical page has got decoded instructions: writes to it must be seen. */
  forgetWrites(physicalPage: number): void {
    for (let i = 0; i < this.cutCount; i++) {
      const page = this.cut[i]!;
      const entry = this.userWrite[page]!;
      if (entry !== 0 && (entry - 1 + (page << 12)) >>> 12 === physicalPage) this.userWrite[page] = 0;
    }
  }

  private allowed(entry: number, write: boolean, user: boolean): boolean {
    if (user) return (entry & USER) !== 0 && (!write || (entry & WRITE) !== 0);
    return !write || (entry & WRITE) !== 0 || (this.cr0Value & CR0_WP) === 0;
  }

  private miss(linear: number, write: boolean, user: boolean): number {
    this.tlbMisses++;
    let entry: number;
    if ((this.cr0Value & CR0_PG) === 0) entry = (linear & ~0xfff) | PRESENT | WRITE | USER | ACCESSED | DIRTY;
    else entry = this.walk(linear, write, user);
    if (entry === 0) {
      this.cr2 = linear >>> 0;
      this.forgetPage(linear); // a fault drops what the TLB has for the page
      return -1;
    }
    if (this.filledCount === TLB_ENTRIES) this.flush(true);
    const page = linear >>> 12;
    if (this.tlb[page] === 0) this.filled[this.filledCount++] = page;
    this.tlb[page] = entry;
    return ((entry & ~0xfff) | (linear & 0xfff)) >>> 0;
  }

  /** Walks the tables; the new TLB entry, or 0 with `pageFaultCode` set. */
  private walk(linear: number, write: boolean, user: boolean): number {
    const { memory } = this;
    const code = (write ? 2 : 0) | (user ? 4 : 0);
    this.pageFaultCode = code;
    const directoryAt = ((this.cr3Value & ~0xfff) >>> 0) + (linear >>> 22) * 4;
    if (directoryAt >= memory.size) return 0;
    const directory = memory.words[directoryAt >> 2]!;
    if ((directory & PRESENT) === 0) return 0;

    if ((directory & LARGE) !== 0 && (this.cr4Value & CR4_PSE) !== 0) {
      const rights = directory & (PRESENT | WRITE | USER | GLOBAL);
      if (!this.allowed(rights, write, user)) return this.refuse(code);
      const changed = directory | ACCESSED | (write ? DIRTY : 0);
      if (changed !== directory) memory.words[directoryAt >> 2] = changed;
      this.largeRegions[linear >>> 22] = 1;
      return (directory & 0xffc0_0000) | (linear & 0x3f_f000) | rights | (changed & DIRTY);
    }

    const tableAt = ((directory & ~0xfff) >>> 0) + ((linear >>> 12) & 0x3ff) * 4;
    if (tableAt >= memory.size) return 0;
    const page = memory.words[tableAt >> 2]!;
    if ((page & PRESENT) === 0) return 0;
    const rights = (page & directory & (PRESENT | WRITE | USER)) | (page & GLOBAL);
    if (!this.allowed(rights, write, user)) return this.refuse(code);
    if ((directory & ACCESSED) === 0) memory.words[directoryAt >> 2] = directory | ACCESSED;
    const changed = page | ACCESSED | (write ? DIRTY : 0);
    if (changed !== page) memory.words[tableAt >> 2] = changed;
    return (page & ~0xfff) | rights | (changed & DIRTY);
  }

  private refuse(code: number): 0 {
    this.pageFaultCode = code | PRESENT;
    return 0;
  }

  private flush(globalToo: boolean): void {
    const { tlb, filled } = this;
    this.tlbFlushes++;
    this.flushShortCuts();
    let kept = 0;
    for (let i = 0; i < this.filledCount; i++) {
      const page = filled[i]!;
      if (!globalToo && (tlb[page]! & GLOBAL) !== 0) filled[kept++] = page;
      else tlb[page] = 0;
    }
    this.filledCount = kept;
  }
}
