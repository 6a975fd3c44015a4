import { CS, EBP, ESP, FLAGS, IF, IOPL, SS } from "../constants.ts";
import type { Core } from "../core.ts";
import { readFlags, writeFlags } from "../flags.ts";
import type { Handler, Op } from "../op.ts";
import { readA, readMemory, writeA, writeRegister } from "./operands.ts";

const pushR32: Handler = (cpu, op) => {
  cpu.push32(cpu.r[op.a]!);
  return op.next;
};
const pushI32: Handler = (cpu, op) => {
  cpu.push32(op.imm);
  return op.next;
};
const pushM32: Handler = (cpu, op) => {
  cpu.push32(cpu.read32(op));
  return op.next;
};
const popR32: Handler = (cpu, op) => {
  const { r } = cpu;
  const value = cpu.peek32();
  r[ESP] = (r[ESP]! + 4) | 0;
  r[op.a] = value;
  return op.next;
};

function push(cpu: Core, op: Op, value: number): Op {
  const bytes = op.size >> 3;
  const offset = (cpu.r[ESP]! - bytes) | 0;
  cpu.writeAt(SS, offset, bytes, value);
  cpu.r[ESP] = offset;
  return op.next;
}

const pushAny: Handler = (cpu, op) => push(cpu, op, readA(cpu, op));
const pushI: Handler = (cpu, op) => push(cpu, op, op.imm);
const pushS: Handler = (cpu, op) => push(cpu, op, cpu.selectors[op.b]!);

const popR16: Handler = (cpu, op) => {
  const value = cpu.readAt(SS, cpu.r[ESP]!, 2);
  cpu.r[ESP] = (cpu.r[ESP]! + 2) | 0;
  writeRegister(cpu, op.a, 16, value);
  return op.next;
};

// The address of the destination is computed with ESP already moved.
const popM: Handler = (cpu, op) => {
  const { r } = cpu;
  const esp = r[ESP]!;
  const value = cpu.readAt(SS, esp, op.size >> 3);
  r[ESP] = (esp + (op.size >> 3)) | 0;
  const moved = r[ESP]!;
  try {
    writeA(cpu, op, value);
  } finally {
    r[ESP] = esp; // as before the instruction, if the write faulted
  }
  r[ESP] = moved;
  return op.next;
};

const popS: Handler = (cpu, op) => {
  const esp = cpu.r[ESP]!;
  const selector = cpu.readAt(SS, esp, op.size >> 3);
  cpu.loadSegment(op.b, selector);
  cpu.r[ESP] = (esp + (op.size >> 3)) | 0;
  return cpu.halt(cpu.eipOf(op) + op.length);
};

const pusha: Handler = (cpu, op) => {
  const { r } = cpu;
  const bytes = op.size >> 3;
  const esp = r[ESP]!;
  const low = (esp - 8 * bytes) | 0;
  cpu.readToWrite(SS, low, bytes); // 32 bytes are in two pages at most: both are checked before the first is written
  cpu.readToWrite(SS, (esp - bytes) | 0, bytes);
  for (let i = 0; i < 8; i++) cpu.writeAt(SS, (esp - bytes * (i + 1)) | 0, bytes, i === ESP ? esp : r[i]!);
  r[ESP] = low;
  return op.next;
};

const popa: Handler = (cpu, op) => {
  const { r } = cpu;
  const bytes = op.size >> 3;
  const esp = r[ESP]!;
  cpu.readAt(SS, (esp + 7 * bytes) | 0, bytes); // faults before anything changes
  cpu.readAt(SS, esp, bytes);
  for (let i = 0; i < 8; i++) {
    const value = cpu.readAt(SS, (esp + bytes * i) | 0, bytes);
    if (7 - i !== ESP) writeRegister(cpu, bytes === 4 ? 7 - i : (7 - i) * 2, op.size, value);
  }
  r[ESP] = (esp + 8 * bytes) | 0;
  return op.next;
};

const RESUME_AND_VIRTUAL = 0x30000; // RF and VM are not pushed

const pushf: Handler = (cpu, op) => push(cpu, op, readFlags(cpu.r) & ~RESUME_AND_VIRTUAL);

/** What POPF may change in ring 3: never IOPL, IF with IOPL 3 only. */
const POPF_MAY_CHANGE = 0x244dd5;

const popf: Handler = (cpu, op) => {
  const { r } = cpu;
  const bytes = op.size >> 3;
  const esp = r[ESP]!;
  let value = cpu.readAt(SS, esp, bytes);
  const old = readFlags(r);
  if (bytes === 2) value |= old & ~0xffff;
  const mask = POPF_MAY_CHANGE | ((r[FLAGS]! & IOPL) === IOPL ? IF : 0);
  r[ESP] = (esp + bytes) | 0;
  writeFlags(r, (old & ~mask) | (value & mask));
  // Interrupts and single steps are looked at by the loop.
  return ((old ^ r[FLAGS]!) & (IF | 0x100)) !== 0 ? cpu.halt(cpu.eipOf(op) + op.length) : op.next;
};

const leave32: Handler = (cpu, op) => {
  const { r } = cpu;
  const ebp = r[EBP]!;
  const value = cpu.readAt(SS, ebp, 4);
  r[ESP] = (ebp + 4) | 0;
  r[EBP] = value;
  return op.next;
};
const leave16: Handler = (cpu, op) => {
  const { r } = cpu;
  const ebp = r[EBP]!;
  const value = cpu.readAt(SS, ebp, 2);
  r[ESP] = (ebp + 2) | 0;
  cpu.r16[EBP * 2] = value;
  return op.next;
};

const enter: Handler = (cpu, op) => {
  const { r } = cpu;
  const bytes = op.size >> 3;
  const level = op.imm2 & 31;
  const ebp = r[EBP]!;
  const frame = (r[ESP]! - bytes) | 0;
  const final = (frame - level * bytes - op.imm) | 0;
  // All that may fault comes first: the frame and its last word are touched before registers change.
  cpu.writeAt(SS, frame, bytes, ebp);
  for (let i = 1; i < level; i++) {
    const link = cpu.readAt(SS, (ebp - i * bytes) | 0, bytes);
    cpu.writeAt(SS, (frame - i * bytes) | 0, bytes, link);
  }
  if (level > 0) cpu.writeAt(SS, (frame - level * bytes) | 0, bytes, frame);
  cpu.readToWrite(SS, final, bytes);
  if (bytes === 4) r[EBP] = frame;
  else cpu.r16[EBP * 2] = frame;
  r[ESP] = final;
  return op.next;
};

// ---- segment registers ----------------------------------------------------------------------------------------------

const movFromSegment: Handler = (cpu, op) => {
  const selector = cpu.selectors[op.b]!;
  if (op.mem === 1) cpu.write16(op, selector);
  else writeRegister(cpu, op.a, op.size, selector);
  return op.next;
};

const movToSegment: Handler = (cpu, op) => {
  if (op.a === CS) cpu.undefinedOpcode(null);
  const selector = op.mem === 2 ? cpu.read16(op) : cpu.r16[op.b]!;
  cpu.loadSegment(op.a, selector);
  return cpu.halt(cpu.eipOf(op) + op.length);
};

const loadFar =
  (segment: number): Handler =>
  (cpu, op) => {
    const at = cpu.address(op);
    const bytes = op.size >> 3;
    const offset = readMemory(cpu, op);
    cpu.loadSegment(segment, cpu.readSlow(op.seg, (at + bytes) | 0, 2));
    writeRegister(cpu, op.a, op.size, offset);
    return cpu.halt(cpu.eipOf(op) + op.length);
  };

/** The stack, and the segment registers. */
export const STACK: Readonly<Record<string, Handler>> = {
  push_r32: pushR32,
  push_i32: pushI32,
  push_m32: pushM32,
  push_r16: pushAny,
  push_m16: pushAny,
  push_i16: pushI,
  push_s: pushS,
  pop_r32: popR32,
  pop_r16: popR16,
  pop_m: popM,
  pop_s: popS,
  pusha,
  popa,
  pushf,
  popf,
  leave_32: leave32,
  leave_16: leave16,
  enter,
  movfs: movFromSegment,
  movts: movToSegment,
  les: loadFar(0),
  lss: loadFar(2),
  lds: loadFar(3),
  lfs: loadFar(4),
  lgs: loadFar(5),
};
