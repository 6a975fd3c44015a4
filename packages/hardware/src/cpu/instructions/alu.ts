import { KIND, LEFT, RESULT, RIGHT } from "../constants.ts";
import type { Core } from "../core.ts";
import { ADD, ADD_CARRY, carry, DEC, INC, LOGIC, SUB, SUB_BORROW } from "../flags.ts";
import type { Handler, Op } from "../op.ts";
import { modifyA, readA, readB, writeA } from "./operands.ts";

/** Sets the lazy flags from operands and result in any size; the result comes back in that size. */
export function setFlags(r: Int32Array, kind: number, size: number, left: number, right: number, result: number): number {
  const up = 32 - size;
  r[LEFT] = left << up;
  r[RIGHT] = right << up;
  r[RESULT] = result << up;
  r[KIND] = kind | (up << 8);
  return result;
}

type Operation = (cpu: Core, op: Op, a: number, b: number) => number;

const add: Operation = (cpu, op, a, b) => setFlags(cpu.r, ADD, op.size, a, b, (a + b) | 0);
const sub: Operation = (cpu, op, a, b) => setFlags(cpu.r, SUB, op.size, a, b, (a - b) | 0);
const and: Operation = (cpu, op, a, b) => setFlags(cpu.r, LOGIC, op.size, a, b, a & b);
const or: Operation = (cpu, op, a, b) => setFlags(cpu.r, LOGIC, op.size, a, b, a | b);
const xor: Operation = (cpu, op, a, b) => setFlags(cpu.r, LOGIC, op.size, a, b, a ^ b);

const adc: Operation = (cpu, op, a, b) => {
  const c = carry(cpu.r);
  return setFlags(cpu.r, c !== 0 ? ADD_CARRY : ADD, op.size, a, b, (a + b + c) | 0);
};

const sbb: Operation = (cpu, op, a, b) => {
  const c = carry(cpu.r);
  return setFlags(cpu.r, c !== 0 ? SUB_BORROW : SUB, op.size, a, b, (a - b - c) | 0);
};

// The source is read first, then the destination with the rights to write it: a fault leaves everything as it was.
const modifying = (operation: Operation): Handler => (cpu, op) => {
  const b = readB(cpu, op);
  const a = modifyA(cpu, op);
  writeA(cpu, op, operation(cpu, op, a, b));
  return op.next;
};

const comparing = (operation: Operation): Handler => (cpu, op) => {
  const b = readB(cpu, op);
  operation(cpu, op, readA(cpu, op), b);
  return op.next;
};

const inc: Handler = (cpu, op) => {
  const { r } = cpu;
  const a = modifyA(cpu, op);
  const c = carry(r);
  writeA(cpu, op, setFlags(r, INC, op.size, a, 1, (a + 1) | 0));
  r[RIGHT] = c;
  return op.next;
};

const dec: Handler = (cpu, op) => {
  const { r } = cpu;
  const a = modifyA(cpu, op);
  const c = carry(r);
  writeA(cpu, op, setFlags(r, DEC, op.size, a, 1, (a - 1) | 0));
  r[RIGHT] = c;
  return op.next;
};

const inc32: Handler = (cpu, op) => {
  const { r } = cpu;
  const result = (r[op.a]! + 1) | 0;
  r[RIGHT] = carry(r);
  r[RESULT] = r[op.a] = result;
  r[KIND] = INC;
  return op.next;
};

const dec32: Handler = (cpu, op) => {
  const { r } = cpu;
  const result = (r[op.a]! - 1) | 0;
  r[RIGHT] = carry(r);
  r[RESULT] = r[op.a] = result;
  r[KIND] = DEC;
  return op.next;
};

// The upper halves of 64-bit sums and differences.
const adc32 = (r: Int32Array, a: number, b: number): number => {
  const c = carry(r);
  const result = (a + b + c) | 0;
  r[LEFT] = a;
  r[RIGHT] = b;
  r[RESULT] = result;
  r[KIND] = ADD + c; // ADD_CARRY is the next kind
  return result;
};
const sbb32 = (r: Int32Array, a: number, b: number): number => {
  const c = carry(r);
  const result = (a - b - c) | 0;
  r[LEFT] = a;
  r[RIGHT] = b;
  r[RESULT] = result;
  r[KIND] = SUB + c; // SUB_BORROW is the next kind
  return result;
};
const adcRr32: Handler = (cpu, op) => {
  const { r } = cpu;
  r[op.a] = adc32(r, r[op.a]!, r[op.b]!);
  return op.next;
};
const adcRi32: Handler = (cpu, op) => {
  const { r } = cpu;
  r[op.a] = adc32(r, r[op.a]!, op.imm);
  return op.next;
};
const adcRm32: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = cpu.read32(op);
  r[op.a] = adc32(r, r[op.a]!, b);
  return op.next;
};
const sbbRr32: Handler = (cpu, op) => {
  const { r } = cpu;
  r[op.a] = sbb32(r, r[op.a]!, r[op.b]!);
  return op.next;
};
const sbbRi32: Handler = (cpu, op) => {
  const { r } = cpu;
  r[op.a] = sbb32(r, r[op.a]!, op.imm);
  return op.next;
};
const sbbRm32: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = cpu.read32(op);
  r[op.a] = sbb32(r, r[op.a]!, b);
  return op.next;
};

const neg: Handler = (cpu, op) => {
  const a = modifyA(cpu, op);
  writeA(cpu, op, setFlags(cpu.r, SUB, op.size, 0, a, -a | 0));
  return op.next;
};

const not: Handler = (cpu, op) => {
  writeA(cpu, op, ~modifyA(cpu, op));
  return op.next;
};

const xadd: Handler = (cpu, op) => {
  const a = modifyA(cpu, op);
  const b = readB(cpu, op);
  const sum = setFlags(cpu.r, ADD, op.size, a, b, (a + b) | 0);
  if (op.size === 32) cpu.r[op.b] = a;
  else if (op.size === 16) cpu.r16[op.b] = a;
  else cpu.r8[op.b] = a;
  writeA(cpu, op, sum);
  return op.next;
};

const cmpxchg: Handler = (cpu, op) => {
  const a = modifyA(cpu, op);
  const { r, r16, r8 } = cpu;
  const accumulator = op.size === 32 ? r[0]! : op.size === 16 ? r16[0]! : r8[0]!;
  const b = readB(cpu, op);
  setFlags(r, SUB, op.size, accumulator, a, (accumulator - a) | 0);
  if (r[RESULT] === 0) {
    writeA(cpu, op, b);
    return op.next;
  }
  writeA(cpu, op, a); // written in any case
  if (op.size === 32) r[0] = a;
  else if (op.size === 16) r16[0] = a;
  else r8[0] = a;
  return op.next;
};

// 8-bit comparisons are common: characters.
const cmp8 = (cpu: Core, a: number, b: number): void => {
  const { r } = cpu;
  r[LEFT] = a << 24;
  r[RIGHT] = b << 24;
  r[RESULT] = (a - b) << 24;
  r[KIND] = SUB | (24 << 8);
};
const test8 = (cpu: Core, result: number): void => {
  const { r } = cpu;
  r[RESULT] = result << 24;
  r[KIND] = LOGIC | (24 << 8);
};

const cmpRi8: Handler = (cpu, op) => {
  cmp8(cpu, cpu.r8[op.a]!, op.imm);
  return op.next;
};
const cmpMi8: Handler = (cpu, op) => {
  cmp8(cpu, cpu.read8(op), op.imm);
  return op.next;
};
const cmpRr8: Handler = (cpu, op) => {
  cmp8(cpu, cpu.r8[op.a]!, cpu.r8[op.b]!);
  return op.next;
};
const cmpRm8: Handler = (cpu, op) => {
  cmp8(cpu, cpu.r8[op.a]!, cpu.read8(op));
  return op.next;
};
const cmpMr8: Handler = (cpu, op) => {
  cmp8(cpu, cpu.read8(op), cpu.r8[op.b]!);
  return op.next;
};
const testRr8: Handler = (cpu, op) => {
  test8(cpu, cpu.r8[op.a]! & cpu.r8[op.b]!);
  return op.next;
};
const testRi8: Handler = (cpu, op) => {
  test8(cpu, cpu.r8[op.a]! & op.imm);
  return op.next;
};
const testMi8: Handler = (cpu, op) => {
  test8(cpu, cpu.read8(op) & op.imm);
  return op.next;
};

/** Arithmetic of every size and form, and the common 8-bit forms. */
export const ALU: Readonly<Record<string, Handler>> = {
  add: modifying(add),
  adc: modifying(adc),
  sub: modifying(sub),
  sbb: modifying(sbb),
  and: modifying(and),
  or: modifying(or),
  xor: modifying(xor),
  cmp: comparing(sub),
  test: comparing(and),
  inc,
  dec,
  adc_rr32: adcRr32,
  adc_ri32: adcRi32,
  adc_rm32: adcRm32,
  sbb_rr32: sbbRr32,
  sbb_ri32: sbbRi32,
  sbb_rm32: sbbRm32,
  inc_r32: inc32,
  dec_r32: dec32,
  neg,
  not,
  xadd,
  cmpxchg,
  cmp_ri8: cmpRi8,
  cmp_mi8: cmpMi8,
  cmp_rr8: cmpRr8,
  cmp_rm8: cmpRm8,
  cmp_mr8: cmpMr8,
  test_rr8: testRr8,
  test_ri8: testRi8,
  test_mi8: testMi8,
};
