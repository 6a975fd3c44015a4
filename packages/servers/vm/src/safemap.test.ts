import { MAP_ANON, MAP_IPC_SHARED, MAP_PREALLOC } from "@procyon-os/contract-vm";
import { errorCode, type Endpoint } from "@procyon-os/message";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FakeMachine } from "./testing/fake-machine.ts";
import { mapped, munmap, spawn } from "./testing/programs.ts";

const COWMAP = 2;
const SMAP = 3;
const SUNMAP = 4;
const HERE = 0x90000000;
const THERE = 0xa0000000;

let machine: FakeMachine;
let granter: Endpoint;
let grantee: Endpoint;
beforeEach(() => {
  machine = new FakeMachine(32);
  granter = spawn(machine, 40);
  grantee = spawn(machine, 41);
  mapped(machine, granter, 0x4000, HERE);
  mapped(machine, grantee, 0x4000, THERE);
  machine.poke(granter, HERE, 10);
  machine.poke(grantee, THERE, 20);
});
afterEach(() => machine.check());

const request = (type: number, write = true): number => machine.request(grantee, THERE, 0x4000, write, type, granter, HERE);
const values = () => [machine.peek(granter, HERE), machine.peek(grantee, THERE)];
function fork(parent: Endpoint): Endpoint {
  const made = machine.fork(parent, 50);
  if (!made.ok) throw new Error(made.error);
  return made.value.child;
}

it("[V14] lets two processes see each other's writes until it is taken back; then each has its own", () => {
  const before = machine.check();
  expect(request(SMAP)).toBe(0);
  expect(values()).toEqual([10, 10]);
  machine.poke(granter, HERE, 11);
  machine.poke(grantee, THERE + 1, 12);
  expect([machine.peek(grantee, THERE), machine.peek(granter, HERE + 1)]).toEqual([11, 12]);
  machine.check();
  expect(request(SUNMAP)).toBe(0);
  machine.poke(granter, HERE, 13);
  expect(values()).toEqual([13, 11]);
  machine.exit(grantee);
  machine.exit(granter);
  expect(machine.check().free).toBeGreaterThan(before.free);
});

it("[K26] tells the kernel what a grantee gives up, and nothing of who never was one", () => {
  const told = () => machine.kernel.unmapped.splice(0).map(([process, address, bytes]) => [process, address & 0xffff, bytes]);
  munmap(machine, grantee, THERE, 0x1000);
  expect(told()).toEqual([]);
  mapped(machine, grantee, 0x1000, THERE);
  request(SMAP);
  munmap(machine, granter, HERE, 0x4000);
  expect(told()).toEqual([]);
  machine.poke(grantee, THERE, 1); // the page is its own now, and the mark is gone
  munmap(machine, grantee, THERE + 0x1000, 0x2000);
  munmap(machine, grantee, THERE, 0x1000);
  expect(told()).toEqual([[grantee, 0x1000, 0x2000], [grantee, 0, 0x1000]]);
});

it("raises SIGSEGV for a write through a mapping to be read, and says EFAULT to the kernel", () => {
  request(SMAP, false);
  expect(machine.touch(grantee, THERE, true)).toBe("SIGSEGV");
  expect(machine.request(grantee, THERE, 4, true)).toBe(errorCode("EFAULT"));
  machine.poke(granter, HERE, 30);
  expect(machine.peek(grantee, THERE)).toBe(30);
  machine.exit(granter);
  machine.poke(grantee, THERE, 31); // nobody else has it now
});

it("gives a child of the grantee the values of the moment, while the mapping goes on", () => {
  request(SMAP);
  const child = fork(grantee);
  machine.poke(granter, HERE, 40);
  expect([machine.peek(grantee, THERE), machine.peek(child, THERE)]).toEqual([40, 10]);
});

it("parts the granter from its child before it is mapped", () => {
  const child = fork(granter);
  request(SMAP);
  machine.poke(child, HERE, 50);
  machine.poke(granter, HERE, 51);
  expect([machine.peek(child, HERE), ...values()]).toEqual([50, 51, 51]);
});

it("[V14] copies instead of sharing where a copy is asked of memory in a safemap", () => {
  const third = spawn(machine, 42);
  mapped(machine, third, 0x4000, THERE);
  request(SMAP);
  expect(machine.request(third, THERE, 0x4000, false, COWMAP, granter, HERE)).toBe(0);
  machine.poke(grantee, THERE, 60);
  expect([machine.peek(granter, HERE), machine.peek(third, THERE)]).toEqual([60, 10]);
});

it("copies on write what a copy has shared", () => {
  const before = machine.check().pages;
  expect(request(COWMAP)).toBe(0);
  expect(machine.check().pages).toBe(before + 2); // three pages more of the granter, one less of the grantee
  machine.poke(granter, HERE, 70);
  machine.poke(grantee, THERE + 0x1000, 71);
  expect([...values(), machine.peek(granter, HERE + 0x1000)]).toEqual([70, 10, 0]);
});

it("shares with a third what was mapped, with no more rights than the second had", () => {
  const third = spawn(machine, 42);
  mapped(machine, third, 0x4000, THERE);
  request(SMAP, false);
  expect(machine.request(third, THERE, 0x4000, true, SMAP, grantee, THERE)).toBe(errorCode("EFAULT"));
  expect(machine.request(third, THERE, 0x4000, false, SMAP, grantee, THERE)).toBe(0);
  machine.poke(granter, HERE, 80);
  expect(machine.peek(third, THERE)).toBe(80);
});

it("maps shared memory too", () => {
  const at = mapped(machine, granter, 0x4000, 0xb0000000, MAP_ANON | MAP_PREALLOC | MAP_IPC_SHARED);
  expect(machine.request(grantee, THERE, 0x4000, true, SMAP, granter, at)).toBe(0);
  machine.poke(grantee, THERE, 90);
  expect(machine.peek(granter, at)).toBe(90);
});

it("refuses what is not mapped or not aligned, and forgives the end of what is gone", () => {
  const bad = (start: number, length: number, from: number, type = SMAP) => machine.request(grantee, start, length, true, type, granter, from);
  expect(bad(THERE, 0x5000, HERE)).toBe(errorCode("EFAULT"));
  expect(bad(THERE, 0x4000, HERE + 0x1000)).toBe(errorCode("EFAULT"));
  expect(bad(THERE + 1, 0x1000, HERE)).toBe(errorCode("EINVAL"));
  expect(bad(THERE, 0x1000, HERE, 9)).toBe(errorCode("ENOSYS"));
  expect(bad(0x1000, 0x1000, HERE)).toBe(errorCode("EFAULT")); // over text
  expect(request(SUNMAP)).toBe(0);
});

it("[V14] copies into pages that others see by a safemap or as shared memory, so that they see the copy", () => {
  const third = spawn(machine, 42);
  mapped(machine, third, 0x4000, THERE);
  request(SMAP);
  machine.poke(third, THERE, 100);
  expect(machine.request(grantee, THERE, 0x4000, true, COWMAP, third, THERE)).toBe(0);
  expect([...values(), machine.peek(third, THERE)]).toEqual([100, 100, 100]);
  machine.poke(granter, HERE, 101);
  expect([...values(), machine.peek(third, THERE)]).toEqual([101, 101, 100]);
  const at = mapped(machine, granter, 0x4000, 0xb0000000, MAP_ANON | MAP_PREALLOC | MAP_IPC_SHARED);
  const child = fork(granter);
  expect(machine.request(granter, at, 0x4000, true, COWMAP, third, THERE)).toBe(0);
  expect([machine.peek(granter, at), machine.peek(child, at)]).toEqual([100, 100]);
});

it("[V14] does not copy into what is mapped to be read, nor anything where two see the same page", () => {
  request(SMAP, false);
  const third = spawn(machine, 42);
  mapped(machine, third, 0x4000, THERE);
  expect(machine.request(grantee, THERE, 0x4000, true, COWMAP, third, THERE)).toBe(errorCode("EFAULT"));
  machine.exit(third);
  request(SMAP);
  const { pages } = machine.check();
  expect(request(COWMAP)).toBe(0);
  expect([machine.check().pages, ...values()]).toEqual([pages, 10, 10]);
});

it("lets a page be yielded whose safemap is over", () => {
  request(SMAP);
  machine.exit(grantee);
  const none = 0xffffffff;
  const yielding = { address: HERE as never, length: 0x1000, getHigh: none, getLow: none, yieldHigh: 0, yieldLow: 1 };
  machine.call(granter, "yieldblockgetblock", yielding);
  expect(machine.state.yielded.size).toBe(1);
});
