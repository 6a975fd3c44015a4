import { CS, ECX, ESP, FLAGS, KIND, LEFT, PROTECTION, RIGHT, SS } from "../constants.ts";
import type { Core } from "../core.ts";
import { carry, condition, EXPLICIT, sign, SUB, zero } from "../flags.ts";
import type { Handler, Op } from "../op.ts";
import { readA } from "./operands.ts";

const after = (cpu: Core, op: Op): number => (cpu.pageEip + op.off + op.length) | 0;

const jmp: Handler = (cpu, op) => cpu.take(op);

// One handler a condition for the common ones, so that the branch knows what it looks at.
const je: Handler = (cpu, op) => (zero(cpu.r) ? cpu.take(op) : op.next);
const jne: Handler = (cpu, op) => (zero(cpu.r) ? op.next : cpu.take(op));
const jb: Handler = (cpu, op) => (carry(cpu.r) !== 0 ? cpu.take(op) : op.next);
const jae: Handler = (cpu, op) => (carry(cpu.r) !== 0 ? op.next : cpu.take(op));
const js: Handler = (cpu, op) => (sign(cpu.r) ? cpu.take(op) : op.next);
const jns: Handler = (cpu, op) => (sign(cpu.r) ? op.next : cpu.take(op));

const isSub = (r: Int32Array): boolean => (r[KIND]! & 0xff) === SUB;
const below = (r: Int32Array): boolean => (isSub(r) ? r[LEFT]! >>> 0 <= r[RIGHT]! >>> 0 : condition(r, 6));
const less = (r: Int32Array): boolean => (isSub(r) ? r[LEFT]! < r[RIGHT]! : condition(r, 12));
const lessEqual = (r: Int32Array): boolean => (isSub(r) ? r[LEFT]! <= r[RIGHT]! : condition(r, 14));

const jbe: Handler = (cpu, op) => (below(cpu.r) ? cpu.take(op) : op.next);
const ja: Handler = (cpu, op) => (below(cpu.r) ? op.next : cpu.take(op));
const jl: Handler = (cpu, op) => (less(cpu.r) ? cpu.take(op) : op.next);
const jge: Handler = (cpu, op) => (less(cpu.r) ? op.next : cpu.take(op));
const jle: Handler = (cpu, op) => (lessEqual(cpu.r) ? cpu.take(op) : op.next);
const jg: Handler = (cpu, op) => (lessEqual(cpu.r) ? op.next : cpu.take(op));
const jcc: Handler = (cpu, op) => (condition(cpu.r, op.opcode & 15) ? cpu.take(op) : op.next);

/** A direct jump with a 16-bit operand: EIP is cut to 16 bits. */
const target16 = (cpu: Core, op: Op): Op => cpu.jump((after(cpu, op) + op.imm) & 0xffff);
const jmp16: Handler = target16;
const jcc16: Handler = (cpu, op) => (condition(cpu.r, op.opcode & 15) ? target16(cpu, op) : op.next);

const counts =
  (wanted: boolean | null): Handler =>
  (cpu, op) => {
    const short = op.addressSize === 16;
    const left = short ? (cpu.r16[ECX * 2]! - 1) & 0xffff : (cpu.r[ECX]! - 1) | 0;
    const jumps = left !== 0 && (wanted === null || zero(cpu.r) === wanted);
    const next = !jumps ? op.next : op.size === 16 ? target16(cpu, op) : cpu.take(op);
    if (short) cpu.r16[ECX * 2] = left;
    else cpu.r[ECX] = left;
    return next;
  };

const jcxz: Handler = (cpu, op) => {
  const count = op.addressSize === 16 ? cpu.r16[ECX * 2]! : cpu.r[ECX]!;
  if (count !== 0) return op.next;
  return op.size === 16 ? target16(cpu, op) : cpu.take(op);
};

const callJ32: Handler = (cpu, op) => {
  const target = cpu.take(op);
  cpu.push32((cpu.pageEip + op.off + op.length) | 0);
  return target;
};
const callJ16: Handler = (cpu, op) => {
  const from = after(cpu, op);
  checkTarget(cpu, (from + op.imm) & 0xffff);
  push(cpu, from, 2);
  return cpu.jump((from + op.imm) & 0xffff);
};
const callE: Handler = (cpu, op) => {
  const target = readA(cpu, op);
  checkTarget(cpu, target);
  push(cpu, after(cpu, op), op.size >> 3);
  return cpu.jump(target);
};
const jmpE: Handler = (cpu, op) => cpu.jump(readA(cpu, op));

const ret32: Handler = (cpu) => {
  const next = cpu.jump(cpu.peek32());
  cpu.r[ESP] = (cpu.r[ESP]! + 4) | 0;
  return next;
};
const ret: Handler = (cpu, op) => {
  const bytes = op.size >> 3;
  const next = cpu.jump(cpu.readAt(SS, cpu.r[ESP]!, bytes));
  cpu.r[ESP] = (cpu.r[ESP]! + bytes + (op.opcode === 0xc2 ? op.imm : 0)) | 0;
  return next;
};

function checkTarget(cpu: Core, eip: number): void {
  if (eip >>> 0 > cpu.limits[CS]! >>> 0) cpu.raise(PROTECTION, 0, true);
}

function push(cpu: Core, value: number, bytes: number): void {
  const offset = (cpu.r[ESP]! - bytes) | 0;
  cpu.writeAt(SS, offset, bytes, value);
  cpu.r[ESP] = offset;
}

// ---- far ------------------------------------------------------------------------------------------------------------

/** Loads CS and goes on there: in the same ring only, since gates and task switches are not for ring 3 programs here. */
function farTo(cpu: Core, selector: number, eip: number): Op {
  cpu.loadSegment(CS, selector);
  return cpu.halt(eip);
}

const jmpfP: Handler = (cpu, op) => farTo(cpu, op.imm2, op.imm);
const jmpfM: Handler = (cpu, op) => {
  const bytes = op.size >> 3;
  const eip = cpu.readSlow(op.seg, cpu.address(op), bytes);
  return farTo(cpu, cpu.readSlow(op.seg, (cpu.address(op) + bytes) | 0, 2), eip);
};

function callFar(cpu: Core, op: Op, selector: number, eip: number): Op {
  const bytes = op.size >> 3;
  const esp = (cpu.r[ESP]! - 2 * bytes) | 0;
  cpu.readToWrite(SS, esp, bytes);
  cpu.readToWrite(SS, (esp + bytes) | 0, bytes);
  const oldSelector = cpu.selectors[CS]!;
  const from = after(cpu, op);
  const next = farTo(cpu, selector, eip);
  cpu.writeSlow(SS, (esp + bytes) | 0, bytes, oldSelector);
  cpu.writeSlow(SS, esp, bytes, from);
  cpu.r[ESP] = esp;
  return next;
}
const callfP: Handler = (cpu, op) => callFar(cpu, op, op.imm2, op.imm);
const callfM: Handler = (cpu, op) => {
  const bytes = op.size >> 3;
  const eip = cpu.readSlow(op.seg, cpu.address(op), bytes);
  return callFar(cpu, op, cpu.readSlow(op.seg, (cpu.address(op) + bytes) | 0, 2), eip);
};

const retf: Handler = (cpu, op) => {
  const bytes = op.size >> 3;
  const esp = cpu.r[ESP]!;
  const eip = cpu.readAt(SS, esp, bytes);
  const selector = cpu.readSlow(SS, (esp + bytes) | 0, 2);
  const next = farTo(cpu, selector, eip);
  cpu.r[ESP] = (esp + 2 * bytes + (op.opcode === 0xca ? op.imm : 0)) | 0;
  return next;
};

// ---- interrupts -----------------------------------------------------------------------------------------------------

const software = (cpu: Core, op: Op, vector: number): Op => {
  cpu.checkGate(vector);
  return trap(cpu, op, vector);
};
const trap = (cpu: Core, op: Op, vector: number): Op => {
  cpu.exited = true;
  cpu.exitVector = vector;
  cpu.exitIsSoftware = true;
  return cpu.halt(after(cpu, op));
};
const int: Handler = (cpu, op) => software(cpu, op, op.imm);
const int3: Handler = (cpu, op) => software(cpu, op, 3);
const int1: Handler = (cpu, op) => trap(cpu, op, 1); // asks no gate
const into: Handler = (cpu, op) => (condition(cpu.r, 0) ? software(cpu, op, 4) : op.next);

const IRET_MAY_CHANGE = 0x254dd5; // the arithmetic flags, TF, DF, NT, RF, AC, ID

const iret: Handler = (cpu, op) => {
  if ((cpu.r[FLAGS]! & 0x4000) !== 0) cpu.undefinedOpcode("iret to another task");
  const bytes = op.size >> 3;
  const esp = cpu.r[ESP]!;
  const eip = cpu.readAt(SS, esp, bytes);
  const selector = cpu.readSlow(SS, (esp + bytes) | 0, 2);
  let flags = cpu.readAt(SS, (esp + 2 * bytes) | 0, bytes);
  if (bytes === 2) flags |= cpu.r[FLAGS]! & ~0xffff;
  const next = farTo(cpu, selector, eip);
  cpu.r[FLAGS] = (cpu.r[FLAGS]! & ~IRET_MAY_CHANGE) | (flags & IRET_MAY_CHANGE) | 2;
  cpu.r[KIND] = EXPLICIT;
  cpu.r[ESP] = (esp + 3 * bytes) | 0;
  return next;
};

const JCC: Readonly<Record<string, Handler>> = {
  jo: jcc, jno: jcc, jb, jae, je, jne, jbe, ja, js, jns, jp: jcc, jnp: jcc, jl, jge, jle, jg,
};

/** Jumps, calls, returns and software interrupts. */
export const CONTROL: Readonly<Record<string, Handler>> = {
  ...JCC,
  ...Object.fromEntries(Object.keys(JCC).map((name) => [`${name}_j16`, jcc16])),
  jmp_j32: jmp,
  jmp_j16: jmp16,
  jmp: jmpE,
  call_j32: callJ32,
  call_j16: callJ16,
  call: callE,
  ret_32: ret32,
  ret_i32: ret,
  ret,
  loop: counts(null),
  loope: counts(true),
  loopne: counts(false),
  jcxz,
  jmpf_p: jmpfP,
  jmpf_m: jmpfM,
  callf_p: callfP,
  callf_m: callfM,
  retf,
  int,
  int1,
  int3,
  into,
  iret,
};
