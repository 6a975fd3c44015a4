import { CF, ECX, KIND, LEFT, OF, RESULT, RIGHT } from "../constants.ts";
import type { Core } from "../core.ts";
import { carry, changeFlags, SHIFT } from "../flags.ts";
import type { Handler, Op } from "../op.ts";
import { modifyA, readRegister, writeA } from "./operands.ts";

// Undefined flags are as current processors leave them where that is simple: the overflow of a shift by more than one
// place is computed as for the last place.

const shiftFlags = (r: Int32Array, size: number, result: number, c: number, o: number): void => {
  const up = 32 - size;
  r[LEFT] = c;
  r[RIGHT] = o;
  r[RESULT] = result << up;
  r[KIND] = SHIFT | (up << 8);
};

const count = (cpu: Core, op: Op): number => (op.hasImm ? op.imm : cpu.r8[ECX * 4]!) & 31;

const shl: Handler = (cpu, op) => {
  const n = count(cpu, op);
  const a = modifyA(cpu, op);
  if (n === 0) return op.next;
  const { size } = op;
  const result = a << n;
  const c = n > size ? 0 : (a >>> (size - n)) & 1;
  writeA(cpu, op, result);
  shiftFlags(cpu.r, size, result, c, ((result >>> (size - 1)) & 1) ^ c);
  return op.next;
};

const shr: Handler = (cpu, op) => {
  const n = count(cpu, op);
  const a = modifyA(cpu, op);
  if (n === 0) return op.next;
  const { size } = op;
  const result = a >>> n;
  writeA(cpu, op, result);
  const o = n === 1 ? (a >>> (size - 1)) & 1 : 0;
  shiftFlags(cpu.r, size, result, (a >>> (n - 1)) & 1, o);
  return op.next;
};

const sar: Handler = (cpu, op) => {
  const n = count(cpu, op);
  const raw = modifyA(cpu, op);
  if (n === 0) return op.next;
  const { size } = op;
  const a = (raw << (32 - size)) >> (32 - size);
  const result = a >> n;
  writeA(cpu, op, result);
  shiftFlags(cpu.r, size, result, (a >> (n - 1)) & 1, 0);
  return op.next;
};

// The common case: a 32-bit register by a constant that is not zero.
const shlRi32: Handler = (cpu, op) => {
  const { r } = cpu;
  const n = op.imm & 31;
  if (n === 0) return op.next;
  const a = r[op.a]!;
  const result = a << n;
  const c = (a >>> (32 - n)) & 1;
  r[op.a] = r[RESULT] = result;
  r[LEFT] = c;
  r[RIGHT] = (result >>> 31) ^ c;
  r[KIND] = SHIFT;
  return op.next;
};
const shrRi32: Handler = (cpu, op) => {
  const { r } = cpu;
  const n = op.imm & 31;
  if (n === 0) return op.next;
  const a = r[op.a]!;
  r[op.a] = r[RESULT] = a >>> n;
  r[LEFT] = (a >>> (n - 1)) & 1;
  r[RIGHT] = n === 1 ? a >>> 31 : 0;
  r[KIND] = SHIFT;
  return op.next;
};
const sarRi32: Handler = (cpu, op) => {
  const { r } = cpu;
  const n = op.imm & 31;
  if (n === 0) return op.next;
  const a = r[op.a]!;
  r[op.a] = r[RESULT] = a >> n;
  r[LEFT] = (a >> (n - 1)) & 1;
  r[RIGHT] = 0;
  r[KIND] = SHIFT;
  return op.next;
};

/** Rotates change only carry and overflow. */
const rotateFlags = (r: Int32Array, c: number, o: number): void =>
  changeFlags(r, CF | OF, (c !== 0 ? CF : 0) | (o !== 0 ? OF : 0));

const rol: Handler = (cpu, op) => {
  const masked = count(cpu, op);
  const a = modifyA(cpu, op);
  if (masked === 0) return op.next;
  const { size } = op;
  const n = masked % size;
  const result = n === 0 ? a : (a << n) | (a >>> (size - n));
  writeA(cpu, op, result);
  const c = result & 1;
  rotateFlags(cpu.r, c, ((result >>> (size - 1)) & 1) ^ c);
  return op.next;
};

const ror: Handler = (cpu, op) => {
  const masked = count(cpu, op);
  const a = modifyA(cpu, op);
  if (masked === 0) return op.next;
  const { size } = op;
  const n = masked % size;
  const result = n === 0 ? a : (a >>> n) | (a << (size - n));
  writeA(cpu, op, result);
  const top = (result >>> (size - 1)) & 1;
  rotateFlags(cpu.r, top, top ^ ((result >>> (size - 2)) & 1));
  return op.next;
};

// Through carry the word has size + 1 bits; at most 31 places, so place by place is good enough.
const rcl: Handler = (cpu, op) => {
  const masked = count(cpu, op);
  let a = modifyA(cpu, op);
  const { size } = op;
  const n = masked % (size + 1);
  if (masked === 0) return op.next;
  let c = carry(cpu.r);
  for (let i = 0; i < n; i++) {
    const out = (a >>> (size - 1)) & 1;
    a = (a << 1) | c;
    c = out;
  }
  writeA(cpu, op, a);
  rotateFlags(cpu.r, c, ((a >>> (size - 1)) & 1) ^ c);
  return op.next;
};

const rcr: Handler = (cpu, op) => {
  const masked = count(cpu, op);
  let a = modifyA(cpu, op);
  const { size } = op;
  const n = masked % (size + 1);
  if (masked === 0) return op.next;
  let c = carry(cpu.r);
  for (let i = 0; i < n; i++) {
    const out = a & 1;
    a = (a >>> 1) | (c << (size - 1));
    c = out;
  }
  writeA(cpu, op, a);
  rotateFlags(cpu.r, c, ((a >>> (size - 1)) ^ (a >>> (size - 2))) & 1);
  return op.next;
};

const doubleCount = (cpu: Core, op: Op, byCl: boolean): number => (byCl ? cpu.r8[ECX * 4]! : op.imm) & 31;

const shld =
  (byCl: boolean): Handler =>
  (cpu, op) => {
    const n = doubleCount(cpu, op, byCl);
    const a = modifyA(cpu, op);
    if (n === 0) return op.next;
    const { size } = op;
    const b = readRegister(cpu, op.b, size);
    let result: number;
    let c: number;
    if (size === 32) {
      result = (a << n) | (b >>> (32 - n));
      c = (a >>> (32 - n)) & 1;
    } else {
      // By more than 16 places the result is undefined; processors go round and shift the destination in again.
      const all = ((a << 16) | b) >>> 0;
      result = n <= 16 ? (all << n) >>> 16 : ((b << 16) | a) << (n - 16) >>> 16;
      c = n <= 16 ? (a >>> (16 - n)) & 1 : (b >>> (32 - n)) & 1;
    }
    writeA(cpu, op, result);
    const top = (result >>> (size - 1)) & 1;
    shiftFlags(cpu.r, size, result, c, n === 1 ? top ^ ((a >>> (size - 1)) & 1) : 0);
    return op.next;
  };

const shrd =
  (byCl: boolean): Handler =>
  (cpu, op) => {
    const n = doubleCount(cpu, op, byCl);
    const a = modifyA(cpu, op);
    if (n === 0) return op.next;
    const { size } = op;
    const b = readRegister(cpu, op.b, size);
    let result: number;
    let c: number;
    if (size === 32) {
      result = (a >>> n) | (b << (32 - n));
      c = (a >>> (n - 1)) & 1;
    } else {
      result = n <= 16 ? (((b << 16) | a) >>> n) & 0xffff : (((a << 16) | b) >>> (n - 16)) & 0xffff;
      c = n <= 16 ? (a >>> (n - 1)) & 1 : (b >>> (n - 17)) & 1;
    }
    writeA(cpu, op, result);
    const top = (result >>> (size - 1)) & 1;
    shiftFlags(cpu.r, size, result, c, n === 1 ? top ^ ((a >>> (size - 1)) & 1) : 0);
    return op.next;
  };

/** Shifts and rotates. */
export const SHIFTS: Readonly<Record<string, Handler>> = {
  shl,
  shr,
  sar,
  shl_ri32: shlRi32,
  shr_ri32: shrRi32,
  sar_ri32: sarRi32,
  rol,
  ror,
  rcl,
  rcr,
  shld_rri: shld(false),
  shld_mri: shld(false),
  shld_rrc: shld(true),
  shld_mrc: shld(true),
  shrd_rri: shrd(false),
  shrd_mri: shrd(false),
  shrd_rrc: shrd(true),
  shrd_mrc: shrd(true),
};
