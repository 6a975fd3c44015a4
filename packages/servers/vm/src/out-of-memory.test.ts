import { MAP_ANON, MAP_CONTIG, MAP_PREALLOC } from "@procyon-os/contract-vm";
import { errorCode, PM, type Endpoint, type VirtAddr } from "@procyon-os/message";
import { beforeEach, expect, it } from "vitest";
import { FakeMachine } from "./testing/fake-machine.ts";
import { exec, HEAP_END, mapped, mmap, spawn, STACK_TOP } from "./testing/programs.ts";

const AT = 0x90000000;
let machine: FakeMachine;
let process: Endpoint;
beforeEach(() => {
  machine = new FakeMachine(16);
  process = spawn(machine, 40);
  mapped(machine, process, 0x4000, AT);
  for (let page = 0; page < 4; page++) machine.poke(process, AT + page * 4096, page + 1);
  machine.poke(process, STACK_TOP - 8, 5);
  machine.poke(process, HEAP_END - 1, 6);
});

const intact = () => {
  for (let page = 0; page < 4; page++) expect(machine.peek(process, AT + page * 4096)).toBe(page + 1);
  expect([machine.peek(process, STACK_TOP - 8), machine.peek(process, HEAP_END - 1)]).toEqual([5, 6]);
};

/** Does something with the n-th allocation failing, for n from 1 until it works; gives how many n there were. */
function withEveryFailure(what: () => boolean, afterFailure: () => void): number {
  for (let n = 1; n < 200; n++) {
    const { free } = machine.check();
    machine.state.failAt = n;
    const worked = what();
    machine.state.failAt = 0;
    machine.check();
    if (worked) return n;
    afterFailure();
    expect(machine.check().free).toBe(free);
  }
  throw new Error("it fails for ever");
}

it("[V06][V19] exec: whichever allocation fails, the old program goes on with its memory; else the new one runs", () => {
  const tries = withEveryFailure(() => exec(machine, process).ok, intact);
  expect(tries).toBeGreaterThan(5);
  expect(machine.touch(process, AT, false)).toBe("SIGSEGV");
  expect(machine.peek(process, HEAP_END - 1)).toBe(0);
});

it("[V19] fork: whichever allocation fails, the parent has lost nothing", () => {
  const tries = withEveryFailure(() => machine.fork(process, 50).ok, intact);
  expect(tries).toBeGreaterThan(2);
});

it.each([[MAP_PREALLOC], [MAP_PREALLOC | MAP_CONTIG]])("[V19] mmap (flags %i): whichever allocation fails, it is ENOMEM and nothing is mapped", (flags) => {
  const there = AT + 0x800000;
  const tries = withEveryFailure(() => {
    const got = mmap(machine, process, 0x5000, there, MAP_ANON | flags);
    if (!got.ok) expect(got.error).toBe("ENOMEM");
    return got.ok;
  }, () => expect(machine.touch(process, there, false)).toBe("SIGSEGV"));
  expect(tries).toBeGreaterThan(2);
});

it("[V19] a page fault that finds no memory is SIGSEGV to the process, and what it had stays", () => {
  mapped(machine, process, 0x1000, AT + 0x800000);
  withEveryFailure(() => machine.touch(process, AT + 0x800000, true) !== "SIGSEGV", intact);
  machine.fork(process, 50);
  withEveryFailure(() => machine.touch(process, AT, true) !== "SIGSEGV", () => expect(machine.peek(process, AT)).toBe(1));
  intact();
});

it("[V19] a kernel request that finds no memory is ENOMEM to its requestor", () => {
  mapped(machine, process, 0x3000, AT + 0x800000);
  const results: number[] = [];
  for (let n = 1; results.at(-1) !== 0; n++) {
    machine.state.failAt = n;
    results.push(machine.request(process, AT + 0x800000, 0x3000, true));
    machine.state.failAt = 0;
    machine.check();
  }
  expect(new Set(results)).toEqual(new Set([errorCode("ENOMEM"), 0]));
});

it("[V19] memory for a signal's frame, or for a yielded block, may fail and harms nobody", () => {
  machine.process(process).esp = STACK_TOP - 0x10000;
  withEveryFailure(() => machine.call(PM, "pushSig", { process }).ok, intact);
  const none = 0xffffffff;
  withEveryFailure(() => {
    machine.call(process, "yieldblockgetblock", { address: AT as VirtAddr, length: 0x2000, getHigh: none, getLow: none, yieldHigh: 0, yieldLow: 7 });
    return machine.state.yielded.size === 1;
  }, intact);
});
