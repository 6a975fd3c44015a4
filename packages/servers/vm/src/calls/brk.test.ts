import { PM, type Endpoint, type VirtAddr } from "@procyon-os/message";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FakeMachine } from "../testing/fake-machine.ts";
import { HEAP_END, mapped, spawn, STACK_TOP } from "../testing/programs.ts";

let machine: FakeMachine;
let child: Endpoint;
beforeEach(() => {
  machine = new FakeMachine(32);
  child = spawn(machine, 40);
});
afterEach(() => machine.check());

const brk = (address: number) => machine.call(PM, "brk", { process: child, address: address as VirtAddr });
const ok = { ok: true, value: {} };
const noMemory = { ok: false, error: "ENOMEM" };

it("[V07] grows the data on demand, to the page", () => {
  expect(machine.touch(child, HEAP_END, true)).toBe("SIGSEGV");
  expect(brk(HEAP_END + 1)).toEqual(ok);
  machine.poke(child, HEAP_END + 4095, 1);
  expect(machine.touch(child, HEAP_END + 4096, true)).toBe("SIGSEGV");
});

it("[V07] gives back what it shrinks by, and shows zeros when it grows again", () => {
  const before = machine.check();
  for (let round = 0; round < 50; round++) {
    brk(HEAP_END + 0x400000);
    expect(machine.peek(child, HEAP_END + 0x3ff000)).toBe(0);
    machine.poke(child, HEAP_END + 0x3ff000, 9);
    expect(brk(HEAP_END)).toEqual(ok);
  }
  expect(machine.check()).toEqual(before);
});

it("shrinks to nothing and grows again", () => {
  expect(brk(0x3000)).toEqual(ok);
  expect(machine.touch(child, 0x3000, true)).toBe("SIGSEGV");
  expect(brk(0x3001)).toEqual(ok);
  machine.poke(child, 0x3fff, 1);
});

it("refuses what lies below the data, meets the stack or a mapping, and changes nothing then", () => {
  expect(brk(0x2fff)).toEqual(ok); // rounds up to the start of the data
  expect(brk(0x1000)).toEqual(noMemory);
  expect(brk(STACK_TOP - 0x1000)).toEqual(noMemory);
  mapped(machine, child, 0x1000, 0x10000);
  expect(brk(0x10001)).toEqual(noMemory);
  expect(brk(0x10000)).toEqual(ok);
});

it("takes a stack inside the data for no collision", () => {
  brk(HEAP_END + 0x10000);
  machine.process(child).esp = HEAP_END + 0x8000;
  expect(brk(HEAP_END + 0x20000)).toEqual(ok);
  machine.process(child).esp = HEAP_END + 0x30000; // but outside it is the stack
  expect(brk(HEAP_END + 0x30000)).toEqual(noMemory);
});

it("makes room for a signal frame, or says that there is none", () => {
  const push = () => machine.call(PM, "pushSig", { process: child });
  machine.process(child).esp = 0x7d000000;
  expect(push()).toEqual({ ok: true, value: { stackPointer: 0x7d000000 } });
  const traps = machine.traps;
  machine.poke(child, 0x7d000000 - 612, 1);
  expect(machine.traps).toBe(traps);
  machine.process(child).esp = 0x40000000;
  expect(push()).toEqual(noMemory);
  machine.process(child).esp = 100;
  expect(push()).toEqual(noMemory);
});
