import {
  MAP_ALIGN64K, MAP_ANON, MAP_CONTIG, MAP_IPC_SHARED, MAP_LOWER16M, MAP_PREALLOC, VM_BLOCKID_NONE, VM_PAGEFAULT, VM_RS_MEM_PIN, VMIW_REGION,
} from "@procyon-os/contract-vm";
import { errorCode, INIT, messageType, newMessage, PM, RS, SELF, type Endpoint, type VirtAddr } from "@procyon-os/message";
import { afterEach, beforeEach, expect, it } from "vitest";
import { freeRun } from "./free-memory.ts";
import { FakeMachine } from "./testing/fake-machine.ts";
import { exec, HEAP_END, mapped, mmap, munmap, spawn } from "./testing/programs.ts";

// The flaws of MINIX 3.2.0 that reference/vm.md 12 lists as D1–D40: what must hold here instead. Those that this design cannot have are
// in the README.
const AT = 0x90000000;
let machine: FakeMachine;
let one: Endpoint;
beforeEach(() => {
  machine = new FakeMachine(24);
  one = spawn(machine, 40);
});
afterEach(() => machine.check());

const refused = (error: string) => ({ ok: false, error });
const brk = (address: number) => machine.call(PM, "brk", { process: one, address: address as VirtAddr });
const frameOf = (address: number) => Math.floor((machine.touch(one, address, false) as number) / 4096);
function forked(parent: Endpoint, slot: number): Endpoint {
  const made = machine.fork(parent, slot);
  if (!made.ok) throw new Error(made.error);
  return made.value.child;
}
function yieldBlock(address: number, id: number, length = 0x1000) {
  const request = { address: address as VirtAddr, length, getHigh: VM_BLOCKID_NONE, getLow: VM_BLOCKID_NONE, yieldHigh: 0, yieldLow: id };
  return machine.call(one, "yieldblockgetblock", request);
}
function shared(process: Endpoint, address: number, length: number) {
  return mapped(machine, process, length, address, MAP_ANON | MAP_PREALLOC | MAP_IPC_SHARED);
}

it("keeps the page table of a process whose exec has failed (D1)", () => {
  machine.poke(one, HEAP_END - 1, 7);
  expect(exec(machine, one, { dataBytes: 0x3000000 })).toEqual(refused("ENOMEM"));
  expect(machine.peek(one, HEAP_END - 1)).toBe(7);
});

it("answers a page fault that a process has made up with ENOSYS, and does nothing (D2)", () => {
  const forged = newMessage(VM_PAGEFAULT);
  forged[2] = 0x19003000;
  const { faults } = machine.state.counters;
  expect(messageType(machine.send(one, forged))).toBe(errorCode("ENOSYS"));
  expect(machine.state.counters.faults).toBe(faults);
});

it.each([
  [AT + 1, 0x1000, "EINVAL"], [AT, 0xfffff001, "ENOMEM"], [0xe7000000, 0x1000, "ENOMEM"], [0xfffff000, 0x1000, "ENOMEM"], [AT, 0x80000000, "ENOMEM"],
])("refuses mmap at %i of %i bytes (D3)", (address, length, error) => {
  expect(mmap(machine, one, length, address)).toEqual(refused(error));
});

it("honors a free address below the last mapping (D4)", () => {
  mapped(machine, one, 0x2000, 0xb0000000);
  expect(mapped(machine, one, 0x2000, AT)).toBe(AT);
});

it("gives memory back when the break goes down, for as many times as it goes up and down, and shows zeros (D5)", () => {
  const { free } = machine.check();
  for (let round = 0; round < 300; round++) {
    brk(HEAP_END + 0x100000);
    expect(machine.peek(one, HEAP_END + 0xff000)).toBe(0);
    machine.poke(one, HEAP_END + 0xff000, 1);
    brk(HEAP_END);
  }
  expect(machine.check().free).toBe(free);
});

it("goes on with brk after the heap was unmapped (D6)", () => {
  expect(munmap(machine, one, 0x3000, 0x2000).ok).toBe(true);
  expect(brk(HEAP_END + 0x2000).ok).toBe(true);
  machine.poke(one, HEAP_END + 0x1fff, 1);
});

it("passes over regions without a page when it tells them, and comes to an end (D7)", () => {
  mapped(machine, one, 0x1000, AT);
  mapped(machine, one, 0x1000, 0xa0000000);
  machine.poke(one, 0xa0000000, 1);
  const ask = (next: number) => machine.call(PM, "info", { what: VMIW_REGION, process: one, count: 1, address: 0x8000 as VirtAddr, next: next as VirtAddr });
  let next = 0;
  let told = 0;
  for (let asked = 0; asked < 20; asked++) {
    const answer = ask(next);
    if (!answer.ok || answer.value.count === 0) break;
    told++;
    expect(answer.value.next >>> 0).toBeGreaterThan(next);
    next = answer.value.next >>> 0;
  }
  expect(told).toBe(4); // text, data, the arguments on the stack, and the second mapping
});

it("aligns to 64 KB where it is asked to, and loses nothing by it (D8)", () => {
  const { free } = machine.check();
  const at = mapped(machine, one, 0x3000, AT, MAP_ANON | MAP_PREALLOC | MAP_CONTIG | MAP_ALIGN64K);
  expect(frameOf(at) % 16).toBe(0);
  munmap(machine, one, at, 0x3000);
  expect(machine.check().free).toBe(free);
});

it("keeps all of a block below the limit that is asked for (D9)", () => {
  const at = mapped(machine, one, 0x300000, AT, MAP_ANON | MAP_PREALLOC | MAP_CONTIG | MAP_LOWER16M);
  expect(frameOf(at + 0x2ff000)).toBeLessThan(0x1000);
});

it("says that the DMA table is full, and lets fork again after DELDMA (D17)", () => {
  const add = (start: number) => machine.call(INIT, "adddma", { process: one, start: start as never, size: 0x1000 });
  machine.state.processes[INIT]!.callMask = [-1, -1];
  machine.state.changedSlots.add(INIT);
  for (let i = 0; i < 16; i++) expect(add(i * 0x1000).ok).toBe(true);
  expect(add(0)).toEqual(refused("ENOSPC"));
  expect(machine.fork(one, 50)).toEqual(refused("EINVAL"));
  for (let i = 0; i < 16; i++) machine.call(INIT, "deldma", { process: one, start: (i * 0x1000) as never, size: 0x1000 });
  forked(one, 50);
});

it("frees what it has of a block whose rest does not exist (D18)", () => {
  const { free } = machine.check();
  expect(mmap(machine, one, 0x3000000, AT, MAP_ANON | MAP_PREALLOC)).toEqual(refused("ENOMEM"));
  expect(machine.check().free).toBe(free);
});

it("makes no page table to unmap something, and only those that a mapping needs (D21)", () => {
  const tables = () => machine.check().tables;
  const before = tables();
  const edge = 0xa7000000 - 0x19000000; // linear: a multiple of 4 MB
  mapped(machine, one, 0x400000, edge - 0x400000);
  expect(munmap(machine, one, edge - 0x400000, 0x400000).ok).toBe(true);
  expect(tables()).toBe(before);
  const at = mapped(machine, one, 0x1000, edge - 0x1000, MAP_ANON | MAP_PREALLOC);
  expect(tables()).toBe(before + 1);
  munmap(machine, one, at, 0x1000);
  expect(tables()).toBe(before);
});

it("gives a child the basic calls, whatever its parent may do (D22), and tells a forbidden call from an unknown one (D23)", () => {
  machine.state.processes[40]!.callMask = [-1, -1];
  machine.state.changedSlots.add(40);
  const child = forked(one, 41);
  const query = newMessage(0xc00 + 38);
  expect(messageType(machine.send(one, query.slice()))).toBe(0);
  expect(messageType(machine.send(child, query))).toBe(errorCode("EPERM"));
  expect(messageType(machine.send(child, newMessage(0xc00 + 9)))).toBe(errorCode("ENOSYS"));
});

it("never gives frame 0 away (D24)", () => {
  expect(machine.state.managed.every((run) => run.start > 0)).toBe(true);
});

it("refuses a slot that is taken, and leaves nothing of a fork that fails (D25)", () => {
  spawn(machine, 41);
  const { free } = machine.check();
  expect(machine.fork(one, 41)).toEqual(refused("EINVAL"));
  machine.state.failAt = 1;
  expect(machine.fork(one, 42)).toEqual(refused("ENOMEM"));
  machine.state.failAt = 0;
  expect(machine.state.processes[42] ?? null).toBeNull();
  expect(machine.check().free).toBe(free);
});

it("answers ENOMEM where a program leaves no room for its stack (D26)", () => {
  expect(exec(machine, one, { totalBytes: 0x7ffff000 })).toEqual(refused("ENOMEM"));
});

it("raises SIGSEGV for whoever touches the kernel (D27), whose pages are the supervisor's, and for whoever writes text (D28)", () => {
  const kernelPage = 0x200000 - 0x19000000 + 0x100000000;
  for (const write of [false, true]) expect(machine.touch(one, kernelPage, write)).toBe("SIGSEGV");
  machine.touch(one, 0x1000, false);
  expect(machine.touch(one, 0x1000, true)).toBe("SIGSEGV");
});

it("copies nothing for a kernel that only reads, and fills only the pages that it asks for (D29, D30)", () => {
  mapped(machine, one, 0x8000, AT);
  machine.poke(one, AT, 1);
  forked(one, 41);
  const { pages } = machine.check();
  expect(machine.request(one, AT, 0x1000, false)).toBe(0);
  expect(machine.check().pages).toBe(pages);
  expect(machine.request(one, AT + 0x2000, 0x1000, true)).toBe(0);
  expect(machine.check().pages).toBe(pages + 1);
});

it("forgets no yielded block for a request that cannot be satisfied anyway (D32)", () => {
  mapped(machine, one, 0x10000, AT);
  for (let i = 0; i < 16; i++) yieldBlock(AT + i * 0x1000, i);
  expect(mmap(machine, one, 0x3000000, 0xa0000000, MAP_ANON | MAP_PREALLOC | MAP_CONTIG)).toEqual(refused("ENOMEM"));
  expect(mmap(machine, one, 0x1000000, 0xa0000000, MAP_ANON | MAP_PREALLOC | MAP_CONTIG | MAP_LOWER16M)).toEqual(refused("ENOMEM"));
  expect([machine.state.yielded.size, machine.state.counters.forgotten]).toEqual([16, 0]);
});

it("finds memory that is free and in use, in use twice, or nobody's, by its check (D34)", () => {
  const frame = frameOf(0x1000);
  freeRun(machine.state.free, frame, 1);
  expect(() => machine.check()).toThrow(`frame ${frame} belongs to`);
  machine.state.free.pages = 0;
  expect(() => machine.check()).toThrow("pages, it says 0");
  machine = new FakeMachine(24);
  machine.state.managed.push({ start: 1, count: 1 });
  expect(() => machine.check()).toThrow("belongs to nobody");
  machine = new FakeMachine(24);
});

it("pins a process that also has device memory and read-only memory (D36)", () => {
  machine.call(one, "mapPhys", { process: SELF, physical: 0xb8000 as never, length: 0x1000 });
  const at = shared(one, AT, 0x1000);
  machine.call(one, "remapRo", { destination: SELF, source: one, destinationAddress: 0 as VirtAddr, sourceAddress: at, size: 0x1000 });
  expect(machine.call(RS, "rsMemctl", { process: one, request: VM_RS_MEM_PIN })).toEqual({ ok: true, value: {} });
});

it("leaves the break where it was when it cannot grow (D38)", () => {
  mapped(machine, one, 0x1000, 0x10000);
  expect(brk(0x20000)).toEqual(refused("ENOMEM"));
  expect(brk(HEAP_END + 0x1000).ok).toBe(true);
  expect(machine.touch(one, HEAP_END + 0x1000, true)).toBe("SIGSEGV");
});

it("reads a caller's structure from memory that was never touched (D39)", () => {
  const at = mapped(machine, PM, 0x1000);
  expect(machine.call(PM, "execNewmem", { process: one, arguments: at, size: 72 }).ok).toBe(true); // all zeros: a hosted program
});
