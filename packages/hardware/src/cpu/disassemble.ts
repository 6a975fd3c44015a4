import { foreignName } from "./foreign-names.ts";
import { Parsed, parseInstruction } from "./parse.ts";

const R32 = "eax ecx edx ebx esp ebp esi edi".split(" ");
const R16 = "ax cx dx bx sp bp si di".split(" ");
const R8 = "al cl dl bl ah ch dh bh".split(" ");
const SEGMENTS = "es cs ss ds fs gs".split(" ");
const ZERO = 8;
const STACK_SEGMENT = 2;
const DATA_SEGMENT = 3;

/** An instruction as text in Intel's syntax, for traces and messages, with its length in bytes. */
export interface Disassembly {
  readonly text: string;
  readonly length: number;
}

/** Takes the instruction at the start of the bytes apart; null when the bytes end before it does. */
export function disassemble(bytes: Uint8Array, eip: number): Disassembly | null {
  let at = 0;
  let short = false;
  const p = new Parsed();
  parseInstruction(
    {
      next8: () => {
        if (at >= bytes.length || at >= 15) short = true;
        return bytes[at++] ?? 0x90;
      },
    },
    p,
  );
  if (short) return null;
  const { row } = p;
  if (row === null) return { text: (p.inGroup ? null : foreignName(p.opcode, p.modrm)) ?? "(bad)", length: p.length };
  const prefix = (p.lock ? "lock " : "") + (p.repeat !== 0 && row.operands[0]?.startsWith("X") ? repeatName(p, row.name) : "");
  const operands = row.operands.map((operand, i) => operandText(p, operand, i, eip)).filter((text) => text !== "");
  const suffix = row.operands[0]?.startsWith("X") ? { 8: "b", 16: "w", 32: "d" }[sizeOf(p, row.operands[0])] : "";
  return { text: `${prefix}${row.name}${suffix} ${operands.join(", ")}`.trim(), length: p.length };
}

function repeatName(p: Parsed, name: string): string {
  if (name !== "cmps" && name !== "scas") return "rep ";
  return p.repeat === 0xf3 ? "repe " : "repne ";
}

function sizeOf(p: Parsed, operand: string): number {
  const letter = operand[operand.length - 1];
  return letter === "b" ? 8 : letter === "w" ? 16 : letter === "d" ? 32 : p.operandSize;
}

const registerName = (n: number, size: number): string => (size === 8 ? R8 : size === 16 ? R16 : R32)[n]!;
const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;
const signedHex = (value: number): string => (value < 0 ? `-0x${(-value).toString(16)}` : `+0x${value.toString(16)}`);

function operandText(p: Parsed, operand: string, place: number, eip: number): string {
  const size = sizeOf(p, operand);
  if (/^([ECSDFG]S|AL|CL|DX)$/.test(operand)) return operand.toLowerCase();
  switch (operand[0]) {
    case "E":
    case "M":
    case "R":
      return p.isMemory ? memoryText(p, operand, size) : registerName(p.rm, size);
    case "O":
      return memoryText(p, operand, size);
    case "G":
      return registerName(p.reg, size);
    case "Z":
      return registerName(p.opcode & 7, size);
    case "S":
      return SEGMENTS[p.reg] ?? "?";
    case "e":
      return registerName(0, p.operandSize);
    case "J":
      return hex(eip + p.length + p.imm);
    case "A":
      return `${hex(p.imm2)}:${hex(p.imm)}`;
    case "1":
      return "1";
    case "I":
    case "s":
      return hex(place > 0 && p.row!.operands[0]!.startsWith("I") ? p.imm2 : p.imm);
    default:
      return ""; // string operands, and a lone size
  }
}

function memoryText(p: Parsed, operand: string, size: number): string {
  const parts: string[] = [];
  const names = p.addressSize === 16 ? R16 : R32;
  if (p.base !== ZERO) parts.push(names[p.base]!);
  if (p.index !== ZERO) parts.push(p.scale === 0 ? names[p.index]! : `${names[p.index]!}*${1 << p.scale}`);
  let inside = parts.join("+");
  if (inside === "") inside = hex(p.disp);
  else if (p.disp !== 0) inside += signedHex(p.disp);
  const usual = p.base === 4 || p.base === 5 ? STACK_SEGMENT : DATA_SEGMENT;
  const segment = p.override >= 0 && p.override !== usual ? `${SEGMENTS[p.override]}:` : "";
  const width = operand === "M" || operand[1] === "p" ? "" : { 8: "byte ", 16: "word ", 32: "dword " }[size];
  return `${width}${segment}[${inside}]`;
}
