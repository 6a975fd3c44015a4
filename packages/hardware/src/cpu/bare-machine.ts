import { PhysicalMemory } from "../physical-memory.ts";
import { CR0_PG, CR0_WP, CR4_PGE, CR4_PSE } from "./constants.ts";
import type { Ports } from "./core.ts";
import { Cpu } from "./cpu.ts";

const KERNEL = 0xf000_0000; // linear address of physical 0, for the supervisor
const GDT = 0x1000;
const IDT = 0x2000;
const DIRECTORY = 0x3000;
const FIRST_TABLE = 0x10_000;
export const USER_CODE = 0x0b;
export const USER_DATA = 0x13;
const PRESENT = 1;
const WRITE = 2;
const USER = 4;

/** A descriptor as two words. */
export function descriptor(base: number, limit: number, access: number, flags = 0xc): [number, number] {
  const low = (limit & 0xffff) | ((base & 0xffff) << 16);
  const high = ((base >>> 16) & 0xff) | (access << 8) | (limit & 0xf0000) | (flags << 20) | (base & 0xff00_0000);
  return [low, high | 0];
}

/** For tests and benchmarks: memory, a CPU and the tables that a ring 3 program needs; no kernel: the test is it. */
export class BareMachine {
  readonly memory: PhysicalMemory;
  readonly cpu: Cpu;
  readonly frame = new Int32Array(16);
  readonly ports: Ports;
  readonly output: Uint8Array[] = []; // each write
  instructions = 0;
  private nextTable = FIRST_TABLE;
  private nextPage = 0x40_0000;

  constructor(memoryBytes = 32 << 20, cpus = 1) {
    this.ports = { in: () => 0xffff_ffff, out: () => {} };
    this.memory = new PhysicalMemory(memoryBytes, cpus);
    this.cpu = this.addCpu(0);
    this.memory.write32(DIRECTORY + (KERNEL >>> 22) * 4, 0x83);
    this.setDescriptor(1, ...descriptor(0, 0xfffff, 0xfa));
    this.setDescriptor(2, ...descriptor(0, 0xfffff, 0xf2));
    for (const vector of [3, 4, 0x20, 0x21, 0x80]) this.memory.write32(IDT + vector * 8 + 4, 0xee00);
    this.frame.set([USER_DATA | (USER_DATA << 16), USER_DATA | (USER_DATA << 16)]);
    this.frame[12] = USER_CODE;
    this.frame[13] = 0x202;
    this.frame[15] = USER_DATA;
  }

  /** A CPU of this machine, with its tables loaded. */
  addCpu(id: number): Cpu {
    const cpu = new Cpu(this.memory, this.ports, id);
    cpu.loadGdt(KERNEL + GDT, 0x7ff);
    cpu.loadIdt(KERNEL + IDT, 0x7ff);
    cpu.cr3 = DIRECTORY;
    cpu.cr4 = CR4_PSE | CR4_PGE;
    cpu.cr0 = CR0_PG | CR0_WP | 1;
    return cpu;
  }

  setDescriptor(index: number, low: number, high: number): void {
    this.memory.write32(GDT + index * 8, low);
    this.memory.write32(GDT + index * 8 + 4, high);
  }

  /** Maps a fresh page, or the given physical one; returns the physical address. */
  map(linear: number, rights = WRITE | USER, physical = -1): number {
    const at = DIRECTORY + (linear >>> 22) * 4;
    if (this.memory.read32(at) === 0) {
      this.memory.write32(at, this.nextTable | PRESENT | WRITE | USER);
      this.nextTable += 4096;
    }
    if (physical < 0) {
      physical = this.nextPage;
      this.nextPage += 4096;
    }
    this.memory.write32(this.entryOf(linear), (physical & ~0xfff) | rights | PRESENT);
    this.cpu.invalidatePage(linear);
    return physical;
  }

  /** Physical address of the page table entry of a linear address whose table exists. */
  entryOf(linear: number): number {
    const table = this.memory.read32(DIRECTORY + (linear >>> 22) * 4) & ~0xfff;
    return table + ((linear >>> 12) & 0x3ff) * 4;
  }

  /** Maps what is not mapped yet, and writes bytes there. */
  load(linear: number, bytes: Uint8Array, length = bytes.length): void {
    for (let page = linear & ~0xfff; page >>> 0 < linear + length; page += 4096) {
      const entry = this.memory.read32(DIRECTORY + (page >>> 22) * 4) === 0 ? 0 : this.memory.read32(this.entryOf(page));
      if ((entry & PRESENT) === 0) this.map(page);
    }
    if (this.cpu.writeLinear(linear, bytes, 0, bytes.length, false) !== -1) throw new Error("cannot load");
  }

  /** Loads a static ELF file with a stack, and sets the frame to its start. */
  loadElf(file: Uint8Array): void {
    const view = new DataView(file.buffer, file.byteOffset, file.length);
    const headers = view.getUint32(28, true);
    for (let i = 0; i < view.getUint16(44, true); i++) {
      const at = headers + i * view.getUint16(42, true);
      if (view.getUint32(at, true) !== 1) continue;
      const offset = view.getUint32(at + 4, true);
      const bytes = file.subarray(offset, offset + view.getUint32(at + 16, true));
      this.load(view.getUint32(at + 8, true), bytes, view.getUint32(at + 20, true));
    }
    this.stack();
    this.frame[11] = view.getUint32(24, true);
  }

  /** A stack of 64 KiB below 0xb0000000. */
  stack(): void {
    this.load(0xaff0_0000, new Uint8Array(0), 0x10_0000);
    this.frame[14] = 0xb000_0000 - 64;
  }

  /** Runs with int 0x80 as Linux's exit (1) and write (4). Returns the exit status, or throws what else happened. */
  runToExit(budget = 2 ** 40): number {
    const { cpu, frame } = this;
    for (;;) {
      if (!cpu.loadFrame(frame)) throw new Error("bad frame");
      cpu.run(budget);
      cpu.saveFrame(frame);
      this.instructions += cpu.instructions;
      if (cpu.exitVector !== 0x80 || !cpu.exitIsSoftware) throw new Error(this.describe());
      if (frame[9] === 1) return frame[6]!;
      if (frame[9] !== 4) throw new Error(`system call ${frame[9]}`);
      const bytes = new Uint8Array(frame[7]!);
      if (cpu.readLinear(frame[8]!, bytes, 0, bytes.length, true) !== -1) throw new Error(this.describe());
      frame[9] = bytes.length;
      this.output.push(bytes);
    }
  }

  describe(): string {
    const { cpu, frame } = this;
    const code = cpu.exitHasErrorCode ? ` code ${cpu.exitErrorCode}` : "";
    return `exit ${cpu.exitVector}${code} at 0x${(frame[11]! >>> 0).toString(16)} cr2 0x${cpu.cr2.toString(16)} ${cpu.exitText ?? ""}`;
  }
}
