import type { CodePage } from "./cpu/op.ts";

// In the ES library there is no WebAssembly; this is all we need of it.
declare const WebAssembly: {
  Memory: new (descriptor: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
};

const WASM_PAGE = 0x10000;
const TABLE_BYTES = 4 << 20; // a word for each of the 2^20 linear pages
const REGISTER_BYTES = WASM_PAGE;
const MAX_INSTRUCTION = 15;
const PAGE_WEIGHT = 128; // what a page of code costs the host, in decoded instructions
const MOST_DECODED = 400_000; // some 150 MB of the host's memory

/** Where the tables of one CPU lie in the machine's memory: byte offsets, for typed arrays or a compiler. */
export interface CpuTables {
  readonly registers: Int32Array;
  readonly tlb: Int32Array;
  readonly userRead: Int32Array;
  readonly userWrite: Int32Array;
}

/** Who keeps short cuts for writing that must go when a page gets decoded instructions. */
export interface WriteCache {
  forgetWrites(physicalPage: number): void;
}

/**
 * RAM, and behind it the registers and translation tables of each CPU: all in one WebAssembly.Memory, so that compiled
 * code can reach everything. Whoever writes RAM from outside a CPU uses the methods: they drop decoded instructions.
 */
export class PhysicalMemory {
  readonly size: number;
  readonly buffer: ArrayBuffer;
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
  readonly words: Int32Array;
  /** A translation table that is always empty: in its place every access takes the slow path. */
  readonly emptyTable: Int32Array;
  readonly codePages: (CodePage | null)[];
  readonly writeCaches: WriteCache[] = [];
  private decoded = 0; // decoded instructions, and a weight for each page
  private readonly tablesAt: number;
  private readonly cpus: number;

  constructor(bytes: number, cpus: number) {
    if (bytes <= 0 || bytes % WASM_PAGE !== 0) throw new RangeError("RAM is a positive multiple of 64 KiB");
    if (bytes > 0x7000_0000) throw new RangeError("RAM is at most 1792 MiB");
    const perCpu = REGISTER_BYTES + 3 * TABLE_BYTES;
    const pages = (bytes + TABLE_BYTES + cpus * perCpu) / WASM_PAGE;
    this.size = bytes;
    this.cpus = cpus;
    this.buffer = new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer;
    this.bytes = new Uint8Array(this.buffer, 0, bytes);
    this.halves = new Uint16Array(this.buffer, 0, bytes >> 1);
    this.words = new Int32Array(this.buffer, 0, bytes >> 2);
    this.emptyTable = new Int32Array(this.buffer, bytes, TABLE_BYTES >> 2);
    this.tablesAt = bytes + TABLE_BYTES;
    this.codePages = Array.from({ length: bytes >>> 12 }, () => null);
  }

  /** The registers and tables of a CPU. */
  tables(cpu: number): CpuTables {
    if (cpu < 0 || cpu >= this.cpus) throw new RangeError(`no CPU ${cpu}`);
    const at = this.tablesAt + cpu * (REGISTER_BYTES + 3 * TABLE_BYTES);
    const table = (n: number) => new Int32Array(this.buffer, at + REGISTER_BYTES + n * TABLE_BYTES, TABLE_BYTES >> 2);
    return { registers: new Int32Array(this.buffer, at, 64), tlb: table(0), userRead: table(1), userWrite: table(2) };
  }

  /** Writes from outside a CPU: boot loader, DMA, the kernel's own tables. */
  write(physical: number, from: Uint8Array): void {
    this.check(physical, from.length);
    this.dropCode(physical, from.length);
    this.bytes.set(from, physical);
  }

  /** Sets bytes from outside a CPU. */
  fill(physical: number, length: number, byte: number): void {
    this.check(physical, length);
    this.dropCode(physical, length);
    this.bytes.fill(byte, physical, physical + length);
  }

  /** Writes a little-endian word, aligned or not. */
  write32(physical: number, value: number): void {
    this.check(physical, 4);
    this.dropCode(physical, 4);
    if ((physical & 3) === 0) this.words[physical >> 2] = value;
    else for (let i = 0; i < 4; i++) this.bytes[physical + i] = value >> (8 * i);
  }

  /** Reads a little-endian word, aligned or not; signed. */
  read32(physical: number): number {
    this.check(physical, 4);
    if ((physical & 3) === 0) return this.words[physical >> 2]!;
    const { bytes } = this;
    return bytes[physical]! | (bytes[physical + 1]! << 8) | (bytes[physical + 2]! << 16) | (bytes[physical + 3]! << 24);
  }

  /** A copy of a piece of RAM. */
  read(physical: number, length: number): Uint8Array {
    this.check(physical, length);
    return this.bytes.slice(physical, physical + length);
  }

  /** Throws decoded instructions away that overlap bytes about to be written. */
  dropCode(physical: number, length: number): void {
    if (length <= 0) return;
    const last = (physical + length - 1) >>> 12;
    for (let page = physical >>> 12; page <= last; page++) {
      const code = this.codePages[page];
      if (code === null || code === undefined) continue;
      const start = Math.max(physical - page * 4096, 0);
      const end = Math.min(physical + length - page * 4096, 4096);
      this.dropRange(code, start, end);
      if (code.live === 0) this.dropPage(code);
    }
  }

  /** Counts a decoded instruction. */
  addDecoded(code: CodePage): void {
    code.live++;
    this.decoded++;
  }

  /** Throws all decoded instructions away when there are too many: for when none of them is running. */
  trimCode(): void {
    if (this.decoded < MOST_DECODED) return;
    for (const code of this.codePages) {
      if (code === null) continue;
      this.dropRange(code, 0, 4096);
      this.dropPage(code);
    }
  }

  /** Takes a page as holding code from now on: no CPU writes to it without asking. */
  addCodePage(code: CodePage): void {
    this.codePages[code.physical >>> 12] = code;
    this.decoded += PAGE_WEIGHT;
    for (const cache of this.writeCaches) cache.forgetWrites(code.physical >>> 12);
  }

  private dropPage(code: CodePage): void {
    code.dead = true;
    this.codePages[code.physical >>> 12] = null;
    this.decoded -= PAGE_WEIGHT;
  }

  /** Ops that overlap the bytes leave the page; who is still linked to one finds the way to its successor. */
  private dropRange(code: CodePage, start: number, end: number): void {
    if (start < MAX_INSTRUCTION) code.headWrites++;
    for (let at = Math.max(0, start - MAX_INSTRUCTION + 1); at < end; at++) {
      const op = code.ops[at];
      if (op === null || op === undefined || op.length === 0 || at + op.length <= start) continue;
      op.run = code.decode;
      op.length = 0;
      code.ops[at] = null;
      code.live--;
      this.decoded--;
    }
  }

  private check(physical: number, length: number): void {
    if (physical < 0 || length < 0 || physical + length > this.size)
      throw new RangeError(`no RAM at 0x${physical.toString(16)}, ${length} bytes`);
  }
}
