import { expect, it } from "vitest";
import { Session } from "../support/session.ts";
import { rootImage } from "../support/image.ts";

const PRESENT = 0x001;
const USER = 0x004;
const BIG = 0x080;
const GLOBAL = 0x100;

it("[K14] maps the kernel by global pages that no user may touch, of 4 MB but for the first, whose first page is not there", () => {
  const session = new Session([rootImage([])]);
  session.prompt();
  const { kernel, board } = session.system;
  const words = board.memory.words;
  const mapped = Array.from({ length: 12 }, (_, slot) => kernel.processes.at(slot)).filter(({ cr3 }) => cr3 !== 0);
  expect(mapped).toHaveLength(12);
  for (const { cr3 } of mapped) {
    const [first, second] = [words[cr3 >>> 2] as number, words[(cr3 >>> 2) + 1] as number];
    expect(first & (PRESENT | USER | BIG)).toBe(PRESENT);
    const table = (first & ~0xfff) >>> 2;
    expect(words[table]).toBe(0);
    for (const page of [1, 512, 1023]) expect((words[table + page] as number) & ~0x60).toBe((page << 12) | 0x003 | GLOBAL);
    expect(second & (PRESENT | USER | BIG | GLOBAL)).toBe(PRESENT | BIG | GLOBAL);
  }

  const [{ cpu }] = kernel.cpus as [(typeof kernel.cpus)[number]];
  const byte = new Uint8Array(1);
  expect(cpu.readLinear(0, byte, 0, 1, false)).toBe(0); // the kernel's own null pointer faults
  expect(cpu.readLinear(0x200000, byte, 0, 1, false)).toBe(-1);
  expect(cpu.readLinear(0x200000, byte, 0, 1, true)).toBe(0x200000); // a user's access does not get through
});
