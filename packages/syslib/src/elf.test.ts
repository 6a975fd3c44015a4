import { expect, it } from "vitest";
import { parseElf } from "./elf.ts";

/** The headers of a program: entry, then type, offset, address, file and memory bytes and flags of each part. */
function elf(entry: number, ...parts: [type: number, offset: number, address: number, file: number, memory: number, flags: number][]): Uint8Array {
  const bytes = new Uint8Array(1024);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint32(20, 1, true);
  view.setUint32(24, entry, true);
  view.setUint32(28, 52, true);
  view.setUint16(42, 32, true);
  view.setUint16(44, parts.length, true);
  parts.forEach(([type, offset, address, file, memory, flags], index) => {
    [type, offset, address, address, file, memory, flags, 4096].forEach((word, at) => view.setUint32(52 + index * 32 + at * 4, word, true));
  });
  return bytes;
}

it("takes what a linker of today makes: headers and code are text, constants and data are data", () => {
  const program = parseElf(elf(0x8049010, [1, 0, 0x8048000, 0xd4, 0xd4, 4], [1, 0x1000, 0x8049000, 0x296, 0x296, 5], [1, 0x2000, 0x804a000, 0x168, 0x168, 4], [1, 0x3000, 0x804b000, 4, 0x11190, 6]));
  expect(program).toMatchObject({ ok: true, value: { text: { start: 0x8048000, bytes: 0x2000 }, data: { start: 0x804a000, bytes: 0x13000 } } });
});

it("gives a program without data one page for its heap, and skips empty parts", () => {
  const program = parseElf(elf(0x1000, [1, 0, 0x1000, 10, 10, 5], [1, 0, 0x9000, 0, 0, 6], [4, 0, 0x7000, 10, 10, 6]));
  expect(program).toMatchObject({ ok: true, value: { text: { start: 0x1000, bytes: 0x1000 }, data: { start: 0x2000, bytes: 0x1000 } } });
});

it.each([
  ["no part with the entry", elf(0x5000, [1, 0, 0x1000, 10, 10, 5])],
  ["more in the file than in memory", elf(0x1000, [1, 0, 0x1000, 10, 9, 5])],
  ["a part in the kernel's half", elf(0x1000, [1, 0, 0x1000, 10, 0x7fffffff, 5])],
  ["headers beyond the first 512 bytes", elf(0x1000, ...Array.from({ length: 15 }, (): [number, number, number, number, number, number] => [1, 0, 0x1000, 10, 10, 5]))],
  ["nothing at all", new Uint8Array(10)],
])("refuses a file with %s", (_what, file) => {
  expect(parseElf(file)).toEqual({ ok: false, error: "ENOEXEC" });
});
