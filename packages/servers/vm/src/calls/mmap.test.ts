import { MAP_ALIGN64K, MAP_ANON, MAP_CONTIG, MAP_IPC_SHARED, MAP_LOWER16M, MAP_LOWER1M, MAP_PREALLOC } from "@procyon-os/contract-vm";
import { type Endpoint, type VirtAddr } from "@procyon-os/message";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FakeMachine } from "../testing/fake-machine.ts";
import { mapped, mmap, munmap, spawn } from "../testing/programs.ts";

let machine: FakeMachine;
let child: Endpoint;
beforeEach(() => {
  machine = new FakeMachine(64);
  child = spawn(machine, 40);
});
afterEach(() => machine.check());

const PIECE = MAP_ANON | MAP_PREALLOC | MAP_CONTIG;
const physical = (address: number): number => machine.touch(child, address, true) as number;

it("[V07] honors an address that is free, in whatever order, and takes the first gap above one that is not", () => {
  for (const address of [0x90000000, 0x90004000, 0x90002000, 0x80000000]) expect(mapped(machine, child, 0x2000, address)).toBe(address);
  expect(mapped(machine, child, 0x1000, 0x90001000)).toBe(0x90006000);
  expect(mapped(machine, child, 0x1000)).toBe(0x80002000);
  expect(mapped(machine, child, 0x1000, 0x80000)).toBe(0x80000); // in the gap between heap and stack
});

it("[V07] makes memory contiguous, aligned, and below a limit", () => {
  const piece = mapped(machine, child, 0x8000, 0, PIECE);
  expect(physical(piece + 0x7000)).toBe(physical(piece) + 0x7000);
  expect(physical(mapped(machine, child, 0x3000, 0, PIECE | MAP_ALIGN64K)) % 0x10000).toBe(0);
  expect(physical(mapped(machine, child, 0x3000, 0, PIECE | MAP_LOWER16M)) + 0x3000).toBeLessThanOrEqual(0x1000000);
  const lazy = mapped(machine, child, 0x3000, 0, MAP_ANON | MAP_LOWER16M);
  expect(physical(lazy)).toBeLessThan(0x1000000);
  expect(mmap(machine, child, 0x1000, 0, PIECE | MAP_LOWER1M)).toEqual({ ok: false, error: "ENOMEM" });
});

it.each([
  { what: "length 0", length: 0, address: 0, flags: MAP_ANON, error: "EINVAL" },
  { what: "an address between pages", length: 4096, address: 0x90000001, flags: MAP_ANON, error: "EINVAL" },
  { what: "CONTIG without PREALLOC", length: 4096, address: 0, flags: MAP_ANON | MAP_CONTIG, error: "EINVAL" },
  { what: "shared memory without PREALLOC", length: 4096, address: 0, flags: MAP_ANON | MAP_IPC_SHARED, error: "EINVAL" },
  { what: "an address beyond the end", length: 4096, address: 0xe7000000, flags: MAP_ANON, error: "ENOMEM" },
  { what: "a length that wraps", length: 0xffffffff, address: 0, flags: MAP_ANON, error: "ENOMEM" },
  { what: "more than there is, at once", length: 80 * 0x100000, address: 0, flags: MAP_ANON | MAP_PREALLOC, error: "ENOMEM" },
])("refuses $what and leaves nothing behind", ({ length, address, flags, error }) => {
  const before = machine.check();
  expect(mmap(machine, child, length, address, flags)).toEqual({ ok: false, error });
  expect(machine.check()).toEqual(before);
});

it("refuses files", () => {
  const ask = { address: 0 as VirtAddr, length: 4096, protection: 3, offset: 0 };
  expect(machine.call(child, "mmap", { ...ask, flags: 0, file: 3 })).toEqual({ ok: false, error: "ENOSYS" });
  expect(machine.call(child, "mmap", { ...ask, flags: MAP_ANON, file: 3 })).toEqual({ ok: false, error: "EINVAL" });
});

it("[V07] unmaps any part: the front, the middle, the end, and across regions", () => {
  const before = machine.check();
  const at = mapped(machine, child, 0x8000, 0x90000000, MAP_ANON | MAP_PREALLOC);
  mapped(machine, child, 0x4000, 0x90008000, MAP_ANON | MAP_PREALLOC);
  for (let page = 0; page < 12; page++) machine.poke(child, at + page * 4096, page);
  const done = { ok: true, value: {} };
  expect(munmap(machine, child, at + 0x3000, 1)).toEqual(done);
  expect(munmap(machine, child, at, 0x1000)).toEqual(done);
  expect(munmap(machine, child, at + 0x6000, 0x3000)).toEqual(done);
  const left = [...Array(12).keys()].filter((page) => machine.touch(child, at + page * 4096, false) !== "SIGSEGV");
  expect(left).toEqual([1, 2, 4, 5, 9, 10, 11]);
  for (const page of left) expect(machine.peek(child, at + page * 4096)).toBe(page);
  machine.check();
  for (const page of left) munmap(machine, child, at + page * 4096, 4096);
  expect(machine.check()).toEqual(before);
});

it("refuses to unmap what is not mapped, wholly or in part", () => {
  const at = mapped(machine, child, 0x2000, 0x90000000);
  for (const [address, length] of [[at, 0x3000], [at - 0x1000, 0x2000], [at + 1, 0x1000], [at, 0], [0xfffff000, 0x2000]] as const) {
    expect(munmap(machine, child, address, length)).toEqual({ ok: false, error: "EFAULT" });
  }
});

it("unmaps text by its own base", () => {
  expect(machine.call(child, "munmapText", { address: 0x1000 as VirtAddr, length: 4096 })).toEqual({ ok: true, value: {} });
  expect(machine.touch(child, 0x1000, false)).toBe("SIGSEGV");
  expect(machine.touch(child, 0x2000, false)).toBeTypeOf("number");
});
