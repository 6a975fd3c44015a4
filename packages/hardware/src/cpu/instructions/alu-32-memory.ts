import { LEFT, KIND, RESULT, RIGHT } from "../constants.ts";
import { ADD, LOGIC, SUB } from "../flags.ts";
import type { Handler } from "../op.ts";

// 32-bit arithmetic with memory: written out one by one, because these are much of what runs

const addRm: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = cpu.read32(op);
  const a = r[op.a]!;
  const result = (a + b) | 0;
  r[op.a] = result;
  r[LEFT] = a;
  r[RIGHT] = b;
  r[RESULT] = result;
  r[KIND] = ADD;
  return op.next;
};

const subRm: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = cpu.read32(op);
  const a = r[op.a]!;
  const result = (a - b) | 0;
  r[op.a] = result;
  r[LEFT] = a;
  r[RIGHT] = b;
  r[RESULT] = result;
  r[KIND] = SUB;
  return op.next;
};

const andRm: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = cpu.read32(op);
  const a = r[op.a]!;
  const result = a & b;
  r[op.a] = result;
  r[RESULT] = result;
  r[KIND] = LOGIC;
  return op.next;
};

const orRm: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = cpu.read32(op);
  const a = r[op.a]!;
  const result = a | b;
  r[op.a] = result;
  r[RESULT] = result;
  r[KIND] = LOGIC;
  return op.next;
};

const xorRm: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = cpu.read32(op);
  const a = r[op.a]!;
  const result = a ^ b;
  r[op.a] = result;
  r[RESULT] = result;
  r[KIND] = LOGIC;
  return op.next;
};

const cmpRm: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = cpu.read32(op);
  const a = r[op.a]!;
  const result = (a - b) | 0;
  r[LEFT] = a;
  r[RIGHT] = b;
  r[RESULT] = result;
  r[KIND] = SUB;
  return op.next;
};

const addMr: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = r[op.b]!;
  const a = cpu.modify32(op);
  const result = (a + b) | 0;
  cpu.finish32(op, result);
  r[LEFT] = a;
  r[RIGHT] = b;
  r[RESULT] = result;
  r[KIND] = ADD;
  return op.next;
};

const subMr: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = r[op.b]!;
  const a = cpu.modify32(op);
  const result = (a - b) | 0;
  cpu.finish32(op, result);
  r[LEFT] = a;
  r[RIGHT] = b;
  r[RESULT] = result;
  r[KIND] = SUB;
  return op.next;
};

const andMr: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = r[op.b]!;
  const a = cpu.modify32(op);
  const result = a & b;
  cpu.finish32(op, result);
  r[RESULT] = result;
  r[KIND] = LOGIC;
  return op.next;
};

const orMr: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = r[op.b]!;
  const a = cpu.modify32(op);
  const result = a | b;
  cpu.finish32(op, result);
  r[RESULT] = result;
  r[KIND] = LOGIC;
  return op.next;
};

const xorMr: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = r[op.b]!;
  const a = cpu.modify32(op);
  const result = a ^ b;
  cpu.finish32(op, result);
  r[RESULT] = result;
  r[KIND] = LOGIC;
  return op.next;
};

const cmpMr: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = r[op.b]!;
  const a = cpu.read32(op);
  const result = (a - b) | 0;
  r[LEFT] = a;
  r[RIGHT] = b;
  r[RESULT] = result;
  r[KIND] = SUB;
  return op.next;
};

const testMr: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = r[op.b]!;
  const a = cpu.read32(op);
  const result = a & b;
  r[RESULT] = result;
  r[KIND] = LOGIC;
  return op.next;
};

const addMi: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = op.imm;
  const a = cpu.modify32(op);
  const result = (a + b) | 0;
  cpu.finish32(op, result);
  r[LEFT] = a;
  r[RIGHT] = b;
  r[RESULT] = result;
  r[KIND] = ADD;
  return op.next;
};

const subMi: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = op.imm;
  const a = cpu.modify32(op);
  const result = (a - b) | 0;
  cpu.finish32(op, result);
  r[LEFT] = a;
  r[RIGHT] = b;
  r[RESULT] = result;
  r[KIND] = SUB;
  return op.next;
};

const andMi: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = op.imm;
  const a = cpu.modify32(op);
  const result = a & b;
  cpu.finish32(op, result);
  r[RESULT] = result;
  r[KIND] = LOGIC;
  return op.next;
};

const orMi: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = op.imm;
  const a = cpu.modify32(op);
  const result = a | b;
  cpu.finish32(op, result);
  r[RESULT] = result;
  r[KIND] = LOGIC;
  return op.next;
};

const xorMi: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = op.imm;
  const a = cpu.modify32(op);
  const result = a ^ b;
  cpu.finish32(op, result);
  r[RESULT] = result;
  r[KIND] = LOGIC;
  return op.next;
};

const cmpMi: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = op.imm;
  const a = cpu.read32(op);
  const result = (a - b) | 0;
  r[LEFT] = a;
  r[RIGHT] = b;
  r[RESULT] = result;
  r[KIND] = SUB;
  return op.next;
};

const testMi: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = op.imm;
  const a = cpu.read32(op);
  const result = a & b;
  r[RESULT] = result;
  r[KIND] = LOGIC;
  return op.next;
};

/** 32-bit arithmetic with memory, by name and form. */
export const ALU_32_MEMORY: Readonly<Record<string, Handler>> = {
  add_rm32: addRm,
  sub_rm32: subRm,
  and_rm32: andRm,
  or_rm32: orRm,
  xor_rm32: xorRm,
  cmp_rm32: cmpRm,
  add_mr32: addMr,
  sub_mr32: subMr,
  and_mr32: andMr,
  or_mr32: orMr,
  xor_mr32: xorMr,
  cmp_mr32: cmpMr,
  test_mr32: testMr,
  add_mi32: addMi,
  sub_mi32: subMi,
  and_mi32: andMi,
  or_mi32: orMi,
  xor_mi32: xorMi,
  cmp_mi32: cmpMi,
  test_mi32: testMi,
};
