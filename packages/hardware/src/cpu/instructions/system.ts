import { CF, DF, EAX, EBX, ECX, EDX, FLAGS, IF, PROTECTION, ZF } from "../constants.ts";
import type { Core } from "../core.ts";
import { changeFlags, readFlags } from "../flags.ts";
import type { Handler, Op } from "../op.ts";
import { readRegister, writeA, writeRegister } from "./operands.ts";

const privileged: Handler = (cpu) => cpu.raise(PROTECTION, 0, true);
const illegal: Handler = (cpu) => cpu.undefinedOpcode(null);
const unimplemented: Handler = (cpu, op) => cpu.undefinedOpcode(`not implemented: ${op.text}`);

const flagOp =
  (mask: number, value: number): Handler =>
  (cpu, op) => {
    changeFlags(cpu.r, mask, value);
    return op.next;
  };
const cmc: Handler = (cpu, op) => {
  changeFlags(cpu.r, CF, readFlags(cpu.r) ^ CF);
  return op.next;
};
const direction =
  (set: boolean): Handler =>
  (cpu, op) => {
    cpu.r[FLAGS] = set ? cpu.r[FLAGS]! | DF : cpu.r[FLAGS]! & ~DF;
    return op.next;
  };
const interrupts =
  (enable: boolean): Handler =>
  (cpu, op) => {
    cpu.checkIopl();
    cpu.r[FLAGS] = enable ? cpu.r[FLAGS]! | IF : cpu.r[FLAGS]! & ~IF;
    return cpu.halt(cpu.eipOf(op) + op.length); // a pending interrupt may come in now
  };

const AH_FLAGS = 0xd5;
const sahf: Handler = (cpu, op) => {
  changeFlags(cpu.r, AH_FLAGS, cpu.r8[1]!);
  return op.next;
};
const lahf: Handler = (cpu, op) => {
  cpu.r8[1] = (readFlags(cpu.r) & AH_FLAGS) | 2;
  return op.next;
};

// ---- ports ----------------------------------------------------------------------------------------------------------

const width = (op: Op): 1 | 2 | 4 => (op.size >> 3) as 1 | 2 | 4;
const afterPort = (cpu: Core, op: Op): Op =>
  cpu.stopRequested ? cpu.halt(cpu.eipOf(op) + op.length) : op.next;

const inPort: Handler = (cpu, op) => {
  cpu.checkIopl();
  writeRegister(cpu, EAX, op.size, cpu.ports.in(op.hasImm ? op.imm : cpu.r16[EDX * 2]!, width(op)));
  return afterPort(cpu, op);
};
const outPort =
  (immediate: boolean): Handler =>
  (cpu, op) => {
    cpu.checkIopl();
    const value = readRegister(cpu, EAX, op.size);
    cpu.ports.out(immediate ? op.imm : cpu.r16[EDX * 2]!, op.size === 32 ? value >>> 0 : value, width(op));
    return afterPort(cpu, op);
  };

// ---- looking at the machine -----------------------------------------------------------------------------------------

// A family 6 processor without FPU and SSE: TSC, CX8, CMOV, and PSE and PGE for the kernel.
const FEATURES = (1 << 3) | (1 << 4) | (1 << 8) | (1 << 13) | (1 << 15);
const SIGNATURE = 0x0611;

const cpuid: Handler = (cpu, op) => {
  const { r } = cpu;
  const text = (a: number, b: number, c: number, d: number): void => {
    r[EAX] = a;
    r[EBX] = b;
    r[ECX] = c;
    r[EDX] = d;
  };
  // "Procyon Pro6" as ebx, edx, ecx, as processors give their maker.
  if (r[EAX] === 0) text(1, 0x636f7250, 0x366f7250, 0x206e6f79);
  else text(SIGNATURE, 0, 0, FEATURES);
  return op.next;
};

const rdtsc: Handler = (cpu, op) => {
  cpu.wantsTsc = true; // the loop knows how many instructions have run
  return cpu.halt(cpu.eipOf(op) + op.length);
};

const sldt: Handler = (cpu, op) => store16(cpu, op, cpu.tables.ldtSelector);
const str: Handler = (cpu, op) => store16(cpu, op, 0);
const smsw: Handler = (cpu, op) => {
  if (op.mem === 1) cpu.write16(op, cpu.cr0 | 1);
  else writeRegister(cpu, op.a, op.size, cpu.cr0 | 1);
  return op.next;
};

function store16(cpu: Core, op: Op, value: number): Op {
  if (op.mem === 1) cpu.write16(op, value);
  else writeA(cpu, op, value);
  return op.next;
}

const storeTable =
  (which: "gdt" | "idt"): Handler =>
  (cpu, op) => {
    const { gdtBase, gdtLimit, idtBase, idtLimit } = cpu.tables;
    const at = cpu.address(op);
    cpu.readToWrite(op.seg, at, 2);
    cpu.readToWrite(op.seg, (at + 2) | 0, 4);
    cpu.writeAt(op.seg, at, 2, which === "gdt" ? gdtLimit : idtLimit);
    cpu.writeAt(op.seg, (at + 2) | 0, 4, which === "gdt" ? gdtBase : idtBase);
    return op.next;
  };

const selectorOperand = (cpu: Core, op: Op): number => {
  if (op.mem !== 0) return cpu.read16(op);
  return cpu.r16[op.opcode === 0xf00 ? op.a : op.b]!; // VERR and VERW have no other operand
};

const NOT_SYSTEM = 1 << 12;
const LAR_SYSTEM_TYPES = [1, 2, 3, 4, 5, 9, 11, 12];
const LSL_SYSTEM_TYPES = [1, 2, 3, 9, 11];

/** LAR and LSL: what ring 3 may know of a descriptor; ZF says whether it may. */
const inspect =
  (systemTypes: readonly number[], limit: boolean): Handler =>
  (cpu, op) => {
    const high = cpu.visibleDescriptor(selectorOperand(cpu, op));
    const ok = high !== 0 && ((high & NOT_SYSTEM) !== 0 || systemTypes.includes((high >> 8) & 15));
    if (ok) writeRegister(cpu, op.a, op.size, limit ? cpu.visibleLimit() : high & 0xffff00);
    changeFlags(cpu.r, ZF, ok ? ZF : 0);
    return op.next;
  };

const verify =
  (write: boolean): Handler =>
  (cpu, op) => {
    const high = cpu.visibleDescriptor(selectorOperand(cpu, op));
    const isCode = (high & (1 << 11)) !== 0;
    const bit = (high & (1 << 9)) !== 0; // writable data, or readable code
    const ok = (high & NOT_SYSTEM) !== 0 && (write ? !isCode && bit : !isCode || bit);
    changeFlags(cpu.r, ZF, ok ? ZF : 0);
    return op.next;
  };

const arpl: Handler = (cpu, op) => {
  const target = op.mem === 1 ? cpu.readToWrite(op.seg, cpu.address(op), 2) : cpu.r16[op.a]!;
  const rpl = cpu.r16[op.b]! & 3;
  const raised = (target & 3) < rpl;
  if (raised) writeA(cpu, op, (target & ~3) | rpl);
  changeFlags(cpu.r, ZF, raised ? ZF : 0);
  return op.next;
};

const PRIVILEGED = "hlt lldt ltr lgdt lidt lmsw invlpg clts invd wbinvd movcr movdr wrmsr rdmsr".split(" ");

/** Flags, ports, and what looks at or belongs to the system. */
export const SYSTEM: Readonly<Record<string, Handler>> = {
  ...Object.fromEntries(PRIVILEGED.map((name) => [name, privileged])),
  illegal,
  unimplemented,
  ud2: illegal,
  clc: flagOp(CF, 0),
  stc: flagOp(CF, CF),
  cmc,
  cld: direction(false),
  std: direction(true),
  cli: interrupts(false),
  sti: interrupts(true),
  sahf,
  lahf,
  in: inPort,
  out_ir: outPort(true),
  out_dr: outPort(false),
  cpuid,
  rdtsc,
  sldt,
  str,
  smsw,
  sgdt: storeTable("gdt"),
  sidt: storeTable("idt"),
  lar: inspect(LAR_SYSTEM_TYPES, false),
  lsl: inspect(LSL_SYSTEM_TYPES, true),
  verr: verify(false),
  verw: verify(true),
  arpl,
};
