import type { Core } from "../core.ts";
import type { Op } from "../op.ts";

// Operands of any size and place, for the instructions that are not worth a handler for each form. Values are
// zero-extended to 32 bits (and then signed, as JavaScript's integers are).

/** Memory operand of 8, 16 or 32 bits. */
export function readMemory(cpu: Core, op: Op): number {
  return op.size === 32 ? cpu.read32(op) : op.size === 16 ? cpu.read16(op) : cpu.read8(op);
}

export function writeMemory(cpu: Core, op: Op, value: number): void {
  if (op.size === 32) cpu.write32(op, value);
  else if (op.size === 16) cpu.write16(op, value);
  else cpu.write8(op, value);
}

export function readRegister(cpu: Core, index: number, size: number): number {
  return size === 32 ? cpu.r[index]! : size === 16 ? cpu.r16[index]! : cpu.r8[index]!;
}

export function writeRegister(cpu: Core, index: number, size: number, value: number): void {
  if (size === 32) cpu.r[index] = value;
  else if (size === 16) cpu.r16[index] = value;
  else cpu.r8[index] = value;
}

/** The destination, only to be looked at. */
export function readA(cpu: Core, op: Op): number {
  return op.mem === 1 ? readMemory(cpu, op) : readRegister(cpu, op.a, op.size);
}

/** The destination, to be written back: every fault of the write comes now. */
export function modifyA(cpu: Core, op: Op): number {
  if (op.mem !== 1) return readRegister(cpu, op.a, op.size);
  if (op.size === 32) return cpu.modify32(op);
  return cpu.readToWrite(op.seg, cpu.address(op), op.size >> 3);
}

export function writeA(cpu: Core, op: Op, value: number): void {
  if (op.mem === 1) writeMemory(cpu, op, value);
  else writeRegister(cpu, op.a, op.size, value);
}

/** The source. */
export function readB(cpu: Core, op: Op): number {
  if (op.hasImm) return op.imm;
  return op.mem === 2 ? readMemory(cpu, op) : readRegister(cpu, op.b, op.size);
}
