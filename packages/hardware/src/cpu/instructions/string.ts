import { DF, ECX, EDI, EDX, ES, ESI, FLAGS } from "../constants.ts";
import type { Core } from "../core.ts";
import { SUB, zero } from "../flags.ts";
import type { Handler, Op } from "../op.ts";
import { setFlags } from "./alu.ts";
import { readRegister, writeRegister } from "./operands.ts";

/**
 * A repeated string instruction counts as one instruction for each piece of at most so many elements: between two pieces
 * it can be interrupted, as it can on the real machine.
 */
const PIECE = 1024;

const advance = (cpu: Core, op: Op, register: number): void => {
  const { r } = cpu;
  const step = (r[FLAGS]! & DF) !== 0 ? -(op.size >> 3) : op.size >> 3;
  if (op.addressSize === 16) cpu.r16[register * 2] = r[register]! + step;
  else r[register] = (r[register]! + step) | 0;
};

const pointer = (cpu: Core, op: Op, register: number): number =>
  op.addressSize === 16 ? cpu.r16[register * 2]! : cpu.r[register]!;

const counter = (cpu: Core, op: Op): number => (op.addressSize === 16 ? cpu.r16[ECX * 2]! : cpu.r[ECX]!);

const setCounter = (cpu: Core, op: Op, value: number): void => {
  if (op.addressSize === 16) cpu.r16[ECX * 2] = value;
  else cpu.r[ECX] = value;
};

/**
 * Repeats a string step. Each step changes registers only after all that may fault, and the counter follows at once: a
 * fault in the middle leaves the progress in the registers, and EIP at the instruction.
 */
const repeated =
  (step: (cpu: Core, op: Op) => void, compares: boolean, block: ((cpu: Core, op: Op, most: number) => number) | null): Handler =>
  (cpu, op) => {
    if (op.repeat === 0) {
      step(cpu, op);
      return op.next;
    }
    for (let n = 0; n < PIECE; n++) {
      const left = counter(cpu, op);
      if (left === 0) return op.next;
      const done = block === null || op.addressSize === 16 ? 0 : block(cpu, op, PIECE - n);
      if (done > 0) {
        setCounter(cpu, op, left - done);
        n += done - 1;
        continue;
      }
      step(cpu, op);
      setCounter(cpu, op, left - 1);
      if (compares && zero(cpu.r) !== (op.repeat === 0xf3)) return op.next;
    }
    return counter(cpu, op) === 0 ? op.next : op;
  };

const movsStep = (cpu: Core, op: Op): void => {
  const bytes = op.size >> 3;
  const value = cpu.readAt(op.seg, pointer(cpu, op, ESI), bytes);
  cpu.writeAt(ES, pointer(cpu, op, EDI), bytes, value);
  advance(cpu, op, ESI);
  advance(cpu, op, EDI);
};

/** How many elements lie ahead in the page of an offset, going up. */
const elementsInPage = (offset: number, size: number): number => ((4096 - (offset & 0xfff)) << 3) / size | 0;

/** Copies what lies within one page on both sides at once; returns how many elements, 0 where the steps must do it. */
const movsBlock = (cpu: Core, op: Op, most: number): number => {
  const { r, m8 } = cpu;
  if ((r[FLAGS]! & DF) !== 0) return 0;
  const source = r[ESI]!;
  const target = r[EDI]!;
  const readEntry = cpu.readCut[source >>> 12]!;
  const writeEntry = cpu.writeCut[target >>> 12]!;
  if (readEntry === 0 || writeEntry === 0) return 0;
  const n = Math.min(most, r[ECX]! >>> 0, elementsInPage(source, op.size), elementsInPage(target, op.size));
  const bytes = n * (op.size >> 3);
  const from = (source + readEntry - 1) | 0;
  const to = (target + writeEntry - 1) | 0;
  if (to > from && to < from + bytes) return 0; // overlapping forwards repeats a pattern: element by element
  if (bytes < 64) for (let i = 0; i < bytes; i++) m8[to + i] = m8[from + i]!;
  else m8.copyWithin(to, from, from + bytes);
  r[ESI] = (source + bytes) | 0;
  r[EDI] = (target + bytes) | 0;
  return n;
};

const stosStep = (cpu: Core, op: Op): void => {
  cpu.writeAt(ES, pointer(cpu, op, EDI), op.size >> 3, cpu.r[0]!);
  advance(cpu, op, EDI);
};

const stosBlock = (cpu: Core, op: Op, most: number): number => {
  const { r, m8, m32 } = cpu;
  const target = r[EDI]!;
  const entry = cpu.writeCut[target >>> 12]!;
  if (entry === 0 || (r[FLAGS]! & DF) !== 0 || op.size === 16) return 0;
  const n = Math.min(most, r[ECX]! >>> 0, elementsInPage(target, op.size));
  const to = (target + entry - 1) | 0;
  if (op.size === 8) m8.fill(r[0]! & 0xff, to, to + n);
  else if ((to & 3) === 0) m32.fill(r[0]!, to >> 2, (to >> 2) + n);
  else return 0;
  r[EDI] = (target + n * (op.size >> 3)) | 0;
  return n;
};

const lodsStep = (cpu: Core, op: Op): void => {
  writeRegister(cpu, 0, op.size, cpu.readAt(op.seg, pointer(cpu, op, ESI), op.size >> 3));
  advance(cpu, op, ESI);
};

const scasStep = (cpu: Core, op: Op): void => {
  const b = cpu.readAt(ES, pointer(cpu, op, EDI), op.size >> 3);
  const a = readRegister(cpu, 0, op.size);
  setFlags(cpu.r, SUB, op.size, a, b, (a - b) | 0);
  advance(cpu, op, EDI);
};

const cmpsStep = (cpu: Core, op: Op): void => {
  const bytes = op.size >> 3;
  const a = cpu.readAt(op.seg, pointer(cpu, op, ESI), bytes);
  const b = cpu.readAt(ES, pointer(cpu, op, EDI), bytes);
  setFlags(cpu.r, SUB, op.size, a, b, (a - b) | 0);
  advance(cpu, op, ESI);
  advance(cpu, op, EDI);
};

const insStep = (cpu: Core, op: Op): void => {
  const bytes = op.size >> 3;
  const target = pointer(cpu, op, EDI);
  cpu.readToWrite(ES, target, bytes); // a port must not be read twice
  cpu.writeAt(ES, target, bytes, cpu.ports.in(cpu.r16[EDX * 2]!, bytes as 1 | 2 | 4));
  advance(cpu, op, EDI);
};

const outsStep = (cpu: Core, op: Op): void => {
  const bytes = op.size >> 3;
  const value = cpu.readAt(op.seg, pointer(cpu, op, ESI), bytes);
  cpu.ports.out(cpu.r16[EDX * 2]!, op.size === 32 ? value >>> 0 : value, bytes as 1 | 2 | 4);
  advance(cpu, op, ESI);
};

const withPorts =
  (handler: Handler): Handler =>
  (cpu, op) => {
    cpu.checkIopl();
    const next = handler(cpu, op);
    if (!cpu.stopRequested) return next;
    return cpu.halt(next === op ? cpu.eipOf(op) : cpu.eipOf(op) + op.length);
  };

/** String instructions with their repetitions. */
export const STRINGS: Readonly<Record<string, Handler>> = {
  movs: repeated(movsStep, false, movsBlock),
  stos: repeated(stosStep, false, stosBlock),
  lods: repeated(lodsStep, false, null),
  scas: repeated(scasStep, true, null),
  cmps: repeated(cmpsStep, true, null),
  ins: withPorts(repeated(insStep, false, null)),
  outs: withPorts(repeated(outsStep, false, null)),
};
