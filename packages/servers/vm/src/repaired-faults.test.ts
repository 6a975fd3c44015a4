import {
  MAP_ANON, MAP_CONTIG, MAP_IPC_SHARED, MAP_PREALLOC, VM_BLOCKID_NONE, VM_RS_MEM_PIN,
} from "@procyon-os/contract-vm";
import { VMCTL_ENABLE_PAGING, VMCTL_I386_INVLPG } from "@procyon-os/contract-kernel";
import { errorCode, INIT, messageType, newMessage, NONE, PM, RS, SELF, VM, type Endpoint, type PhysAddr, type VirtAddr } from "@procyon-os/message";
import { afterEach, beforeEach, expect, it } from "vitest";
import { parseMemory, withoutRange } from "./boot/boot-memory.ts";
import { UNCACHED } from "./page-table.ts";
import { FakeMachine } from "./testing/fake-machine.ts";
import { exec, HEAP_END, mapped, mmap, munmap, program, spawn, STACK_TOP } from "./testing/programs.ts";

// The faults that MINIX's history repaired, as reference/vm.md 11 lists them (F1–F40): what must hold. Those that this design cannot have
// are in the README.
const AT = 0x90000000;
const SMAP = 3;
const COWMAP = 2;
let machine: FakeMachine;
let one: Endpoint;
beforeEach(() => {
  machine = new FakeMachine(24);
  one = spawn(machine, 40);
});
afterEach(() => machine.check());

const refused = (error: string) => ({ ok: false, error });
const allow = (slot: number) => (machine.state.processes[slot]!.callMask = [-1, -1]);
function forked(parent: Endpoint, slot: number): Endpoint {
  const made = machine.fork(parent, slot);
  if (!made.ok) throw new Error(made.error);
  return made.value.child;
}
function device(physical: number, length: number): number {
  const made = machine.call(one, "mapPhys", { process: SELF, physical: physical as PhysAddr, length });
  if (!made.ok) throw new Error(made.error);
  return made.value.address;
}
const remapTo = (process: Endpoint, address: number, size: number, name: "remap" | "remapRo" = "remap") =>
  machine.call(RS, name, { destination: process, source: one, destinationAddress: 0 as VirtAddr, sourceAddress: address as VirtAddr, size });
const sharedMemory = (length: number) => mapped(machine, one, length, AT, MAP_ANON | MAP_PREALLOC | MAP_IPC_SHARED);

it("maps physical address 0 like any other (F1), the whole range and the offset where it is not aligned (F30)", () => {
  expect(machine.touch(one, device(0, 0x1000), false)).toBe(0);
  const at = device(0xb8ff0, 0x20);
  expect(at % 4096).toBe(0xff0);
  expect(machine.touch(one, at + 0x1f, false)).toBe(0xb900f);
});

it("takes memory at and above 2 GB for what it is (F2), and splits a chunk around a boot program (F37)", () => {
  expect(parseMemory("80000000:2000,ffffe000:2000")).toEqual([{ start: 0x80000, count: 2 }, { start: 0xffffe, count: 2 }]);
  expect(withoutRange([{ start: 10, count: 10 }], 13, 15)).toEqual([{ start: 10, count: 3 }, { start: 15, count: 5 }]);
});

it("frees nothing of a device's memory when it is unmapped, in whole or in part (F4)", () => {
  const { free, tables } = machine.check();
  const at = device(0xb8000, 0x3000);
  expect(munmap(machine, one, at, 0x1000).ok).toBe(true);
  expect(machine.call(one, "unmapPhys", { process: SELF, address: (at + 0x1000) as VirtAddr }).ok).toBe(true);
  expect(machine.check()).toMatchObject({ free, tables });
});

it("finds the pages of a request wherever resident ones lie around it (F6), and across regions (F7)", () => {
  mapped(machine, one, 0x4000, AT);
  mapped(machine, one, 0x4000, AT + 0x4000);
  machine.poke(one, AT, 1);
  machine.poke(one, AT + 0x7000, 2);
  expect(machine.request(one, AT + 0x2000, 0x4000, true)).toBe(0);
  expect(machine.request(one, AT, 0x8000, false)).toBe(0);
  expect([machine.peek(one, AT), machine.peek(one, AT + 0x7000)]).toEqual([1, 2]);
});

it("rounds the length of an unmapping up (F8)", () => {
  mapped(machine, one, 0x2000, AT);
  expect(munmap(machine, one, AT, 0x1001).ok).toBe(true);
  expect(machine.touch(one, AT + 0x1000, false)).toBe("SIGSEGV");
});

it("maps what the kernel asks for from the first on (F9), uncached where it says so (F17)", () => {
  const mappings = [{ physical: 0xfee00000, length: 0x1000, uncached: true }, { physical: 0xfec00010, length: 0x1000, uncached: false }];
  const other = new FakeMachine(16, 1, "", mappings);
  const [first, second] = other.kernel.mappedAt as [number, number];
  const kernelView = (address: number) => other.ram.view.getUint32(
    (other.ram.view.getUint32(other.process(INIT).cr3 + (address >>> 22) * 4, true) & ~0xfff) + ((address >>> 12) & 1023) * 4, true,
  );
  expect([(kernelView(first) & 0xfffff000) >>> 0, kernelView(first) & UNCACHED]).toEqual([0xfee00000, UNCACHED]);
  expect([(kernelView(second) & 0xfffff000) >>> 0, kernelView(second) & UNCACHED, second % 4096]).toEqual([0xfec00000, 0, 0x10]);
  other.check();
});

it("answers every request of the kernel, also one that it does not know (F10), and a bad one with EFAULT and nothing else (F12)", () => {
  expect(machine.request(one, AT, 0x1000, true, 77)).toBe(errorCode("ENOSYS"));
  const { free } = machine.check();
  expect(machine.request(one, AT, 0x1000, true)).toBe(errorCode("EFAULT"));
  mapped(machine, one, 0x1000, AT);
  expect(machine.request(one, AT, 0x2000, true)).toBe(errorCode("EFAULT"));
  expect([machine.check().free, machine.process(one).signals]).toEqual([free, []]);
  expect(machine.touch(one, AT, true)).not.toBe("SIGSEGV");
});

it("lets brk work for a program without data (F11)", () => {
  exec(machine, one, { dataAddress: 0x3000, dataBytes: 0 });
  expect(machine.call(PM, "brk", { process: one, address: 0x5000 as VirtAddr }).ok).toBe(true);
  machine.poke(one, 0x4fff, 1);
});

it("takes a stack inside the data for no collision (F13)", () => {
  machine.process(one).esp = 0x3800;
  expect(machine.call(PM, "brk", { process: one, address: (HEAP_END + 0x4000) as VirtAddr }).ok).toBe(true);
});

it("turns paging on and sets the segments in one call (F14), and never asks to drop a single page from the TLB (F39)", () => {
  expect(machine.kernel.vmctls.filter((parameter) => parameter === VMCTL_ENABLE_PAGING)).toHaveLength(1);
  expect(machine.kernel.vmctls).not.toContain(VMCTL_I386_INVLPG);
});

it("maps only whole shared regions elsewhere, and counts their users right (F15)", () => {
  const at = sharedMemory(0x2000);
  const other = spawn(machine, 41);
  expect(remapTo(other, at, 0x1000)).toEqual(refused("EFAULT"));
  expect(remapTo(other, at + 0x1000, 0x1000)).toEqual(refused("EFAULT"));
  expect(remapTo(other, at, 0x1001).ok).toBe(true);
  machine.exit(one);
});

it("undoes an allocation in pieces completely (F16)", () => {
  const holes = Array.from({ length: 40 }, (_, i) => mapped(machine, one, 0x1000, AT + i * 0x1000, MAP_ANON | MAP_PREALLOC));
  holes.forEach((hole, i) => i % 2 === 0 && munmap(machine, one, hole, 0x1000));
  const { free } = machine.check();
  expect(mmap(machine, one, 0x3000000, 0xa0000000, MAP_ANON | MAP_PREALLOC)).toEqual(refused("ENOMEM"));
  expect(machine.check().free).toBe(free);
});

it("copies for the target what is in a safemap, and parts in the source what is copy-on-write, before they are mapped (F18)", () => {
  const [other, third] = [spawn(machine, 41), spawn(machine, 42)];
  for (const process of [one, other, third]) mapped(machine, process, 0x1000, AT);
  machine.poke(one, AT, 1);
  const child = forked(one, 43);
  expect(machine.request(other, AT, 0x1000, true, SMAP, one, AT)).toBe(0);
  expect(machine.request(third, AT, 0x1000, true, COWMAP, one, AT)).toBe(0);
  machine.poke(one, AT, 2);
  expect([other, third, child].map((process) => machine.peek(process, AT))).toEqual([2, 1, 1]);
});

it("raises SIGSEGV for a write to what is mapped to be read, and fork leaves the rights of a safemap alone (F19)", () => {
  const other = spawn(machine, 41);
  for (const process of [one, other]) mapped(machine, process, 0x1000, AT);
  machine.request(other, AT, 0x1000, false, SMAP, one, AT);
  expect(machine.touch(other, AT, true)).toBe("SIGSEGV");
  forked(one, 42);
  forked(other, 43);
  expect(machine.touch(other, AT, true)).toBe("SIGSEGV");
  machine.poke(one, AT, 3);
  expect(machine.peek(other, AT)).toBe(3);
});

it("answers an update at the endpoint where the caller now is, once (F22), with the regions of both in order (F21)", () => {
  const fresh = spawn(machine, 41);
  const message = newMessage(0xc00 + 41);
  message[2] = one;
  message[3] = fresh;
  allow(40);
  expect(messageType(machine.send(one, message.slice()))).toBe(0);
  expect(machine.state.processes[40]?.endpoint).toBe(one);
});

it("pins every page, private and writable, where one allocation gave several (F24)", () => {
  const at = mapped(machine, one, 0x8000, AT, MAP_ANON | MAP_PREALLOC | MAP_CONTIG);
  forked(one, 41);
  expect(machine.call(RS, "rsMemctl", { process: one, request: VM_RS_MEM_PIN }).ok).toBe(true);
  const { faults } = machine.state.counters;
  for (let page = 0; page < 8; page++) machine.poke(one, at + page * 4096, page);
  expect(machine.state.counters.faults).toBe(faults);
});

it("demands PREALLOC with CONTIG, and shares contiguous memory at fork like any other (F25)", () => {
  expect(mmap(machine, one, 0x2000, AT, MAP_ANON | MAP_CONTIG)).toEqual(refused("EINVAL"));
  const at = mapped(machine, one, 0x2000, AT, MAP_ANON | MAP_PREALLOC | MAP_CONTIG);
  const child = forked(one, 41);
  machine.poke(child, at, 1);
  expect(machine.peek(one, at)).toBe(0);
});

it("lets a child run when its memory is complete, and stops nobody for longer than a change takes (F27)", () => {
  const several = new FakeMachine(16, 4);
  const parent = spawn(several, 40);
  several.kernel.messageAddress = 0x3000;
  for (const fail of [0, 1, 2, 3, 4, 5]) {
    several.state.failAt = fail;
    const made = several.fork(parent, 50 + fail);
    several.state.failAt = 0;
    expect([...several.ram.processes.values()].filter(({ inhibited }) => inhibited)).toEqual([]);
    if (made.ok) expect(several.touch(made.value.child, 0x3000, true)).not.toBe("SIGSEGV");
  }
  several.check();
});

it("never maps below the address that is asked for (F28)", () => {
  mapped(machine, one, 0x4000, AT);
  munmap(machine, one, AT, 0x1000);
  expect(mapped(machine, one, 0x2000, AT + 0x1000)).toBe(AT + 0x4000);
});

it("forgets thousands of yielded blocks with their owner, and looks at nobody else's when a process ends (F29)", () => {
  mapped(machine, one, 0x1000, AT);
  const { free } = machine.check();
  for (let low = 0; low < 2000; low++) {
    const request = { address: AT as VirtAddr, length: 0x1000, getHigh: VM_BLOCKID_NONE, getLow: VM_BLOCKID_NONE, yieldHigh: 9, yieldLow: low };
    expect(machine.call(one, "yieldblockgetblock", request)).toEqual(refused("ESRCH"));
  }
  expect(machine.check().yielded).toBe(2000);
  const other = forked(one, 41);
  const blocks = machine.state.yielded;
  const all = { value: () => { throw new Error("somebody looks at all blocks"); }, configurable: true };
  Object.defineProperties(blocks, { [Symbol.iterator]: all, values: all, entries: all, keys: all, forEach: all });
  machine.exit(other);
  machine.exit(one);
  for (const name of [Symbol.iterator, "values", "entries", "keys", "forEach"]) Reflect.deleteProperty(blocks, name);
  expect(machine.check().yielded).toBe(0);
  expect(machine.check().free).toBeGreaterThan(free);
});

it("refuses length 0 in mmap, remap and map_phys (F31)", () => {
  const at = sharedMemory(0x1000);
  expect(mmap(machine, one, 0)).toEqual(refused("EINVAL"));
  expect(remapTo(one, at, 0)).toEqual(refused("EINVAL"));
  expect(machine.call(one, "mapPhys", { process: SELF, physical: 0 as PhysAddr, length: 0 })).toEqual(refused("EINVAL"));
});

it("takes SELF in shm_unmap (F32)", () => {
  const at = sharedMemory(0x1000);
  allow(40);
  expect(machine.call(one, "shmUnmap", { process: SELF, address: at })).toEqual({ ok: true, value: {} });
});

it("records exits of watched processes only (F33)", () => {
  const other = spawn(machine, 41);
  machine.call(RS, "watchExit", { process: one });
  for (const process of [one, other]) machine.call(PM, "notifySig", { process, ipcServer: 0 as Endpoint });
  expect(machine.call(RS, "queryExit", {})).toEqual({ ok: true, value: { process: one, more: false } });
  expect(machine.call(RS, "queryExit", {})).toEqual({ ok: true, value: { process: NONE, more: false } });
});

it("raises SIGSEGV for a write to a shared region that is attached to be read (F34)", () => {
  const at = sharedMemory(0x1000);
  const other = spawn(machine, 41);
  const made = remapTo(other, at, 0x1000, "remapRo");
  if (!made.ok) throw new Error(made.error);
  expect(machine.touch(other, made.value.address, true)).toBe("SIGSEGV");
  machine.poke(one, at, 6);
  expect(machine.peek(other, made.value.address)).toBe(6);
});

it("closes the kernel's windows in its own directory after it has changed tables (F35)", () => {
  const own = machine.state.processes[VM]!.space.directory.frame * 4096;
  const [window] = machine.state.freePdes;
  machine.ram.view.setUint32(own + window * 4, 0x12345007, true); // as the kernel does
  mapped(machine, one, 0x1000, AT, MAP_ANON | MAP_PREALLOC);
  expect(machine.ram.view.getUint32(own + window * 4, true)).toBe(0);
});

it("keeps the old program where memory does not last for a new one (F38)", () => {
  machine.poke(one, STACK_TOP - 4, 9);
  expect(exec(machine, one, { ...program, dataBytes: 0x3800000 })).toEqual(refused("ENOMEM"));
  expect(machine.peek(one, STACK_TOP - 4)).toBe(9);
});

it("stops with a report through its own exit when it cannot go on (F40)", () => {
  const mappings = Array.from({ length: 11 }, (_, i) => ({ physical: 0xf0000000 + i * 0x1000, length: 0x1000, uncached: false }));
  expect(() => new FakeMachine(16, 1, "", mappings)).toThrow("VM panics: vm(8): panic: the kernel asks for too many mappings");
});
