import {
  decodeVmRegion, decodeVmStats, decodeVmUsage, MAP_ANON, MAP_PREALLOC, VMIW_REGION, VMIW_STATS, VMIW_USAGE, VM_RS_MEM_FOLLOW, vmCallMask,
} from "@procyon-os/contract-vm";
import { kernelContract } from "@procyon-os/contract-kernel";
import { encodeRequest, INIT, NONE, PM, RS, SELF, TTY, type Endpoint, type PhysAddr, type VirtAddr } from "@procyon-os/message";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FakeMachine } from "../testing/fake-machine.ts";
import { exec, mapped, spawn } from "../testing/programs.ts";

let machine: FakeMachine;
let child: Endpoint;
beforeEach(() => {
  machine = new FakeMachine(32);
  child = spawn(machine, 40);
});
afterEach(() => machine.check());
const done = { ok: true, value: {} };
const bytesOf = (process: Endpoint, address: number, length: number) =>
  Uint8Array.from({ length }, (_, i) => machine.peek(process, address + i));

it("[V09] maps physical memory where the kernel lets the process: whole pages, the offset kept, nothing freed", () => {
  const before = machine.check();
  const ask = { process: SELF, physical: 0xb8010 as PhysAddr, length: 0xff8 };
  const got = machine.call(child, "mapPhys", ask);
  if (!got.ok) throw new Error(got.error);
  expect(machine.touch(child, got.value.address, true)).toBe(0xb8010);
  expect(machine.touch(child, got.value.address + 0xff8, true)).toBe(0xb9008);
  expect(machine.call(child, "unmapPhys", { process: SELF, address: got.value.address })).toEqual(done);
  expect(machine.check()).toEqual(before);
  machine.kernel.mayMap = false;
  expect(machine.call(child, "mapPhys", ask)).toEqual({ ok: false, error: "EPERM" });
  expect(machine.call(child, "mapPhys", { ...ask, process: INIT })).toEqual({ ok: false, error: "EPERM" });
  expect(machine.call(child, "mapPhys", { ...ask, length: 0 })).toEqual({ ok: false, error: "EINVAL" });
});

it("maps physical address 0, and lets nobody unmap another's mapping", () => {
  const got = machine.call(child, "mapPhys", { process: SELF, physical: 0 as PhysAddr, length: 4096 });
  if (!got.ok) throw new Error(got.error);
  expect(machine.touch(child, got.value.address, false)).toBe(0);
  expect(machine.call(INIT, "unmapPhys", { process: child, address: got.value.address })).toEqual({ ok: false, error: "EPERM" });
  expect(machine.call(child, "unmapPhys", { process: SELF, address: 0x3000 as VirtAddr })).toEqual({ ok: false, error: "EINVAL" });
});

it("tells statistics, usage and regions, into memory that was never touched", () => {
  const buffer = mapped(machine, child, 0x2000);
  const ask = { process: SELF, count: 64, address: buffer, next: 0 as VirtAddr };
  const { free } = machine.check();
  expect(machine.call(child, "info", { ...ask, what: VMIW_STATS }).ok).toBe(true);
  const stats = decodeVmStats(bytesOf(child, buffer, 20));
  expect(stats).toMatchObject({ pageSize: 4096, total: 32 * 256 - 256 - 16, free, cached: 0 });
  machine.call(child, "info", { ...ask, what: VMIW_USAGE });
  expect(decodeVmUsage(bytesOf(child, buffer, 12)).total).toBe((4 + 1 + 1) * 4096);
  const regions = machine.call(child, "info", { ...ask, what: VMIW_REGION });
  if (!regions.ok) throw new Error(regions.error);
  expect(regions.value.count).toBe(4); // the stack is cropped to its resident page
  expect([0, 1, 2].map((i) => decodeVmRegion(bytesOf(child, buffer + i * 20, 20)))).toEqual([
    { segment: 0, address: 0x1000, length: 0x2000, protection: 7, flags: 0 },
    { segment: 1, address: 0x3000, length: 0x2000, protection: 3, flags: 0 },
    { segment: 1, address: 0x7ffff000, length: 0x1000, protection: 3, flags: 0 },
  ]);
  expect(machine.call(child, "info", { ...ask, what: VMIW_REGION, next: regions.value.next })).toMatchObject({ ok: true, value: { count: 0 } });
  expect(machine.call(child, "info", { ...ask, what: VMIW_STATS, address: 0x10 as VirtAddr })).toEqual({ ok: false, error: "EFAULT" });
  expect(machine.call(child, "info", { ...ask, what: 9 })).toEqual({ ok: false, error: "EINVAL" });
});

it("records signals of watched processes once, and notifies the IPC server", () => {
  const notifySig = () => machine.call(PM, "notifySig", { process: child, ipcServer: RS });
  expect(notifySig()).toEqual(done);
  expect(machine.notified).toEqual([]);
  machine.call(RS, "watchExit", { process: child });
  notifySig();
  notifySig();
  expect(machine.notified).toEqual([RS, RS]);
  expect(machine.call(RS, "queryExit", {})).toEqual({ ok: true, value: { process: child, more: false } });
  expect(machine.call(RS, "queryExit", {})).toEqual({ ok: true, value: { process: NONE, more: false } });
});

it("[V01] lets RS set a mask, and a child of that process has the basic calls only", () => {
  const mask = vmCallMask(["willexit"]);
  new Uint8Array(Int32Array.from(mask).buffer).forEach((byte, i) => machine.poke(RS, 0x8000 + i, byte));
  expect(machine.call(RS, "rsSetPriv", { process: child, mask: 0x8000 as VirtAddr })).toEqual(done);
  expect(machine.call(child, "willexit", { process: child })).toEqual(done);
  expect(machine.call(child, "queryExit", {})).toEqual({ ok: false, error: "EPERM" });
  const grandchild = machine.fork(child, 41);
  if (!grandchild.ok) throw new Error(grandchild.error);
  expect(machine.call(grandchild.value.child, "willexit", { process: child })).toEqual({ ok: false, error: "EPERM" });
});

it("[V15] swaps two instances, and the new one inherits what the old one mapped above the stack", () => {
  const fresh = spawn(machine, 41);
  const at = mapped(machine, child, 0x2000);
  machine.poke(child, at, 5);
  machine.poke(child, 0x3000, 6);
  machine.poke(fresh, 0x3000, 7);
  expect(machine.call(RS, "rsUpdate", { source: child, target: fresh })).toMatchObject({ ok: true });
  expect([machine.peek(child, at), machine.peek(child, 0x3000), machine.peek(fresh, 0x3000)]).toEqual([5, 7, 6]);
  machine.poke(child, at, 8);
  expect(machine.peek(fresh, at)).toBe(5); // a failed update leaves the old one's data as they were
  machine.call(RS, "rsUpdate", { source: child, target: fresh });
  expect([machine.peek(child, at), machine.peek(child, 0x3000)]).toEqual([5, 6]);
});

it("[V15] follows where the kernel alone has let instances change places, as often as it is told", () => {
  const [second, third] = [spawn(machine, 41), spawn(machine, 42)];
  [child, second, third].forEach((process, index) => machine.poke(process, 0x3000, index));
  const swap = (source: Endpoint, target: Endpoint): unknown =>
    machine.kernel.call(encodeRequest(kernelContract.base, kernelContract.calls.update, { source, target }));
  swap(child, second);
  swap(child, third); // three places, and VM has heard of neither
  const follow = { process: child, request: VM_RS_MEM_FOLLOW };
  expect([machine.call(RS, "rsMemctl", follow), machine.call(RS, "rsMemctl", follow)]).toEqual([done, done]);
  expect([child, second, third].map((process) => machine.peek(process, 0x3000))).toEqual([2, 0, 1]);
  const before = machine.check();
  machine.call(PM, "brk", { process: child, address: 0x20000 as VirtAddr }); // what follows concerns who is there now
  machine.poke(child, 0x10000, 1);
  machine.call(PM, "exit", { process: second });
  expect(machine.peek(third, 0x3000)).toBe(1);
  expect(before).toBeDefined();
});

it("[V15] pins memory: nothing of it faults afterwards", () => {
  machine.call(PM, "brk", { process: child, address: 0x20000 as VirtAddr });
  machine.fork(child, 41);
  expect(machine.call(RS, "rsMemctl", { process: child, request: 0 })).toEqual(done);
  const traps = machine.traps;
  for (const address of [0x3000, 0x1ffff, 0x7fff0000, 0x7fffffff]) machine.poke(child, address, 1);
  expect(machine.traps).toBe(traps);
  mapped(machine, child, 0x1000);
  expect(machine.call(RS, "rsMemctl", { process: child, request: 1 })).toEqual({ ok: false, error: "EINVAL" }); // it has memory where VM has its window
});

it("[V13] exchanges yielded memory, gives it back by id, and forgets it at exit", () => {
  const at = mapped(machine, child, 0x2000, 0, MAP_ANON | MAP_PREALLOC);
  const none = { getHigh: 0xffffffff, getLow: 0xffffffff, yieldHigh: 0xffffffff, yieldLow: 0xffffffff, address: at, length: 0x2000 };
  const exchange = (change: object) => machine.call(child, "yieldblockgetblock", { ...none, ...change });
  machine.poke(child, at + 0x1fff, 1);
  expect(exchange({ yieldHigh: 0, yieldLow: 1 })).toEqual({ ok: false, error: "ESRCH" }); // it worked; there is nothing to get
  expect(machine.peek(child, at + 0x1fff)).toBe(0);
  machine.poke(child, at + 0x1fff, 2);
  const before = machine.check();
  expect(exchange({ yieldHigh: 0, yieldLow: 2, getHigh: 0, getLow: 1 })).toEqual(done);
  expect(machine.peek(child, at + 0x1fff)).toBe(1);
  expect(machine.check()).toEqual(before);
  expect(exchange({ getHigh: 0, getLow: 9 })).toEqual({ ok: false, error: "ESRCH" });
  expect(machine.call(child, "forgetblock", { high: 0, low: 2 })).toEqual(done);
  expect(exchange({ getHigh: 0, getLow: 2 })).toEqual({ ok: false, error: "ESRCH" });
  exchange({ yieldHigh: 0, yieldLow: 3 });
  machine.exit(child);
  expect(machine.check().yielded).toBe(0);
});

it("[V13] forgets the oldest yielded block when memory is short", () => {
  const at = mapped(machine, child, 0x1000, 0, MAP_ANON | MAP_PREALLOC);
  const exchange = (change: object) => machine.call(child, "yieldblockgetblock", {
    getHigh: 0xffffffff, getLow: 0xffffffff, yieldHigh: 0xffffffff, yieldLow: 0xffffffff, address: at, length: 0x1000, ...change,
  });
  for (let low = 0; low < 10; low++) exchange({ yieldHigh: 0, yieldLow: low });
  const big = mapped(machine, child, 64 * 0x100000);
  for (let page = 0; machine.state.yielded.size === 10; page++) machine.poke(child, big + page * 4096, 1);
  expect(exchange({ getHigh: 0, getLow: 0 })).toEqual({ ok: false, error: "ESRCH" });
  expect(exchange({ getHigh: 0, getLow: 9 })).toEqual(done);
});

it("holds memory that a device uses beyond the exit of its process (D17)", () => {
  const at = mapped(machine, child, 0x1000, 0, MAP_ANON | MAP_PREALLOC);
  const start = machine.touch(child, at, true) as PhysAddr;
  const dma = { process: child, start, size: 4096 };
  expect(machine.call(RS, "adddma", dma)).toEqual(done);
  expect(machine.fork(child, 41)).toEqual({ ok: false, error: "EINVAL" });
  expect(machine.call(RS, "getdma", {})).toEqual({ ok: false, error: "EAGAIN" });
  machine.exit(child);
  expect(machine.call(RS, "getdma", {})).toEqual({ ok: true, value: dma });
  const before = machine.check();
  expect(machine.call(RS, "deldma", dma)).toEqual(done);
  expect(machine.check().free).toBe(before.free + 1);
  expect(machine.call(RS, "deldma", dma)).toEqual({ ok: false, error: "ESRCH" });
});

it("exits only who was announced, and a hosted program loses its old memory too", () => {
  expect(machine.call(PM, "exit", { process: child })).toEqual({ ok: false, error: "EINVAL" });
  expect(machine.call(PM, "exit", { process: TTY })).toEqual({ ok: false, error: "EINVAL" });
  exec(machine, child, { isElf: false, textBytes: 0 });
});
