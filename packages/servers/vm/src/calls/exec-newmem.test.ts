import { INIT, PM, RS, type Endpoint, type VirtAddr } from "@procyon-os/message";
import { PFF_EXEC_ONLY } from "@procyon-os/contract-kernel";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FakeMachine } from "../testing/fake-machine.ts";
import { exec, mapped, spawn, STACK_TOP } from "../testing/programs.ts";

let machine: FakeMachine;
let child: Endpoint;
beforeEach(() => {
  machine = new FakeMachine(32);
  child = spawn(machine, 40);
});
afterEach(() => machine.check());

it("[V06] preallocates text, data and arguments, and tells the kernel the segments", () => {
  expect(exec(machine, child)).toEqual({ ok: true, value: { flags: 1, stackTop: STACK_TOP } });
  const { map } = machine.process(child);
  expect(map).toEqual({
    text: { vir: 1, phys: 0x19001, length: 2 }, data: { vir: 3, phys: 0x19003, length: 2 },
    stack: { vir: 0x7ffff, phys: 0x98fff, length: 0xe6fff - 0x7ffff },
  });
  const traps = machine.traps;
  machine.poke(child, 0x4fff, 1);
  machine.poke(child, STACK_TOP - 1, 1);
  expect(machine.traps).toBe(traps);
});

it("[V06] keeps the old program, its memory intact, when memory does not last for the new one", () => {
  machine.poke(child, 0x3000, 77);
  const before = machine.check();
  expect(exec(machine, child, { dataBytes: 40 * 0x100000 })).toEqual({ ok: false, error: "ENOMEM" });
  expect(machine.check()).toEqual(before);
  expect(machine.peek(child, 0x3000)).toBe(77);
});

it("frees all of the old program", () => {
  const before = machine.check();
  const at = mapped(machine, child, 0x100000, 0x90000000);
  for (let page = 0; page < 256; page++) machine.poke(child, at + page * 4096, 1);
  exec(machine, child);
  expect(machine.check()).toEqual(before);
});

it.each([
  { what: "data as large as all there may be", change: { dataBytes: 0x4000000 }, error: "ENOEXEC" },
  { what: "arguments that do not fit beside the data", change: { dataBytes: 0x3fff000, argsBytes: 0x2000 }, error: "ENOMEM" },
  { what: "text on the first page", change: { textAddress: 0 }, error: "ENOEXEC" },
  { what: "data in the stack", change: { dataAddress: 0x7fff0000 }, error: "ENOMEM" },
  { what: "an a.out program", change: { isElf: false }, error: "ENOEXEC" },
])("refuses $what", ({ change, error }) => {
  const before = machine.check();
  expect(exec(machine, child, change)).toEqual({ ok: false, error });
  expect(machine.check()).toEqual(before);
});

it("leaves the text in the midst of the data to the text", () => {
  exec(machine, child, { textAddress: 0x5000, dataBytes: 0x6000 });
  machine.poke(child, 0x3000, 1);
  machine.poke(child, 0x7000, 1);
  expect(machine.touch(child, 0x5000, true)).toBe("SIGSEGV");
  expect(machine.call(PM, "brk", { process: child, address: 0x9800 as VirtAddr }).ok).toBe(true);
  machine.poke(child, 0x9fff, 1);
});

it("gives the data the page that text and data have in common", () => {
  exec(machine, child, { textBytes: 0x2100, dataAddress: 0x3800 });
  expect(machine.process(child).map.text.length).toBe(2);
  machine.poke(child, 0x3000, 1);
});

it("gives a hosted program data at 0x1000 and no text", () => {
  const made = machine.fork(RS, 50, PFF_EXEC_ONLY);
  if (!made.ok) throw new Error(made.error);
  const service = made.value.child;
  exec(machine, service, { isElf: false, textBytes: 0, textAddress: 0, dataAddress: 0, dataBytes: 0x20000 });
  const { map } = machine.process(service);
  expect(map.data).toEqual({ vir: 1, phys: 0x19001, length: 32 });
  expect(map.text.length).toBe(0);
  expect(machine.peek(service, 0x20fff)).toBe(0);
  expect(machine.touch(service, 0x21000, false)).toBe("SIGSEGV");
});

it("checks the process, the size, and the structure's memory", () => {
  const ask = { process: child, arguments: 0x8000 as VirtAddr, size: 72 };
  expect(machine.call(PM, "execNewmem", { ...ask, process: 99999 as Endpoint })).toEqual({ ok: false, error: "ESRCH" });
  expect(machine.call(PM, "execNewmem", { ...ask, size: 68 })).toEqual({ ok: false, error: "EINVAL" });
  expect(machine.call(PM, "execNewmem", { ...ask, arguments: 0x70000000 as VirtAddr })).toEqual({ ok: false, error: "EFAULT" });
});

it("[V01] refuses what the caller's mask does not have, and says so", () => {
  expect(machine.call(INIT, "willexit", { process: child })).toEqual({ ok: false, error: "EPERM" });
  expect(machine.call(child, "exit", { process: INIT })).toEqual({ ok: false, error: "EPERM" });
});
