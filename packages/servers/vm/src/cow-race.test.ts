import { MAP_ANON, MAP_PREALLOC, VM_BLOCKID_NONE } from "@procyon-os/contract-vm";
import { PM, type VirtAddr } from "@procyon-os/message";
import { expect, it } from "vitest";
import { FakeMachine } from "./testing/fake-machine.ts";
import { HEAP_END, mapped, munmap, spawn } from "./testing/programs.ts";

const AT = 0x90000000;
const OLD = 10;
const PARENTS = 20;
const CHILDS = 30;

/**
 * Parent and child share a page; the child writes it, and while VM makes its copy the parent writes too, as soon as its page table
 * lets it, but not before VM's `point`th trap. Gives what each sees at the place that the parent writes, or null where the parent could not.
 */
function interleave(point: number, mistake: string): { seen: [number, number] | null; traps: number } {
  const machine = new FakeMachine(16, 2, mistake);
  const parent = spawn(machine, 40);
  mapped(machine, parent, 0x1000, AT);
  machine.poke(parent, AT, OLD);
  const made = machine.fork(parent, 41);
  if (!made.ok) throw new Error(made.error);
  const { child } = made.value;
  const from = machine.traps;
  let wrote = false;
  machine.onTrap = () => {
    const process = machine.process(parent);
    if (wrote || machine.traps - from !== point || process.inhibited) return;
    const found = machine.ram.walk(process, AT);
    if (found === null || !found.writable) return; // it would fault, and wait for VM
    machine.memory[found.physical] = PARENTS;
    wrote = true;
  };
  machine.poke(child, AT + 100, CHILDS);
  machine.onTrap = null;
  const traps = machine.traps - from;
  machine.check();
  return { seen: wrote ? [machine.peek(parent, AT), machine.peek(child, AT)] : null, traps };
}

function allInterleavings(mistake: string): ([number, number] | null)[] {
  const { traps } = interleave(-1, mistake);
  expect(traps).toBeGreaterThan(3);
  return Array.from({ length: traps }, (_, point) => interleave(point + 1, mistake).seen);
}

it("[V04] E69: copies a page before its other owner may write it, whatever that does at whichever trap of VM (DEBUG_RACE)", () => {
  for (const seen of allInterleavings("")) if (seen !== null) expect(seen).toEqual([PARENTS, OLD]);
});

it("[V04] finds MINIX's old mistake, to give write access back before the copy is made", () => {
  const seen = allInterleavings("vm_mistake=give-back").filter((one) => one !== null);
  expect(seen).toContainEqual([PARENTS, PARENTS]);
});

it("stops a process and has its TLBs flushed where it loses pages or rights, with several CPUs; not where it only gains (K19)", () => {
  const machine = new FakeMachine(16, 2);
  const process = spawn(machine, 40);
  const inhibitsOf = (what: () => unknown): number => {
    const before = machine.kernel.inhibits;
    what();
    machine.check(); // nobody is left stopped
    return machine.kernel.inhibits - before;
  };
  const brk = (end: number) => machine.call(PM, "brk", { process, address: end as VirtAddr });
  const none = VM_BLOCKID_NONE;
  expect(inhibitsOf(() => mapped(machine, process, 0x4000, AT, MAP_ANON | MAP_PREALLOC))).toBe(0);
  expect(inhibitsOf(() => brk(HEAP_END + 0x1000))).toBe(0);
  expect(inhibitsOf(() => machine.poke(process, HEAP_END, 1))).toBe(0);
  expect(inhibitsOf(() => brk(HEAP_END))).toBe(1);
  expect(inhibitsOf(() => munmap(machine, process, AT, 0x1000))).toBe(1);
  const yielding = { address: (AT + 0x1000) as VirtAddr, length: 0x1000, getHigh: none, getLow: none, yieldHigh: 0, yieldLow: 1 };
  expect(inhibitsOf(() => machine.call(process, "yieldblockgetblock", yielding))).toBe(1);
  expect(inhibitsOf(() => machine.fork(process, 41))).toBe(1);
  expect(inhibitsOf(() => machine.poke(process, AT + 0x2000, 1))).toBe(1); // another frame than it could read
});
