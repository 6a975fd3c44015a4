import { LEFT, KIND, RESULT, RIGHT } from "../constants.ts";
import { ADD, LOGIC, SUB } from "../flags.ts";
import type { Handler } from "../op.ts";

// 32-bit arithmetic on registers: written out one by one, because these are most of what runs

const addRr: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = r[op.b]!;
  const a = r[op.a]!;
  const result = (a + b) | 0;
  r[op.a] = result;
  r[LEFT] = a;
  r[RIGHT] = b;
  r[RESULT] = result;
  r[KIND] = ADD;
  return op.next;
};

const subRr: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = r[op.b]!;
  const a = r[op.a]!;
  const result = (a - b) | 0;
  r[op.a] = result;
  r[LEFT] = a;
  r[RIGHT] = b;
  r[RESULT] = result;
  r[KIND] = SUB;
  return op.next;
};

const andRr: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = r[op.b]!;
  const a = r[op.a]!;
  const result = a & b;
  r[op.a] = result;
  r[RESULT] = result;
  r[KIND] = LOGIC;
  return op.next;
};

const orRr: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = r[op.b]!;
  const a = r[op.a]!;
  const result = a | b;
  r[op.a] = result;
  r[RESULT] = result;
  r[KIND] = LOGIC;
  return op.next;
};

const xorRr: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = r[op.b]!;
  const a = r[op.a]!;
  const result = a ^ b;
  r[op.a] = result;
  r[RESULT] = result;
  r[KIND] = LOGIC;
  return op.next;
};

const cmpRr: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = r[op.b]!;
  const a = r[op.a]!;
  const result = (a - b) | 0;
  r[LEFT] = a;
  r[RIGHT] = b;
  r[RESULT] = result;
  r[KIND] = SUB;
  return op.next;
};

const testRr: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = r[op.b]!;
  const a = r[op.a]!;
  const result = a & b;
  r[RESULT] = result;
  r[KIND] = LOGIC;
  return op.next;
};

const addRi: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = op.imm;
  const a = r[op.a]!;
  const result = (a + b) | 0;
  r[op.a] = result;
  r[LEFT] = a;
  r[RIGHT] = b;
  r[RESULT] = result;
  r[KIND] = ADD;
  return op.next;
};

const subRi: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = op.imm;
  const a = r[op.a]!;
  const result = (a - b) | 0;
  r[op.a] = result;
  r[LEFT] = a;
  r[RIGHT] = b;
  r[RESULT] = result;
  r[KIND] = SUB;
  return op.next;
};

const andRi: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = op.imm;
  const a = r[op.a]!;
  const result = a & b;
  r[op.a] = result;
  r[RESULT] = result;
  r[KIND] = LOGIC;
  return op.next;
};

const orRi: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = op.imm;
  const a = r[op.a]!;
  const result = a | b;
  r[op.a] = result;
  r[RESULT] = result;
  r[KIND] = LOGIC;
  return op.next;
};

const xorRi: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = op.imm;
  const a = r[op.a]!;
  const result = a ^ b;
  r[op.a] = result;
  r[RESULT] = result;
  r[KIND] = LOGIC;
  return op.next;
};

const cmpRi: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = op.imm;
  const a = r[op.a]!;
  const result = (a - b) | 0;
  r[LEFT] = a;
  r[RIGHT] = b;
  r[RESULT] = result;
  r[KIND] = SUB;
  return op.next;
};

const testRi: Handler = (cpu, op) => {
  const { r } = cpu;
  const b = op.imm;
  const a = r[op.a]!;
  const result = a & b;
  r[RESULT] = result;
  r[KIND] = LOGIC;
  return op.next;
};

/** 32-bit arithmetic on registers, by name and form. */
export const ALU_32_REGISTER: Readonly<Record<string, Handler>> = {
  add_rr32: addRr,
  sub_rr32: subRr,
  and_rr32: andRr,
  or_rr32: orRr,
  xor_rr32: xorRr,
  cmp_rr32: cmpRr,
  test_rr32: testRr,
  add_ri32: addRi,
  sub_ri32: subRi,
  and_ri32: andRi,
  or_ri32: orRi,
  xor_ri32: xorRi,
  cmp_ri32: cmpRi,
  test_ri32: testRi,
};
