import { PFF_EXEC_ONLY } from "@procyon-os/contract-kernel";
import { MAP_ANON } from "@procyon-os/contract-vm";
import { errorCode, messageType, newMessage, RS, type Endpoint } from "@procyon-os/message";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FakeMachine } from "./testing/fake-machine.ts";
import { mapped, spawn } from "./testing/programs.ts";

let machine: FakeMachine;
let child: Endpoint;
beforeEach(() => {
  machine = new FakeMachine(32);
  child = spawn(machine, 40);
});
afterEach(() => machine.check());

it("[V02] brings zeroed memory in when it is touched, one page at a time, for the stack and for mmap", () => {
  const at = mapped(machine, child, 0x10000, 0, MAP_ANON);
  const before = machine.check();
  expect(machine.peek(child, at + 0x3000)).toBe(0);
  expect(machine.peek(child, 0x7d000000)).toBe(0);
  expect(machine.check().pages).toBe(before.pages + 2);
});

it("[V05] maps a page writable at its first fault, even when it is only read", () => {
  const at = mapped(machine, child, 0x1000);
  machine.peek(child, at);
  const traps = machine.traps;
  machine.poke(child, at, 7);
  expect(machine.traps).toBe(traps);
});

it("[V02] raises SIGSEGV where nothing is mapped, and lets the process go on", () => {
  expect(machine.touch(child, 0x50000000, false)).toBe("SIGSEGV");
  expect(machine.touch(child, 0x10, true)).toBe("SIGSEGV");
  expect(machine.touch(child, 0x3000, true)).toBeTypeOf("number");
});

it("opens a text for its process when it is loaded, and for nobody's writing", () => {
  expect(machine.request(child, 0x1000, 0x1800, true)).toBe(0); // the loader
  expect(machine.touch(child, 0x1000, false)).toBeTypeOf("number");
  expect(machine.touch(child, 0x1000, true)).toBe("SIGSEGV");
  expect(machine.request(child, 0x1000, 4, true)).toBe(errorCode("EFAULT"));
});

it("does not believe a page fault that the kernel did not make", () => {
  const forged = newMessage(0xcff);
  forged[2] = 0x19003000;
  expect(messageType(machine.send(child, forged))).toBe(errorCode("ENOSYS"));
});

it("makes ranges resident for the kernel, across regions, and says EFAULT where a part is missing", () => {
  const at = mapped(machine, child, 0x4000, 0x90000000);
  mapped(machine, child, 0x4000, 0x90004000);
  expect(machine.request(child, at + 0x3ffe, 4, true)).toBe(0);
  expect(machine.request(child, at, 0x8000, true)).toBe(0);
  expect(machine.request(child, at, 0x8001, true)).toBe(errorCode("EFAULT"));
  expect(machine.request(child, 0x7fffffff, 0xffffffff, true)).toBe(errorCode("EFAULT"));
  expect(machine.request(child, at, 0x2000, false)).toBe(0);
});

it("stops a process that may run on another CPU while its pages change for the kernel", () => {
  expect(machine.kernel.inhibits).toBe(0);
  machine = new FakeMachine(32, 2);
  child = spawn(machine, 40);
  const at = mapped(machine, child, 0x4000);
  const before = machine.kernel.inhibits;
  expect(machine.request(child, at, 0x4000, true)).toBe(0);
  expect(machine.kernel.inhibits - before).toBe(1);
});

it("[V19] ends with SIGSEGV the process that uses up memory, and hurts nobody else", () => {
  const other = spawn(machine, 41);
  const at = mapped(machine, child, 64 * 0x100000);
  let touched = 0;
  while (machine.touch(child, at + touched * 4096, true) !== "SIGSEGV") touched++;
  expect(touched).toBeGreaterThan(6000);
  const reserve = machine.check().free;
  expect(reserve).toBe(Math.floor((32 * 256 - 256 - 16) / 32));
  expect(machine.request(child, at + touched * 4096, 4096, true)).toBe(errorCode("ENOMEM"));
  for (let page = 0; page < 100; page++) machine.poke(other, 0x7e000000 + page * 4096, 1); // a small process goes on
  expect(machine.fork(other, 42)).toEqual({ ok: false, error: "ENOMEM" });
  expect(machine.fork(RS, 42, PFF_EXEC_ONLY).ok).toBe(true); // and so does recovery
  machine.exit(child);
  expect(machine.check().free).toBeGreaterThan(touched);
});
