import { PFF_EXEC_ONLY } from "@procyon-os/contract-kernel";
import { MAP_ANON, MAP_IPC_SHARED, MAP_PREALLOC } from "@procyon-os/contract-vm";
import { INIT, RS, type Endpoint } from "@procyon-os/message";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FakeMachine } from "../testing/fake-machine.ts";
import { mapped, spawn } from "../testing/programs.ts";

let machine: FakeMachine;
let parent: Endpoint;
beforeEach(() => {
  machine = new FakeMachine(32);
  parent = spawn(machine, 40);
});
afterEach(() => machine.check());

function forked(slot = 41): Endpoint {
  const made = machine.fork(parent, slot);
  if (!made.ok) throw new Error(made.error);
  return made.value.child;
}

it("[V03] shares pages copy-on-write: one written byte copies one page", () => {
  const at = mapped(machine, parent, 0x3000);
  [0, 1, 2].forEach((page) => machine.poke(parent, at + page * 4096, 10 + page));
  machine.poke(parent, at + 4096 + 77, 55);
  const child = forked();
  const before = machine.check();
  machine.poke(child, at + 4096, 99);
  expect(machine.peek(child, at + 4096 + 77)).toBe(55); // the rest of the page came along
  expect(machine.check().pages).toBe(before.pages + 1);
  expect([0, 1, 2].map((page) => machine.peek(child, at + page * 4096))).toEqual([10, 99, 12]);
  expect([0, 1, 2].map((page) => machine.peek(parent, at + page * 4096))).toEqual([10, 11, 12]);
});

it("[V04] gives the last owner of a page its write access back without a copy", () => {
  const child = forked();
  machine.exit(child);
  const before = machine.check();
  machine.poke(parent, 0x3000, 1);
  expect(machine.check()).toEqual(before);
});

it("gives every frame back when the child ends", () => {
  const before = machine.check();
  for (let round = 0; round < 20; round++) {
    const child = forked();
    machine.poke(child, 0x3000, round);
    machine.poke(child, 0x7f000000, round);
    machine.exit(child);
  }
  expect(machine.check()).toEqual(before);
});

it("makes the reply's message resident and private for both", () => {
  machine.kernel.messageAddress = 0x4ff0; // across two pages
  machine.call(parent, "mmap", { address: 0x5000 as never, length: 4096, protection: 3, flags: MAP_ANON, file: -1, offset: 0 });
  const child = forked();
  const traps = machine.traps;
  for (const process of [parent, child]) for (const address of [0x4ff0, 0x5010]) machine.poke(process, address, 1);
  expect(machine.traps).toBe(traps);
});

it("really shares shared memory with the child", () => {
  const at = mapped(machine, parent, 0x2000, 0, MAP_ANON | MAP_PREALLOC | MAP_IPC_SHARED);
  const child = forked();
  machine.poke(child, at, 5);
  expect(machine.peek(parent, at)).toBe(5);
});

it("starts the child of a hosted process with nothing, and leaves the parent's pages alone", () => {
  const before = machine.check();
  const made = machine.fork(RS, 50, PFF_EXEC_ONLY);
  expect(made.ok).toBe(true);
  expect(machine.check().pages).toBe(before.pages);
  const traps = machine.traps;
  machine.poke(RS, 0x2000, 1);
  expect(machine.traps).toBe(traps);
});

it("refuses a slot that is taken or none, and leaves nothing behind", () => {
  const before = machine.check();
  expect(machine.fork(parent, 40)).toEqual({ ok: false, error: "EINVAL" });
  expect(machine.fork(parent, 256)).toEqual({ ok: false, error: "EINVAL" });
  expect(machine.fork(INIT, -1)).toEqual({ ok: false, error: "EINVAL" });
  expect(machine.check()).toEqual(before);
});

it("[V19] answers ENOMEM when memory does not last for the child, and takes nothing", () => {
  const at = mapped(machine, parent, 64 * 0x100000);
  for (let page = 0; machine.touch(parent, at + page * 4096, true) !== "SIGSEGV"; page++);
  const before = machine.check();
  expect(machine.fork(parent, 41)).toEqual({ ok: false, error: "ENOMEM" });
  expect(machine.check()).toEqual(before);
});
