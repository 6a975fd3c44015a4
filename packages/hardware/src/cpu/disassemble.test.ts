import { expect, it } from "vitest";
import { disassemble } from "./disassemble.ts";
import { HANDLERS } from "./handlers.ts";
import { FLAG_EFFECTS, OPCODES, type Row } from "./opcode-table.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(text.split(" "), (byte) => parseInt(byte, 16));

it("instructions read as in Intel's manuals", () => {
  const codes = [
    "01 d8", "8b 44 8b fc", "66 c7 05 10 00 00 00 34 12", "f3 a5", "f2 ae", "74 fe", "e8 00 01 00 00", "c1 e0 05", "d3 f8", "0f a4 c2 03",
    "65 a1 14 00 00 00", "f0 0f b1 0b", "0f b6 45 ff", "ff 24 85 00 10 00 00", "c8 10 00 02", "ea 00 00 00 00 1b 00", "8e d8", "67 8b 41 01", "d9 e8", "0f 1f 40 00", "0f 24 00", "fe d0",
  ];
  expect(codes.map((code) => disassemble(hex(code), 0x1000)?.text)).toEqual([
    "add eax, ebx", "mov eax, dword [ebx+ecx*4-0x4]", "mov word [0x10], 0x1234", "rep movsd", "repne scasb", "je 0x1000", "call 0x1105", "shl eax, 0x5", "sar eax, cl", "shld edx, eax, 0x3",
    "mov eax, dword gs:[0x14]", "lock cmpxchg dword [ebx], ecx", "movzxb eax, byte [ebp-0x1]", "jmp dword [eax*4+0x1000]", "enter 0x10, 0x2", "jmpf 0x1b:0x0", "movts ds, ax", "mov eax, dword [bx+di+0x1]", "x87 fld1 (d9 e8)", "nop dword [eax]", "(bad)", "(bad)",
  ]);
  expect(disassemble(hex("8b 44"), 0)).toBeNull();
});

it("every instruction in the table has a handler", () => {
  const rows = OPCODES.flatMap((entry) => (Array.isArray(entry) ? (entry as readonly (Row | null)[]) : [entry as Row | null]));
  const names = new Set(rows.filter((row) => row !== null).map((row) => row.name));
  const handled = new Set(Object.keys(HANDLERS).map((key) => key.split("_")[0]));
  expect([...names].filter((name) => !handled.has(name))).toEqual([]);
  expect(Object.keys(FLAG_EFFECTS).filter((name) => !names.has(name))).toEqual([]);
});
