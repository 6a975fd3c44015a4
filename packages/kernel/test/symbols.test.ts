import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PM } from "@procyon-os/message";
import { afterAll, expect, it } from "vitest";
import { readSymbols } from "../src/debug/symbols.ts";
import type { KernelOptions } from "../src/options.ts";
import { scene } from "../src/testing/scene.ts";

const folder = mkdtempSync(join(tmpdir(), "symbols-"));
afterAll(() => rmSync(folder, { recursive: true }));

const source = `
  #define DEEP __attribute__((noipa))
  int data_word = 1;
  DEEP void innermost(void) { asm volatile("ud2"); }
  DEEP void middle(void) { innermost(); data_word++; }
  DEEP __attribute__((noreturn)) void outer(void) { middle(); for (;;) data_word++; }
  asm(".globl _start\\n_start: xorl %ebp, %ebp\\n call outer\\n");
`;
const compile = [
  "-m32", "-O0", "-march=i386", "-ffreestanding", "-nostdlib", "-static", "-no-pie", "-fno-pie", "-fno-stack-protector", "-fno-omit-frame-pointer",
  "-fno-asynchronous-unwind-tables", "-Wl,-Ttext-segment=0x1000", "-Wl,-N", "-Wl,--no-warn-rwx-segments", "-Wl,--build-id=none",
];

function program(...more: readonly string[]): Uint8Array {
  const path = join(folder, `crash${more.join("")}`);
  execFileSync("gcc", [...compile, ...more, "-x", "c", "-", "-o", path], { input: source });
  return new Uint8Array(readFileSync(path));
}

/** The line of the trace that the kernel prints when the program has crashed. */
function trace(file: Uint8Array, symbols?: NonNullable<KernelOptions["symbols"]>): string {
  const { printed } = scene([[PM, file]], undefined, symbols === undefined ? {} : { symbols });
  return printed.find((text) => text.startsWith("g0 ")) ?? printed.join("");
}
const hex = "0x[0-9a-f]+";
const chain = new RegExp(`^g0 +0 ${["innermost", "middle", "outer", "_start"].map((name) => `${hex} \\(${name}\\+${hex}\\) `).join("")}\n$`);

it("names the functions on the stack of a guest of the boot image that crashed, innermost first", () => {
  expect(trace(program())).toMatch(chain);
});

it("prints plain addresses without symbols, and takes those that it is given, as a file or as a table", () => {
  const bare = program("-s");
  const full = program();
  const asked: string[] = [];
  expect(readSymbols(bare)).toBeNull();
  expect(trace(bare)).toMatch(new RegExp(`^g0 +0 (${hex} ){4}\n$`));
  expect(trace(bare, (name) => (asked.push(name), full))).toMatch(chain);
  expect(trace(bare, () => readSymbols(full))).toMatch(chain);
  expect(asked).toEqual(["g0"]);
});

it("looks addresses up by function: the first and the last byte, a return address behind the end, none between and none of data", () => {
  const file = program();
  const table = readSymbols(file);
  const listed = execFileSync("nm", ["-S", join(folder, "crash")], { encoding: "utf8" });
  const [, start = 0, bytes = 0] = (/^(\w+) (\w+) T middle$/m.exec(listed) ?? []).map((text) => Number.parseInt(text, 16));
  const data = Number.parseInt(/^(\w+) .*D data_word$/m.exec(listed)?.[1] ?? "", 16);
  expect(table?.lookup(start)).toBe("middle+0x0");
  expect(table?.lookup(start + bytes - 1)).toBe(`middle+0x${(bytes - 1).toString(16)}`);
  expect(table?.lookup(start + bytes, true)).toBe(`middle+0x${bytes.toString(16)}`);
  expect(table?.lookup(start, true)).not.toContain("middle");
  expect([table?.lookup(0), table?.lookup(0, true), table?.lookup(0x100)]).toEqual([null, null, null]);
  expect(table?.lookup(data) ?? "").not.toContain("data_word");
});

it("finds nothing in files that are none, are cut off or lie about themselves, and never throws", () => {
  const file = program();
  expect(readSymbols(new Uint8Array(0))).toBeNull();
  for (let length = 0; length < file.length; length += 7) expect(readSymbols(file.subarray(0, length))).toBeNull();
  let state = 1;
  for (let round = 0; round < 20_000; round++) {
    const spoiled = file.slice();
    for (let change = 0; change < 4; change++) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      const at = round % 2 === 0 ? state % 52 : spoiled.length - 1 - (state >>> 8) % 400;
      spoiled[at] = state >>> 16;
    }
    readSymbols(spoiled)?.lookup(0x1010);
  }
});
