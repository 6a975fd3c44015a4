import { CS, DS, EAX, ES, PAGE_FAULT, PROTECTION, SS, ZERO } from "./constants.ts";
import { type Core, opAt } from "./core.ts";
import { foreignName } from "./foreign-names.ts";
import { HANDLERS } from "./handlers.ts";
import type { Handler, Op } from "./op.ts";
import { LOCKABLE, type Row } from "./opcode-table.ts";
import { type ByteSource, Parsed, parseInstruction } from "./parse.ts";

const FIXED_SEGMENTS: Readonly<Record<string, number>> = { ES: 0, CS: 1, SS: 2, DS: 3, FS: 4, GS: 5 };
const SIZES: Readonly<Record<string, number>> = { b: 8, w: 16, d: 32, q: 64 };

/** Reads instruction bytes from the running page and, at its end, from the page that follows in linear memory. */
class CodeReader implements ByteSource {
  cpu: Core | null = null;
  private at = 0; // offset from the start of the running page
  private physical = 0;
  private secondPhysical = -1;
  private count = 0;

  start(cpu: Core, op: Op): void {
    this.cpu = cpu;
    this.at = op.off;
    this.physical = op.page.physical;
    this.secondPhysical = -1;
    this.count = 0;
  }

  /** Physical address of the second page, or -1 when the instruction ended in the first. */
  get second(): number {
    return this.secondPhysical;
  }

  next8(): number {
    const cpu = this.cpu!;
    if (++this.count > 15) cpu.raise(PROTECTION, 0, true);
    const at = this.at++;
    if (at < 4096) return cpu.m8[this.physical + at]!;
    if (this.secondPhysical < 0) this.secondPhysical = secondPageOf(cpu);
    return cpu.memory.bytes[this.secondPhysical + at - 4096]!;
  }
}

/** Where the page after the running one is; raises what fetching there raises. */
function secondPageOf(cpu: Core): number {
  const eip = (cpu.pageEip + 4096) | 0;
  if (eip >>> 0 > cpu.limits[CS]! >>> 0) cpu.raise(PROTECTION, 0, true);
  const physical = cpu.translate((eip + cpu.bases[CS]!) >>> 0, false, true);
  if (physical < 0) cpu.raise(PAGE_FAULT, cpu.pageFaultCode, true);
  if (physical >= cpu.memory.size) cpu.undefinedOpcode("code outside RAM");
  return physical;
}

const reader = new CodeReader();
const parsed = new Parsed();

/** The first handler of every op, and its last: decodes the instruction and runs it, or finds the op that took its place. */
export const decodeAndRun: Handler = (cpu, op) => {
  if (op.page.dead || op.page.ops[op.off] !== op) {
    cpu.eip = cpu.eipOf(op);
    const fresh = cpu.enter();
    return fresh.run(cpu, fresh);
  }
  decode(cpu, op);
  return op.run(cpu, op);
};

/** Decodes the instruction at an op of the running page into it. */
export function decode(cpu: Core, op: Op): void {
  reader.start(cpu, op);
  parseInstruction(reader, parsed);
  fill(op, parsed);
  const { second } = reader;
  if (second >= 0) {
    op.secondPage = cpu.pageAt(second);
    op.secondPageWrites = op.secondPage.headWrites;
    op.inner = op.run;
    op.run = crossPage;
  }
  if (op.length === 0) cpu.memory.addDecoded(op.page);
  op.length = parsed.length;
  op.next = opAt(op.page, op.off + op.length);
}

/** An instruction that lies in two pages: decoded again when the second is another one now, or was written. */
const crossPage: Handler = (cpu, op) => {
  const page = op.secondPage!;
  if (secondPageOf(cpu) !== page.physical || page.dead || page.headWrites !== op.secondPageWrites) {
    decode(cpu, op);
    return op.run(cpu, op);
  }
  return op.inner(cpu, op);
};

/** Memory operands in other segments than DS, ES and SS: the short cuts do not serve them. */
function otherSegment(inner: Handler): Handler {
  return (cpu, op) => {
    cpu.readCut = cpu.writeCut = cpu.memory.emptyTable;
    try {
      return inner(cpu, op);
    } finally {
      cpu.chooseTables();
    }
  };
}

/** 16-bit addresses: computed first, then the instruction sees an absolute address. */
function address16(inner: Handler): Handler {
  return (cpu, op) => {
    op.disp = (cpu.r[op.base16]! + cpu.r[op.index16]! + op.disp16) & 0xffff;
    return inner(cpu, op);
  };
}

function fill(op: Op, p: Parsed): void {
  const { row } = p;
  op.opcode = p.opcode;
  op.seg = p.seg;
  op.base = p.isMemory ? p.base : ZERO;
  op.index = p.isMemory ? p.index : ZERO;
  op.scale = p.isMemory ? p.scale : 0;
  op.disp = p.isMemory ? p.disp : 0;
  op.imm = p.imm;
  op.imm2 = p.imm2;
  op.repeat = p.repeat;
  op.addressSize = p.addressSize;
  op.mem = 0;
  op.hasImm = false;
  op.a = 0;
  op.b = 0;
  op.text = "";
  if (row === null) return refuse(op, p.inGroup ? null : foreignName(p.opcode, p.modrm));
  const form = bindOperands(op, p, row);
  if (form === null || (p.lock && !(LOCKABLE.has(row.name) && op.mem === 1))) return refuse(op, null);

  const handler = handlerOf(row, form, op.size, p);
  if (handler === undefined) return refuse(op, row.name);
  op.run = handler;
  if (p.isMemory && p.addressSize === 16 && !row.operands[0]?.startsWith("O") && !row.operands[1]?.startsWith("O")) {
    op.base16 = op.base;
    op.index16 = op.index;
    op.disp16 = op.disp;
    op.base = op.index = ZERO;
    op.run = address16(op.run);
  }
  const usesSegment = p.isMemory || row.operands[0]?.startsWith("X") === true || row.name === "xlat";
  if (usesSegment && op.seg !== DS && op.seg !== SS && op.seg !== ES) op.run = otherSegment(op.run);
}

function refuse(op: Op, text: string | null): void {
  op.text = text ?? "";
  op.run = HANDLERS[text === null ? "illegal" : "unimplemented"]!;
}

// What was chosen for a row before: it depends on nothing but whether there is a memory operand, and on the operand size.
const chosen = new Map<Row, (Handler | undefined)[]>();

function handlerOf(row: Row, form: string, size: number, p: Parsed): Handler | undefined {
  let handlers = chosen.get(row);
  if (handlers === undefined) chosen.set(row, (handlers = []));
  const which = (p.isMemory ? 1 : 0) | (p.operandSize === 16 ? 2 : 0);
  return (handlers[which] ??= chooseHandler(row.name, form, size));
}

function chooseHandler(name: string, form: string, size: number): Handler | undefined {
  return HANDLERS[`${name}_${form}${size}`] ?? HANDLERS[`${name}_${form}`] ?? HANDLERS[`${name}_${size}`] ?? HANDLERS[name];
}

/** Sets the op's operand fields; returns the form (a letter an operand), or null when the encoding is not allowed. */
function bindOperands(op: Op, p: Parsed, row: Row): string | null {
  let form = "";
  let sized = false; // the first operand that is no immediate gives the size
  op.size = p.operandSize;
  for (let i = 0; i < row.operands.length; i++) {
    const operand = row.operands[i]!;
    const size = operandSize(operand, p);
    if (!sized && size !== 0 && !"IsJ1".includes(operand[0]!)) {
      op.size = size;
      sized = true;
    }
    const letter = bindOperand(op, p, operand, size, i);
    if (letter === null) return null;
    form += letter;
  }
  return form;
}

function operandSize(operand: string, p: Parsed): number {
  if (operand === "AL" || operand === "CL") return 8;
  const letter = operand[operand.length - 1]!;
  if (letter === "v" || operand === "eAX" || letter === "p") return p.operandSize;
  if (operand in FIXED_SEGMENTS || operand === "DX") return 0;
  return SIZES[letter] ?? 0;
}

function bindOperand(op: Op, p: Parsed, operand: string, size: number, place: number): string | null {
  const register = (n: number): "r" => {
    const index = size === 8 ? byteIndex(n) : size === 16 ? n * 2 : n;
    if (place === 0) op.a = index;
    else op.b = index;
    return "r";
  };
  if (operand in FIXED_SEGMENTS) {
    op.b = FIXED_SEGMENTS[operand]!;
    return "s";
  }
  switch (operand[0]) {
    case "E":
    case "M":
    case "R":
      if (!p.isMemory) return operand[0] === "M" ? null : register(p.rm);
      if (operand[0] === "R") return null;
      op.mem = place === 0 ? 1 : 2;
      return "m";
    case "O":
      op.mem = place === 0 ? 1 : 2;
      return "m";
    case "G":
      return register(p.reg);
    case "Z":
      return register(p.opcode & 7);
    case "S":
      op.b = place === 0 ? op.b : p.reg;
      if (place === 0) op.a = p.reg;
      return p.reg > GS_MAX ? null : "s";
    case "C":
      return "c";
    case "D":
      return "d";
    case "A":
      if (operand === "Ap") return "p";
      return register(EAX);
    case "e":
      return register(EAX);
    case "X":
      return "x";
    case "J":
      op.taken = opAt(op.page, op.off + p.length + p.imm);
      return "j";
    case "I":
    case "s":
    case "1":
      if (place === 1) op.hasImm = true;
      return "i";
    default:
      return ""; // a lone size letter
  }
}

const GS_MAX = 5;

function byteIndex(register: number): number {
  return register < 4 ? register * 4 : (register - 4) * 4 + 1;
}
