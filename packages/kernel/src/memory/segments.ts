import { REG_CS, REG_ES_DS, REG_GS_FS, REG_SS } from "@procyon-os/contract-kernel";
import type { Cpu, PhysicalMemory } from "@procyon-os/hardware";
import { NR_PROCS, NR_TASKS } from "@procyon-os/message";
import { dataBase, dataLimit, textBase, T_LEN, T_VIR, type Process } from "../processes/process.ts";

/** Where the kernel's own tables lie: its region at 2 MB, as the kernel of MINIX is linked (reference/kernel.md 10). */
export const KERNEL_BASE = 0x200000;
export const KERNEL_BYTES = 0x10000;
const GDT = KERNEL_BASE;
const IDT = KERNEL_BASE + 0x1000;
const LDTS = KERNEL_BASE + 0x2000;
const LDT_BYTES = 16;

/** Selectors of a user process (reference/kernel.md 4.2). */
export const USER_CS = 0x07;
export const USER_DS = 0x0f;

const GDT_FIXED_ENTRIES = 8;
const IDT_ENTRIES = 256;
const GATE_INTERRUPT_DPL0 = 0x8e;
const GATE_INTERRUPT_DPL3 = 0xee;
const KERNEL_CS = 0x30;
const ACCESS_LDT = 0x82;
const ACCESS_USER_CODE = 0xfa;
const ACCESS_USER_DATA = 0xf2;
const ACCESS_KERNEL_CODE = 0x9a;
const ACCESS_KERNEL_DATA = 0x92;
const BIG = 0x4; // 32-bit operands
const PAGE_GRANULAR = 0x8;
const BYTE_GRANULAR_MOST = 0xfffff;

/** The 8 bytes of a segment descriptor; size 0 stands for 4 GB. */
export function descriptor(base: number, size: number, access: number): Uint8Array {
  let limit = size === 0 || size > 0xffffffff ? 0xffffffff : size - 1;
  let flags = BIG;
  if (limit > BYTE_GRANULAR_MOST) {
    limit = limit >>> 12;
    flags |= PAGE_GRANULAR;
  }
  return Uint8Array.of(
    limit & 0xff, (limit >>> 8) & 0xff, base & 0xff, (base >>> 8) & 0xff, (base >>> 16) & 0xff, access,
    (flags << 4) | ((limit >>> 16) & 0xf), (base >>> 24) & 0xff,
  );
}

/** The descriptor tables: real ones, in memory, since the CPU reads them. */
export class Segments {
  private readonly memory: PhysicalMemory;
  private readonly firstLdt: number; // GDT index of the first LDT descriptor

  constructor(memory: PhysicalMemory, cpus: number) {
    this.memory = memory;
    this.firstLdt = GDT_FIXED_ENTRIES + cpus;
  }

  /** Writes GDT and IDT, and tells every CPU where they are. */
  install(cpus: readonly Cpu[]): void {
    this.setGdt(3, descriptor(0, 0, ACCESS_KERNEL_DATA));
    this.setGdt(4, descriptor(0, 0, ACCESS_KERNEL_DATA));
    this.setGdt(6, descriptor(0, 0, ACCESS_KERNEL_CODE));
    const slots = NR_TASKS + NR_PROCS;
    for (let index = 0; index < slots; index++) {
      this.setGdt(this.firstLdt + index, descriptor(LDTS + index * LDT_BYTES, LDT_BYTES, ACCESS_LDT));
    }
    for (let vector = 0; vector < IDT_ENTRIES; vector++) this.setGate(vector);
    for (const cpu of cpus) {
      cpu.loadGdt(GDT, (this.firstLdt + slots) * 8 - 1);
      cpu.loadIdt(IDT, IDT_ENTRIES * 8 - 1);
    }
  }

  /** The selector of a process's LDT. */
  ldtSelector(process: Process): number {
    return (this.firstLdt + process.slot + NR_TASKS) * 8;
  }

  /** The 16 bytes of a process's LDT, for reports. */
  ldt(process: Process): Uint8Array {
    return this.memory.read(LDTS + (process.slot + NR_TASKS) * LDT_BYTES, LDT_BYTES);
  }

  /** The 8 bytes of an entry of the GDT; none behind its end. */
  gdtEntry(index: number): Uint8Array {
    const entries = this.firstLdt + NR_TASKS + NR_PROCS;
    return index < entries ? this.memory.read(GDT + index * 8, 8) : new Uint8Array(0);
  }

  /** Makes LDT and selectors of a process from its memory map. */
  update(process: Process): void {
    const size = dataLimit(process);
    const textClicks = process.map[T_LEN] as number;
    // Without text of its own the whole of data may be executed, as in MINIX.
    const codeSize = ((process.map[T_VIR] as number) + textClicks) * 4096;
    const code = descriptor(textBase(process), textClicks === 0 ? size : codeSize, ACCESS_USER_CODE);
    const at = LDTS + (process.slot + NR_TASKS) * LDT_BYTES;
    this.memory.write(at, code);
    this.memory.write(at + 8, descriptor(dataBase(process), size, ACCESS_USER_DATA));
    process.frame[REG_CS] = USER_CS;
    process.frame[REG_SS] = USER_DS;
    process.frame[REG_ES_DS] = process.frame[REG_GS_FS] = (USER_DS << 16) | USER_DS;
  }

  private setGdt(index: number, bytes: Uint8Array): void {
    this.memory.write(GDT + index * 8, bytes);
  }

  /** Exceptions and interrupts: only 3, 4 and the kernel's two doors are open to programs. */
  private setGate(vector: number): void {
    const open = vector === 3 || vector === 4 || vector === 32 || vector === 33;
    const present = vector <= 19 || open || (vector >= 0x50 && vector < 0x58) || (vector >= 0x70 && vector < 0x78);
    if (!present) return;
    const gate = Uint8Array.of(0, 0, KERNEL_CS, 0, 0, open ? GATE_INTERRUPT_DPL3 : GATE_INTERRUPT_DPL0, 0, 0);
    this.memory.write(IDT + vector * 8, gate);
  }
}
