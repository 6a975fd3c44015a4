import { AF, ARITHMETIC, CF, FLAGS, KIND, LEFT, OF, PF, RESULT, RIGHT, SF, ZF } from "./constants.ts";

// Kinds of lazy flags in the low byte of KIND; above it, by how many bits operands and result are shifted up (0, 16, 24).
// With everything at the top of the word, one formula serves all sizes.
export const EXPLICIT = 0;
export const LOGIC = 1;
export const ADD = 2;
export const ADD_CARRY = 3; // an addition with a carry of 1 coming in
export const SUB = 4;
export const SUB_BORROW = 5;
export const INC = 6; // RIGHT is the carry from before
export const DEC = 7;
export const SHIFT = 8; // LEFT is the carry, RIGHT the overflow
export const AT_16 = 16 << 8;
export const AT_8 = 24 << 8;

/** The carry flag, 0 or 1. */
export function carry(r: Int32Array): number {
  switch (r[KIND]! & 0xff) {
    case EXPLICIT:
      return r[FLAGS]! & CF;
    case LOGIC:
      return 0;
    case ADD:
      return r[RESULT]! >>> 0 < r[LEFT]! >>> 0 ? 1 : 0;
    case ADD_CARRY:
      return r[RESULT]! >>> 0 <= r[LEFT]! >>> 0 ? 1 : 0;
    case SUB:
      return r[LEFT]! >>> 0 < r[RIGHT]! >>> 0 ? 1 : 0;
    case SUB_BORROW:
      return r[LEFT]! >>> 0 <= r[RIGHT]! >>> 0 ? 1 : 0;
    case SHIFT:
      return r[LEFT]!;
    default:
      return r[RIGHT]!;
  }
}

/** The overflow flag as a truth value. */
export function overflow(r: Int32Array): boolean {
  const kind = r[KIND]!;
  const result = r[RESULT]!;
  switch (kind & 0xff) {
    case EXPLICIT:
      return (r[FLAGS]! & OF) !== 0;
    case LOGIC:
      return false;
    case ADD:
    case ADD_CARRY:
      return ((r[LEFT]! ^ result) & (r[RIGHT]! ^ result)) < 0;
    case SUB:
    case SUB_BORROW:
      return ((r[LEFT]! ^ r[RIGHT]!) & (r[LEFT]! ^ result)) < 0;
    case INC:
      return result === -0x8000_0000;
    case DEC:
      return result === (0x7fff_ffff & (-1 << (kind >> 8)));
    default:
      return r[RIGHT] !== 0;
  }
}

export function zero(r: Int32Array): boolean {
  return r[KIND] !== EXPLICIT ? r[RESULT] === 0 : (r[FLAGS]! & ZF) !== 0;
}

export function sign(r: Int32Array): boolean {
  return r[KIND] !== EXPLICIT ? r[RESULT]! < 0 : (r[FLAGS]! & SF) !== 0;
}

export function parity(r: Int32Array): boolean {
  const kind = r[KIND]!;
  if (kind === EXPLICIT) return (r[FLAGS]! & PF) !== 0;
  let low = (r[RESULT]! >> (kind >> 8)) & 0xff;
  low ^= low >> 4;
  return ((0x6996 >> (low & 15)) & 1) === 0;
}

function adjust(r: Int32Array): boolean {
  const kind = r[KIND]!;
  const at = kind >> 8;
  const low = (r[RESULT]! >> at) & 15;
  switch (kind & 0xff) {
    case EXPLICIT:
      return (r[FLAGS]! & AF) !== 0;
    case ADD:
    case ADD_CARRY:
    case SUB:
    case SUB_BORROW:
      return (((r[LEFT]! ^ r[RIGHT]! ^ r[RESULT]!) >> at) & 0x10) !== 0;
    case INC:
      return low === 0;
    case DEC:
      return low === 15;
    default:
      return false;
  }
}

/** The six arithmetic flags as they stand in EFLAGS. */
export function arithmeticFlags(r: Int32Array): number {
  if (r[KIND] === EXPLICIT) return r[FLAGS]! & ARITHMETIC;
  return (
    carry(r) |
    (parity(r) ? PF : 0) |
    (adjust(r) ? AF : 0) |
    (zero(r) ? ZF : 0) |
    (sign(r) ? SF : 0) |
    (overflow(r) ? OF : 0)
  );
}

/** The whole of EFLAGS. */
export function readFlags(r: Int32Array): number {
  return (r[FLAGS]! & ~ARITHMETIC) | arithmeticFlags(r) | 2;
}

export function writeFlags(r: Int32Array, flags: number): void {
  r[FLAGS] = flags | 2;
  r[KIND] = EXPLICIT;
}

/** Replaces some of the arithmetic flags. */
export function changeFlags(r: Int32Array, mask: number, value: number): void {
  writeFlags(r, (readFlags(r) & ~mask) | (value & mask));
}

/** One of the sixteen conditions, in the encoding's order. */
export function condition(r: Int32Array, code: number): boolean {
  return (code & 1) !== 0 ? !positive(r, code >> 1) : positive(r, code >> 1);
}

function positive(r: Int32Array, pair: number): boolean {
  switch (pair) {
    case 0:
      return overflow(r);
    case 1:
      return carry(r) !== 0;
    case 2:
      return zero(r);
    case 3:
      return zero(r) || carry(r) !== 0;
    case 4:
      return sign(r);
    case 5:
      return parity(r);
    case 6:
      return sign(r) !== overflow(r);
    default:
      return zero(r) || sign(r) !== overflow(r);
  }
}
