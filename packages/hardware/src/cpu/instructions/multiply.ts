import { DIVIDE_ERROR, EAX, EDX, KIND, LEFT, RESULT, RIGHT } from "../constants.ts";
import type { Core } from "../core.ts";
import { SHIFT } from "../flags.ts";
import type { Handler, Op } from "../op.ts";
import { readA, readB, readMemory, readRegister } from "./operands.ts";

/** Carry and overflow say that the upper half matters. The other flags are undefined: we show a positive result's. */
function productFlags(r: Int32Array, overflows: boolean): void {
  r[LEFT] = r[RIGHT] = overflows ? 1 : 0;
  r[RESULT] = 1;
  r[KIND] = SHIFT;
}

/** The upper word of an unsigned 32 by 32 bit product. */
export function highProduct(a: number, b: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const low = al * bl;
  const middle = ah * bl + (low >>> 16);
  const other = al * bh + (middle % 0x10000);
  return (ah * bh + Math.floor(middle / 0x10000) + Math.floor(other / 0x10000)) | 0;
}

const signedHigh = (a: number, b: number): number =>
  (highProduct(a, b) - (a < 0 ? b : 0) - (b < 0 ? a : 0)) | 0;

const mul: Handler = (cpu, op) => {
  const { r, r16, r8 } = cpu;
  const b = readA(cpu, op);
  if (op.size === 32) {
    const a = r[EAX]!;
    const high = highProduct(a, b);
    r[EAX] = Math.imul(a, b);
    r[EDX] = high;
    productFlags(r, high !== 0);
  } else if (op.size === 16) {
    const product = r16[EAX]! * b;
    r16[EAX] = product;
    r16[EDX * 2] = product >>> 16;
    productFlags(r, product > 0xffff);
  } else {
    r16[EAX] = r8[EAX]! * b;
    productFlags(r, r16[EAX]! > 0xff);
  }
  return op.next;
};

const imul1: Handler = (cpu, op) => {
  const { r, r16, r8 } = cpu;
  const b = readA(cpu, op);
  if (op.size === 32) {
    const a = r[EAX]!;
    const high = signedHigh(a, b);
    const low = Math.imul(a, b);
    r[EAX] = low;
    r[EDX] = high;
    productFlags(r, high !== low >> 31);
  } else if (op.size === 16) {
    const product = ((r16[EAX]! << 16) >> 16) * ((b << 16) >> 16);
    r16[EAX] = product;
    r16[EDX * 2] = product >> 16;
    productFlags(r, (product << 16) >> 16 !== product);
  } else {
    const product = ((r8[EAX]! << 24) >> 24) * ((b << 24) >> 24);
    r16[EAX] = product;
    productFlags(r, (product << 24) >> 24 !== product);
  }
  return op.next;
};

function product(cpu: Core, op: Op, a: number, b: number): Op {
  if (op.size === 32) {
    const low = Math.imul(a, b);
    cpu.r[op.a] = low;
    // Exact where it matters: below 2^53 the product is, above it is too large anyway.
    productFlags(cpu.r, a * b !== low);
  } else {
    const whole = ((a << 16) >> 16) * ((b << 16) >> 16);
    cpu.r16[op.a] = whole;
    productFlags(cpu.r, (whole << 16) >> 16 !== whole);
  }
  return op.next;
}

const imul2: Handler = (cpu, op) => product(cpu, op, readRegister(cpu, op.a, op.size), readB(cpu, op));
const imul3: Handler = (cpu, op) =>
  product(cpu, op, op.mem === 2 ? readMemory(cpu, op) : readRegister(cpu, op.b, op.size), op.imm);

const divide = (cpu: Core): never => cpu.raise(DIVIDE_ERROR, 0, false);

function div32(cpu: Core, b: number): void {
  const { r } = cpu;
  const divisor = b >>> 0;
  const high = r[EDX]! >>> 0;
  const low = r[EAX]! >>> 0;
  if (divisor === 0 || high >= divisor) divide(cpu);
  const whole = high * 0x1_0000_0000 + low;
  if (high < 0x20_0000) {
    r[EAX] = Math.floor(whole / divisor);
    r[EDX] = whole % divisor;
    return;
  }
  const big = (BigInt(high) << 32n) | BigInt(low);
  r[EAX] = Number(big / BigInt(divisor));
  r[EDX] = Number(big % BigInt(divisor));
}

function idiv32(cpu: Core, b: number): void {
  const { r } = cpu;
  const high = r[EDX]!;
  const low = r[EAX]!;
  if (b === 0) divide(cpu);
  if (high === low >> 31) {
    if (low === -0x8000_0000 && b === -1) divide(cpu);
    r[EAX] = (low / b) | 0;
    r[EDX] = low % b;
    return;
  }
  const big = (BigInt(high) << 32n) | BigInt(low >>> 0);
  const quotient = big / BigInt(b);
  if (quotient !== BigInt.asIntN(32, quotient)) divide(cpu);
  r[EAX] = Number(quotient);
  r[EDX] = Number(big % BigInt(b));
}

const div: Handler = (cpu, op) => {
  const { r16, r8 } = cpu;
  const b = readA(cpu, op);
  if (op.size === 32) {
    div32(cpu, b);
  } else if (op.size === 16) {
    const a = r16[EDX * 2]! * 0x10000 + r16[EAX]!;
    if (b === 0 || Math.floor(a / b) > 0xffff) divide(cpu);
    r16[EAX] = Math.floor(a / b);
    r16[EDX * 2] = a % b;
  } else {
    const a = r16[EAX]!;
    if (b === 0 || Math.floor(a / b) > 0xff) divide(cpu);
    r8[EAX] = Math.floor(a / b);
    r8[EAX + 1] = a % b;
  }
  return op.next;
};

const idiv: Handler = (cpu, op) => {
  const { r16, r8 } = cpu;
  const raw = readA(cpu, op);
  if (op.size === 32) {
    idiv32(cpu, raw);
    return op.next;
  }
  const up = 32 - op.size;
  const b = (raw << up) >> up;
  if (b === 0) divide(cpu);
  const a = op.size === 16 ? (r16[EDX * 2]! << 16) | r16[EAX]! : (r16[EAX]! << 16) >> 16;
  const quotient = Math.trunc(a / b);
  if ((quotient << up) >> up !== quotient) divide(cpu);
  if (op.size === 16) {
    r16[EAX] = quotient;
    r16[EDX * 2] = a % b;
  } else {
    r8[EAX] = quotient;
    r8[EAX + 1] = a % b;
  }
  return op.next;
};

/** Multiplications and divisions. */
export const MULTIPLY: Readonly<Record<string, Handler>> = {
  mul,
  imul_r: imul1,
  imul_m: imul1,
  imul_rr: imul2,
  imul_rm: imul2,
  imul_rri: imul3,
  imul_rmi: imul3,
  div,
  idiv,
};
