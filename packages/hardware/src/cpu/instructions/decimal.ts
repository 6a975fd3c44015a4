import { AF, CF, DIVIDE_ERROR, EAX, PF, SF, ZF } from "../constants.ts";
import { changeFlags, readFlags } from "../flags.ts";
import type { Handler } from "../op.ts";

// Intel 64 and IA-32 SDM, volume 2: the operation sections of AAA, AAD, AAM, AAS, DAA and DAS.

function resultFlags(al: number): number {
  let bits = al ^ (al >> 4);
  bits ^= bits >> 2;
  bits ^= bits >> 1;
  return (al === 0 ? ZF : 0) | (al & SF) | ((bits & 1) === 0 ? PF : 0);
}

const adjustAscii =
  (direction: 1 | -1): Handler =>
  (cpu, op) => {
    const { r, r8, r16 } = cpu;
    const adjust = (r8[EAX]! & 15) > 9 || (readFlags(r) & AF) !== 0;
    if (adjust) {
      if (direction === 1) r16[EAX] = r16[EAX]! + 0x106;
      else {
        r16[EAX] = r16[EAX]! - 6;
        r8[EAX + 1] = r8[EAX + 1]! - 1;
      }
    }
    r8[EAX] = r8[EAX]! & 15;
    changeFlags(r, AF | CF, adjust ? AF | CF : 0);
    return op.next;
  };

const aam: Handler = (cpu, op) => {
  const { r, r8 } = cpu;
  if (op.imm === 0) cpu.raise(DIVIDE_ERROR, 0, false);
  const al = r8[EAX]!;
  r8[EAX + 1] = Math.floor(al / op.imm);
  r8[EAX] = al % op.imm;
  changeFlags(r, SF | ZF | PF, resultFlags(r8[EAX]!));
  return op.next;
};

const aad: Handler = (cpu, op) => {
  const { r, r8, r16 } = cpu;
  const al = (r8[EAX]! + r8[EAX + 1]! * op.imm) & 0xff;
  r16[EAX] = al;
  changeFlags(r, SF | ZF | PF, resultFlags(al));
  return op.next;
};

const adjustDecimal =
  (direction: 1 | -1): Handler =>
  (cpu, op) => {
    const { r, r8 } = cpu;
    const old = r8[EAX]!;
    const flags = readFlags(r);
    let al = old;
    let c = 0;
    let a = 0;
    if ((old & 15) > 9 || (flags & AF) !== 0) {
      al += 6 * direction;
      c = (flags & CF) | (direction === 1 ? (al > 0xff ? CF : 0) : al < 0 ? CF : 0);
      a = AF;
    }
    if (old > 0x99 || (flags & CF) !== 0) {
      al += 0x60 * direction;
      c = CF;
    }
    r8[EAX] = al;
    changeFlags(r, SF | ZF | PF | AF | CF, resultFlags(al & 0xff) | a | c);
    return op.next;
  };

const salc: Handler = (cpu, op) => {
  cpu.r8[EAX] = (readFlags(cpu.r) & CF) !== 0 ? 0xff : 0;
  return op.next;
};

/** Decimal arithmetic. */
export const DECIMAL: Readonly<Record<string, Handler>> = {
  aaa: adjustAscii(1),
  aas: adjustAscii(-1),
  aam,
  aad,
  daa: adjustDecimal(1),
  das: adjustDecimal(-1),
  salc,
};
