import { MAP_ANON, MAP_CONTIG, MAP_IPC_SHARED, MAP_PREALLOC } from "@procyon-os/contract-vm";
import { RS, SELF, type Endpoint, type PhysAddr, type VirtAddr } from "@procyon-os/message";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FakeMachine } from "../testing/fake-machine.ts";
import { mapped, spawn } from "../testing/programs.ts";

let machine: FakeMachine;
let child: Endpoint;
let at: VirtAddr;
const SHARED = MAP_ANON | MAP_PREALLOC | MAP_CONTIG | MAP_IPC_SHARED;
const SIZE = 0x4000;
beforeEach(() => {
  machine = new FakeMachine(32);
  child = spawn(machine, 40);
  at = mapped(machine, RS, SIZE, 0, SHARED);
});
afterEach(() => machine.check());

const ask = (change: object = {}) => ({
  destination: child, source: RS, destinationAddress: 0 as VirtAddr, sourceAddress: at, size: SIZE, ...change,
});
const attach = (change: object = {}): VirtAddr => {
  const outcome = machine.call(RS, "remap", ask(change));
  if (!outcome.ok) throw new Error(outcome.error);
  return outcome.value.address;
};
const references = () => machine.call(RS, "getref", { process: SELF, address: at });

it("[V08] lets both sides see what either writes, and counts who is attached", () => {
  const there = attach({ destinationAddress: 0x80000 });
  expect(there).toBe(0x80000);
  const second = attach();
  machine.poke(child, there + 0x3fff, 42);
  expect(machine.peek(RS, at + 0x3fff)).toBe(42);
  expect(machine.peek(child, second + 0x3fff)).toBe(42);
  expect(references()).toEqual({ ok: true, value: { count: 3 } });
  expect(machine.call(RS, "shmUnmap", { process: child, address: there })).toEqual({ ok: true, value: {} });
  machine.exit(child);
  expect(references()).toEqual({ ok: true, value: { count: 1 } });
  expect(machine.peek(RS, at + 0x3fff)).toBe(42);
});

it("[V08] raises SIGSEGV for a write to a read-only attachment", () => {
  const attached = machine.call(RS, "remapRo", ask());
  if (!attached.ok) throw new Error(attached.error);
  expect(machine.peek(child, attached.value.address)).toBe(0);
  expect(machine.touch(child, attached.value.address, true)).toBe("SIGSEGV");
  expect(machine.touch(RS, at, true)).toBeTypeOf("number");
});

it("[V08] tells the physical address", () => {
  const physical = machine.touch(RS, at, false) as PhysAddr;
  expect(machine.call(RS, "getphys", { process: RS, address: at })).toEqual({ ok: true, value: { physical } });
  expect(machine.call(RS, "getphys", { process: RS, address: (at + 0x1000) as VirtAddr })).toEqual({ ok: false, error: "EINVAL" });
});

it.each([
  { what: "size 0", change: { size: 0 }, error: "EINVAL" },
  { what: "a process that is not there", change: { destination: 4242 as Endpoint }, error: "EINVAL" },
  { what: "a part of a region", change: { size: 0x2000 }, error: "EFAULT" },
  { what: "memory that is not shared", change: { sourceAddress: 0x1000 as VirtAddr }, error: "EFAULT" },
  { what: "a source that is not mapped", change: { sourceAddress: 0xa0000000 as VirtAddr }, error: "EINVAL" },
  { what: "a place that is taken", change: { destinationAddress: 0x3000 as VirtAddr }, error: "EINVAL" },
  { what: "a place between pages", change: { destinationAddress: 0x80010 as VirtAddr }, error: "EINVAL" },
])("refuses $what", ({ change, error }) => {
  const before = machine.check();
  expect(machine.call(RS, "remap", ask(change))).toEqual({ ok: false, error });
  expect(machine.check()).toEqual(before);
});

it("refuses overlapping attachments", () => {
  attach({ destinationAddress: 0x80000 });
  expect(machine.call(RS, "remap", ask({ destinationAddress: 0x81000 }))).toEqual({ ok: false, error: "EINVAL" });
});
