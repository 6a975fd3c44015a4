import { MAP_ANON, MAP_IPC_SHARED, MAP_PREALLOC, VM_BLOCKID_NONE } from "@procyon-os/contract-vm";
import { errorCode, messageType, newMessage, RS, SELF, type Endpoint, type VirtAddr } from "@procyon-os/message";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FakeMachine } from "./testing/fake-machine.ts";
import { exec, mapped, munmap, spawn } from "./testing/programs.ts";

// The flaws of MINIX 3.2.0 with memory that several have (reference/vm.md 12): what must hold here instead.
const AT = 0x90000000;
const SMAP = 3;
const SUNMAP = 4;
let machine: FakeMachine;
let one: Endpoint;
beforeEach(() => {
  machine = new FakeMachine(24);
  one = spawn(machine, 40);
});
afterEach(() => machine.check());

const refused = (error: string) => ({ ok: false, error });
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

it("counts more than 256 users of a page, and tells at most 255 (D10)", () => {
  const at = shared(one, AT, 0x1000);
  machine.state.processes[40]!.callMask = [-1, -1];
  for (let i = 0; i < 300; i++) {
    const made = machine.call(one, "remap", {
      destination: SELF, source: one, destinationAddress: 0 as VirtAddr, sourceAddress: at, size: 0x1000,
    });
    expect(made.ok).toBe(true);
  }
  expect(machine.call(one, "getref", { process: one, address: at })).toEqual({ ok: true, value: { count: 255 } });
  expect(machine.state.references[frameOf(at)]).toBe(301);
});

it("does not take a new page for one of a safemap that has ended (D11)", () => {
  const other = spawn(machine, 41);
  for (const process of [one, other]) mapped(machine, process, 0x1000, AT);
  expect(machine.request(other, AT, 0x1000, true, SMAP, one, AT)).toBe(0);
  machine.exit(other);
  munmap(machine, one, AT, 0x1000);
  mapped(machine, one, 0x1000, AT);
  machine.poke(one, AT, 1);
  const child = forked(one, 41);
  machine.poke(one, AT, 2);
  expect(machine.peek(child, AT)).toBe(1);
});

it("leaves a safemap alone when the kernel writes, and refuses where it is mapped to be read (D12)", () => {
  const other = spawn(machine, 41);
  for (const process of [one, other]) mapped(machine, process, 0x1000, AT);
  machine.request(other, AT, 0x1000, true, SMAP, one, AT);
  expect(machine.request(one, AT, 0x1000, true)).toBe(0);
  machine.poke(one, AT, 9);
  expect(machine.peek(other, AT)).toBe(9);
  machine.request(other, AT, 0x1000, false, SMAP, one, AT);
  expect(machine.request(other, AT, 0x1000, true)).toBe(errorCode("EFAULT"));
});

it("lets the granter of a safemap write a page that was shared by fork before (D13)", () => {
  const other = spawn(machine, 41);
  for (const process of [one, other]) mapped(machine, process, 0x1000, AT);
  machine.poke(one, AT, 1);
  machine.exit(forked(one, 42));
  machine.request(other, AT, 0x1000, false, SMAP, one, AT);
  machine.poke(one, AT, 2);
  expect(machine.peek(other, AT)).toBe(2);
});

it("takes the end of a safemap for done when either side has unmapped or replaced its memory (D14)", () => {
  const other = spawn(machine, 41);
  for (const process of [one, other]) mapped(machine, process, 0x2000, AT);
  machine.request(other, AT, 0x2000, true, SMAP, one, AT);
  munmap(machine, other, AT, 0x1000);
  munmap(machine, one, AT, 0x2000);
  expect(machine.request(other, AT, 0x2000, true, SUNMAP, one, AT)).toBe(0);
  exec(machine, other);
  expect(machine.request(other, AT, 0x2000, true, SUNMAP, one, AT)).toBe(0);
});

it("keeps yielded blocks with the endpoint when two instances are swapped (D15)", () => {
  mapped(machine, one, 0x1000, AT);
  machine.poke(one, AT, 5);
  yieldBlock(AT, 1);
  const fresh = spawn(machine, 41);
  expect(messageType(machine.send(RS, updateMessage(one, fresh)))).toBe(0);
  expect(machine.state.yielded.size).toBe(1);
  const got = machine.call(one, "yieldblockgetblock", {
    address: AT as VirtAddr, length: 0x1000, getHigh: 0, getLow: 1, yieldHigh: VM_BLOCKID_NONE, yieldLow: VM_BLOCKID_NONE,
  });
  expect(got.ok).toBe(true);
  expect(machine.peek(one, AT)).toBe(5);
});

function updateMessage(source: Endpoint, target: Endpoint) {
  const message = newMessage(0xc00 + 41);
  message[2] = source;
  message[3] = target;
  return message;
}

it("lets nobody but its owner unmap a device's memory (D16)", () => {
  const made = machine.call(one, "mapPhys", { process: SELF, physical: 0xb8000 as never, length: 0x1000 });
  if (!made.ok) throw new Error(made.error);
  const other = spawn(machine, 41);
  expect(machine.call(other, "unmapPhys", { process: one, address: made.value.address })).toEqual(refused("EPERM"));
  expect(machine.call(one, "unmapPhys", { process: SELF, address: made.value.address }).ok).toBe(true);
});

it("keeps a shared page for whoever cannot get a copy of it (D19)", () => {
  mapped(machine, one, 0x1000, AT);
  machine.poke(one, AT, 3);
  const child = forked(one, 41);
  machine.state.failAt = 1;
  expect(machine.touch(child, AT, true)).toBe("SIGSEGV");
  machine.state.failAt = 0;
  expect([machine.peek(child, AT), machine.peek(one, AT)]).toEqual([3, 3]);
});

it("maps over several regions, and refuses a range with a hole (D20)", () => {
  const other = spawn(machine, 41);
  mapped(machine, one, 0x2000, AT);
  for (const page of [0, 1]) mapped(machine, other, 0x1000, AT + page * 0x1000);
  expect(machine.request(other, AT, 0x2000, true, SMAP, one, AT)).toBe(0);
  expect(machine.request(other, AT, 0x3000, true, SMAP, one, AT)).toBe(errorCode("EFAULT"));
});

it("lets the rest of a shared region stay shared when its front is unmapped (D33)", () => {
  shared(one, AT, 0x3000);
  const child = forked(one, 41);
  const { pages } = machine.check();
  expect(munmap(machine, one, AT, 0x1000).ok).toBe(true);
  expect(machine.check().pages).toBe(pages);
  machine.poke(child, AT + 0x2000, 8);
  expect(machine.peek(one, AT + 0x2000)).toBe(8);
});

it("hands all that lies above the stack to the next instance, also when the first mapping is gone (D37)", () => {
  const [first, second] = [mapped(machine, one, 0x1000), mapped(machine, one, 0x1000)];
  machine.poke(one, second, 4);
  munmap(machine, one, first, 0x1000);
  const fresh = spawn(machine, 41);
  machine.send(RS, updateMessage(one, fresh));
  expect(machine.peek(one, second)).toBe(4);
});
