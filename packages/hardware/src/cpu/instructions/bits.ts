import { CF, EAX, EBX, ECX, EDX, ZF } from "../constants.ts";
import type { Core } from "../core.ts";
import { changeFlags } from "../flags.ts";
import type { Handler, Op } from "../op.ts";
import { modifyA, readA, readB, readRegister, writeA, writeRegister } from "./operands.ts";

type Change = (value: number, bit: number) => number;

/** Bit tests: with a bit number from a register, a memory operand is a bit string that reaches as far as it says. */
const bitTest =
  (change: Change | null): Handler =>
  (cpu, op) => {
    const { size } = op;
    const number = op.hasImm ? op.imm : readRegister(cpu, op.b, size);
    const place = number & (size - 1);
    if (op.mem !== 1 || op.hasImm) {
      const value = change === null ? readA(cpu, op) : modifyA(cpu, op);
      changeFlags(cpu.r, CF, (value >>> place) & 1);
      if (change !== null) writeA(cpu, op, change(value, 1 << place));
      return op.next;
    }
    const signed = (number << (32 - size)) >> (32 - size);
    const bytes = size >> 3;
    const at = (cpu.address(op) + (signed >> (size === 32 ? 5 : 4)) * bytes) | 0;
    const value = change === null ? cpu.readAt(op.seg, at, bytes) : cpu.readToWrite(op.seg, at, bytes);
    if (change !== null) cpu.writeAt(op.seg, at, bytes, change(value, 1 << place));
    changeFlags(cpu.r, CF, (value >>> place) & 1);
    return op.next;
  };

/** Scans leave the destination alone when there is no bit. */
const scan =
  (find: (value: number) => number): Handler =>
  (cpu, op) => {
    const value = readB(cpu, op);
    changeFlags(cpu.r, ZF, value === 0 ? ZF : 0);
    if (value !== 0) writeRegister(cpu, op.a, op.size, find(value));
    return op.next;
  };

const cmpxchg8b: Handler = (cpu, op) => {
  const { r } = cpu;
  const at = cpu.address(op);
  const high = cpu.readToWrite(op.seg, (at + 4) | 0, 4);
  const low = cpu.readToWrite(op.seg, at, 4);
  const same = low === r[EAX] && high === r[EDX];
  write64(cpu, op, at, same ? r[EBX]! : low, same ? r[ECX]! : high);
  if (!same) {
    r[EAX] = low;
    r[EDX] = high;
  }
  changeFlags(r, ZF, same ? ZF : 0);
  return op.next;
};

function write64(cpu: Core, op: Op, at: number, low: number, high: number): void {
  cpu.writeAt(op.seg, at, 4, low);
  cpu.writeAt(op.seg, (at + 4) | 0, 4, high);
}

/** Bit tests and scans, and the 64-bit compare and exchange. */
export const BITS: Readonly<Record<string, Handler>> = {
  bt: bitTest(null),
  bts: bitTest((value, bit) => value | bit),
  btr: bitTest((value, bit) => value & ~bit),
  btc: bitTest((value, bit) => value ^ bit),
  bsf: scan((value) => 31 - Math.clz32(value & -value)),
  bsr: scan((value) => 31 - Math.clz32(value)),
  cmpxchg8b,
};
