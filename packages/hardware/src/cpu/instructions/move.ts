import { BOUND, EAX, EDX } from "../constants.ts";
import { condition } from "../flags.ts";
import type { Handler } from "../op.ts";
import { modifyA, readB, readMemory, readRegister, writeA, writeRegister } from "./operands.ts";

const mov: Handler = (cpu, op) => {
  writeA(cpu, op, readB(cpu, op));
  return op.next;
};
const movRr32: Handler = (cpu, op) => {
  const { r } = cpu;
  r[op.a] = r[op.b]!;
  return op.next;
};
const movRi32: Handler = (cpu, op) => {
  cpu.r[op.a] = op.imm;
  return op.next;
};
const movRm32: Handler = (cpu, op) => {
  cpu.r[op.a] = cpu.read32(op);
  return op.next;
};
const movMr32: Handler = (cpu, op) => {
  cpu.write32(op, cpu.r[op.b]!);
  return op.next;
};
const movMi32: Handler = (cpu, op) => {
  cpu.write32(op, op.imm);
  return op.next;
};
const movRr8: Handler = (cpu, op) => {
  cpu.r8[op.a] = cpu.r8[op.b]!;
  return op.next;
};
const movRi8: Handler = (cpu, op) => {
  cpu.r8[op.a] = op.imm;
  return op.next;
};
const movRm8: Handler = (cpu, op) => {
  cpu.r8[op.a] = cpu.read8(op);
  return op.next;
};
const movMr8: Handler = (cpu, op) => {
  cpu.write8(op, cpu.r8[op.b]!);
  return op.next;
};
const movMi8: Handler = (cpu, op) => {
  cpu.write8(op, op.imm);
  return op.next;
};
const movMr16: Handler = (cpu, op) => {
  cpu.write16(op, cpu.r16[op.b]!);
  return op.next;
};

const movzxbRr32: Handler = (cpu, op) => {
  cpu.r[op.a] = cpu.r8[op.b]!;
  return op.next;
};
const movzxbRm32: Handler = (cpu, op) => {
  cpu.r[op.a] = cpu.read8(op);
  return op.next;
};
const movzxwRr32: Handler = (cpu, op) => {
  cpu.r[op.a] = cpu.r16[op.b]!;
  return op.next;
};
const movzxwRm32: Handler = (cpu, op) => {
  cpu.r[op.a] = cpu.read16(op);
  return op.next;
};
const movsxbRr32: Handler = (cpu, op) => {
  cpu.r[op.a] = (cpu.r8[op.b]! << 24) >> 24;
  return op.next;
};
const movsxbRm32: Handler = (cpu, op) => {
  cpu.r[op.a] = (cpu.read8(op) << 24) >> 24;
  return op.next;
};
const movsxwRr32: Handler = (cpu, op) => {
  cpu.r[op.a] = (cpu.r16[op.b]! << 16) >> 16;
  return op.next;
};
const movsxwRm32: Handler = (cpu, op) => {
  cpu.r[op.a] = (cpu.read16(op) << 16) >> 16;
  return op.next;
};

const extend =
  (bits: number, signed: boolean): Handler =>
  (cpu, op) => {
    let value: number;
    if (op.mem === 2) value = bits === 8 ? cpu.read8(op) : cpu.read16(op);
    else value = readRegister(cpu, op.b, bits);
    writeRegister(cpu, op.a, op.size, signed ? (value << (32 - bits)) >> (32 - bits) : value);
    return op.next;
  };

const lea32: Handler = (cpu, op) => {
  cpu.r[op.a] = cpu.address(op);
  return op.next;
};
const lea16: Handler = (cpu, op) => {
  cpu.r16[op.a] = cpu.address(op);
  return op.next;
};

const xchg: Handler = (cpu, op) => {
  const a = modifyA(cpu, op);
  const b = readB(cpu, op);
  writeA(cpu, op, b);
  writeRegister(cpu, op.b, op.size, a);
  return op.next;
};

const bswap32: Handler = (cpu, op) => {
  const v = cpu.r[op.a]!;
  cpu.r[op.a] = (v << 24) | ((v & 0xff00) << 8) | ((v >>> 8) & 0xff00) | (v >>> 24);
  return op.next;
};
// Undefined by the manual; processors give zero.
const bswap16: Handler = (cpu, op) => {
  cpu.r16[op.a] = 0;
  return op.next;
};

const cbw32: Handler = (cpu, op) => {
  cpu.r[EAX] = (cpu.r[EAX]! << 16) >> 16;
  return op.next;
};
const cbw16: Handler = (cpu, op) => {
  cpu.r16[EAX] = (cpu.r8[EAX]! << 24) >> 24;
  return op.next;
};
const cwd32: Handler = (cpu, op) => {
  cpu.r[EDX] = cpu.r[EAX]! >> 31;
  return op.next;
};
const cwd16: Handler = (cpu, op) => {
  cpu.r16[EDX * 2] = (cpu.r16[EAX]! << 16) >> 31;
  return op.next;
};

const setcc: Handler = (cpu, op) => {
  writeA(cpu, op, condition(cpu.r, op.opcode & 15) ? 1 : 0);
  return op.next;
};
// The source is read, and faults, whatever the condition.
const cmov: Handler = (cpu, op) => {
  const b = op.mem === 2 ? readMemory(cpu, op) : readRegister(cpu, op.b, op.size);
  if (condition(cpu.r, op.opcode & 15)) writeRegister(cpu, op.a, op.size, b);
  return op.next;
};

const nop: Handler = (_cpu, op) => op.next;

const xlat: Handler = (cpu, op) => {
  const address = (cpu.r[3]! + cpu.r8[0]!) | 0;
  cpu.r8[0] = cpu.readAt(op.seg, op.addressSize === 16 ? address & 0xffff : address, 1);
  return op.next;
};

const bound: Handler = (cpu, op) => {
  const bytes = op.size >> 3;
  const at = cpu.address(op);
  const low = cpu.readSlow(op.seg, at, bytes);
  const high = cpu.readSlow(op.seg, (at + bytes) | 0, bytes);
  const extra = 32 - op.size;
  const index = readRegister(cpu, op.a, op.size) << extra;
  if (index < low << extra || index > high << extra) cpu.raise(BOUND, 0, false);
  return op.next;
};

const CONDITIONS = "o no b ae e ne be a s ns p np l ge le g".split(" ");

/** Moves, extensions, exchanges and conditional moves. */
export const MOVES: Readonly<Record<string, Handler>> = {
  mov,
  mov_rr32: movRr32,
  mov_ri32: movRi32,
  mov_rm32: movRm32,
  mov_mr32: movMr32,
  mov_mi32: movMi32,
  mov_rr8: movRr8,
  mov_ri8: movRi8,
  mov_rm8: movRm8,
  mov_mr8: movMr8,
  mov_mi8: movMi8,
  mov_mr16: movMr16,
  movzxb_rr32: movzxbRr32,
  movzxb_rm32: movzxbRm32,
  movzxw_rr32: movzxwRr32,
  movzxw_rm32: movzxwRm32,
  movsxb_rr32: movsxbRr32,
  movsxb_rm32: movsxbRm32,
  movsxw_rr32: movsxwRr32,
  movsxw_rm32: movsxwRm32,
  movzxb: extend(8, false),
  movzxw: extend(16, false),
  movsxb: extend(8, true),
  movsxw: extend(16, true),
  lea_rm32: lea32,
  lea_rm16: lea16,
  xchg,
  bswap_r32: bswap32,
  bswap_r16: bswap16,
  cbw_32: cbw32,
  cbw_16: cbw16,
  cwd_32: cwd32,
  cwd_16: cwd16,
  nop,
  fwait: nop,
  xlat,
  bound,
  ...Object.fromEntries(CONDITIONS.map((name) => [`set${name}`, setcc])),
  ...Object.fromEntries(CONDITIONS.map((name) => [`cmov${name}`, cmov])),
};
