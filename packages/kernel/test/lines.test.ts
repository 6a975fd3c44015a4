import { AMF_NOREPLY, AMF_VALID, ANY, DATA_START, EFAULT_DST, EFAULT_SRC, MEM, PM, RECEIVE, RS, SELF, SEND, SENDA, SENDREC, TTY, VFS, VM, errorCode, newMessage, type Endpoint, type GrantId, type Message, type Program } from "@procyon-os/message";
import { CHECK_IRQ, CPF_DIRECT, CPF_READ, CPF_USED, CPF_VALID, DIO_BYTE, DIO_INPUT, DIO_LONG, DIO_WORD, RTS_NO_QUANTUM, SYS_PRIV_ADD_IO, SYS_PRIV_UPDATE_SYS, VMCTL_ENABLE_PAGING, encodeGrant, ioRange, memoryMap, privilegeEntry } from "@procyon-os/contract-kernel";
import { expect, it } from "vitest";
import { copyLinear, faultAddress, readLinear } from "../src/memory/linear-copy.ts";
import { PROCESS_START, WRITABLE } from "../src/testing/fake-vm.ts";
import { CODE, dword, elf, incMemory, loopOver, trap } from "../src/testing/guest.ts";
import { everything, guestModule, hostedModule, ipc, machine, release, store, sys, testRs } from "../src/testing/machine.ts";
import { paged } from "../src/testing/paged.ts";
import { asynTable, call, copy, privctl, receiveInto, scene, spawn, wait, type Actor } from "../src/testing/scene.ts";

// What the checklist says and mutations (test/mutation) showed no other test to hold.
const DEAD = errorCode("EDEADSRCDST");
const EPERM = errorCode("EPERM");
const FAR = DATA_START + 0x8000;
const nothing: Actor = function* () {};
const sleeper = (slot: number) => hostedModule(slot, `s${slot}`, () => ipc(RECEIVE, RS));

it("[K01] an endpoint of an earlier generation is dead for every primitive, though its slot lives", () => {
  const { log } = scene([[PM, nothing]], function* (log) {
    yield* wait(1);
    const first = yield* spawn(PM, 20, "child");
    yield* sys("clear", { process: first });
    const second = yield* spawn(PM, 20, "child");
    for (const primitive of [SEND, SENDREC, RECEIVE, 4, 5]) log.push((yield* ipc(primitive, first, newMessage(1))).eax);
    yield* asynTable(DATA_START, [[first, 5, AMF_VALID]]);
    yield* ipc(SENDA, 1 as Endpoint, null, DATA_START);
    log.push((yield* ipc(SEND, second, newMessage(2))).eax);
  }, { programs: { child: (log) => receiveInto(log, ANY) } });
  expect(log).toEqual([DEAD, DEAD, DEAD, DEAD, DEAD, [RS, 2, SEND], 0]);
});

it("[K03] an AMF_NOREPLY message that waits is no answer to a SENDREC that comes later, and is there afterwards", () => {
  const { log } = scene([
    [PM, function* () {
      yield* asynTable(DATA_START, [[VFS, 5, AMF_VALID | AMF_NOREPLY]]);
      yield* ipc(SENDA, 1 as Endpoint, null, DATA_START);
      yield* ipc(RECEIVE, VFS);
      yield* ipc(SEND, VFS, newMessage(77));
    }],
    [VFS, function* (log) {
      yield* wait(2);
      log.push(((yield* ipc(SENDREC, PM, newMessage(1))).message as Message)[1]);
      yield* receiveInto(log, PM);
    }],
  ]);
  expect(log).toEqual([77, [PM, 5, SENDA]]);
});

it("[K08] a call that VM has refused to help ends with VM's error, and VM is asked once", () => {
  const seen: unknown[] = [];
  const { vm } = paged([sleeper(PM)], (vm) => vm.move(PM, (page) => (page === FAR >> 12 ? 0 : WRITABLE)), function* (vm) {
    vm.answer = () => errorCode("ENOMEM");
    seen.push(yield* copy(PM, FAR, RS, DATA_START, 4));
  });
  expect(seen).toEqual([errorCode("ENOMEM")]);
  expect(vm.requests).toHaveLength(1);
});

it("[K09] memory that is not there at all is EFAULT on either side, with no code of the kernel's own", () => {
  const { log } = scene([[PM, nothing]], function* (log) {
    const far = { vir: 0, phys: 0x20000, length: 16 }; // 512 MB: behind the end of memory
    yield* store(DATA_START, memoryMap.encode({ text: { ...far, length: 0 }, data: far, stack: { vir: 16, phys: 0x20010, length: 0 } }));
    log.push(yield* call("newmap", { process: PM, memoryMap: DATA_START as never }));
    log.push(yield* copy(PM, 0x2000, RS, DATA_START, 4), yield* copy(RS, DATA_START, PM, 0x2000, 4), yield* call("sigreturn", { process: PM, context: 0x2000 as never }));
  });
  const EFAULT = errorCode("EFAULT");
  expect(log).toEqual([0, EFAULT, EFAULT, EFAULT]);
});

it("[K11] says at which address of which side a copy has faulted", () => {
  const { test } = paged([sleeper(PM), sleeper(VFS)], function* (vm) {
    yield* vm.move(PM, (page) => (page === (FAR >> 12) + 1 ? 0 : WRITABLE));
    yield* vm.move(VFS, (page) => (page === FAR >> 12 ? 0 : WRITABLE));
  }, function* () {});
  const { kernel } = test;
  const [pm, vfs] = [kernel.processes.at(PM), kernel.processes.at(VFS)];
  const at = PROCESS_START + FAR;
  expect([copyLinear(kernel, pm, at + 0xf00, pm, at - 0x2000, 0x200), faultAddress]).toEqual([EFAULT_SRC, at + 0x1000]);
  expect([copyLinear(kernel, pm, at - 0x1000, vfs, at - 0x10, 0x100), faultAddress]).toEqual([EFAULT_DST, at]);
  expect([readLinear(kernel, vfs, at - 4, new Uint8Array(8), 0, 8), faultAddress]).toEqual([EFAULT_SRC, at]);
});

it("[K15] paging comes on on every CPU at once: whoever has no page table runs on VM's there too", () => {
  const seen: unknown[] = [];
  const counter = guestModule(PM, "counter", elf(loopOver(incMemory(CODE + 0x2000)), 0x3000));
  const { test } = paged([counter], function* () {}, function* (vm) {
    yield* sys("schedctl", { flags: 1, process: PM, quantumMs: 200, priority: 15, cpu: 1 });
    const at = (vm.kernel().processes.at(PM).map[4] as number) * 4096 + 0x2000;
    const before = vm.kernel().memory.read32(at);
    yield* wait(1);
    seen.push(vm.kernel().memory.read32(at) - before > 1000);
  }, { cpuCount: 2, debug: {}, cycles: 6e6 });
  expect(seen).toEqual([true]);
  for (const { cpu, pageTableOwner } of test.kernel.cpus) expect([cpu.cr3 !== 0, cpu.cr3, cpu.cr0 & 0x10000]).toEqual([true, pageTableOwner?.cr3, 0x10000]);
});

it("[K18] a process that goes on under its own page table costs no flush", () => {
  const { test } = paged([hostedModule(PM, "pm", function* () {
    yield* ipc(RECEIVE, RS);
    for (let round = 0; round < 100; round++) yield* sys("times", { process: SELF });
    yield* ipc(RECEIVE, RS);
  })], (vm) => vm.move(PM), function* () {
    yield* ipc(SEND, PM, newMessage(1));
  });
  expect(test.kernel.counters.kernelCalls).toBeGreaterThan(100);
  expect(test.kernel.counters.cr3Loads).toBeLessThan(40);
});

it("[K20] a process that is moved away runs there, and on its old CPU the next one does", () => {
  const spin = (slot: number) => guestModule(slot, `g${slot}`, elf(loopOver(incMemory(CODE + 0x2000)), 0x3000));
  const counts: number[][] = [];
  const modules = [spin(PM), spin(VFS)];
  const read: { count: () => number[] } = { count: () => [] };
  const rs = testRs(modules, function* () {
    for (const process of [PM, VFS]) yield* sys("schedctl", { flags: 1, process, quantumMs: 200, priority: 15, cpu: 1 });
    yield* wait(1);
    counts.push(read.count());
    yield* sys("schedctl", { flags: 1, process: PM, quantumMs: 200, priority: 15, cpu: 2 });
    yield* wait(1);
    counts.push(read.count());
    yield* ipc(RECEIVE, ANY);
  });
  const { kernel, run } = machine([rs, ...modules], { cpuCount: 3, debug: { vmassert: true } });
  read.count = () => [PM, VFS].map((slot) => kernel.memory.read32((kernel.processes.at(slot).map[4] as number) * 4096 + 0x2000));
  run(6e6);
  const [[pm = 0, vfs = 0] = [], [pmAfter = 0, vfsAfter = 0] = []] = counts;
  expect([pm > 1000, vfs, pmAfter - pm > 1000, vfsAfter > 1000]).toEqual([true, 0, true, true]);
});

it("[K20] an idle CPU that gets something to do begins now, not when it went idle", () => {
  const clock: { now: () => number[] } = { now: () => [] };
  const times: number[][] = [];
  const modules = [hostedModule(PM, "pm", function* () {
    for (;;) {
      yield* ipc(RECEIVE, RS);
      times.push(clock.now());
    }
  })];
  const rs = testRs(modules, function* () {
    yield* sys("schedctl", { flags: 1, process: PM, quantumMs: 200, priority: 7, cpu: 1 });
    for (let round = 0; round < 3000; round++) yield* sys("times", { process: SELF }); // CPU 0 is never idle
    times.push(clock.now());
    yield* ipc(SEND, PM, newMessage(1));
    yield* ipc(RECEIVE, ANY);
  });
  const { kernel, run } = machine([rs, ...modules], { cpuCount: 2, debug: {} });
  clock.now = () => kernel.cpus.map(({ time }) => time);
  run(5e6);
  const [[sent = 0] = [], [, received = 0] = []] = times;
  expect(times).toHaveLength(2);
  expect(sent).toBeGreaterThan(1e6);
  expect(received).toBeGreaterThanOrEqual(sent);
});

it("[K22] a process that may not be preempted gets a new quantum, whatever scheduler it has", () => {
  const { log, kernel } = scene([[PM, elf([0xeb, 0xfe])], [VFS, function* (log) {
    yield* ipc(RECEIVE, RS);
    log.push(yield* call("schedctl", { flags: 0, process: PM, quantumMs: -1, priority: -1, cpu: -1 }));
    log.push(yield* call("schedule", { process: PM, quantumMs: 5, priority: 15, cpu: 1 }));
    yield* receiveInto(log, PM);
  }]], function* () {
    yield* release(PM);
    yield* sys("schedctl", { flags: 1, process: PM, quantumMs: 200, priority: 15, cpu: 1 });
    yield* store(DATA_START, privilegeEntry.encode({ ...everything, flags: 0x10 }));
    yield* privctl(PM, SYS_PRIV_UPDATE_SYS, DATA_START);
    yield* ipc(SEND, VFS, newMessage(1));
  }, { privileges: { [PM]: null }, cpuCount: 2, expect: "running", cycles: 4e6, debug: {} });
  expect(log).toEqual([0, 0]);
  expect(kernel.processes.at(PM).scheduler?.slot).toBe(VFS);
  expect(kernel.processes.at(PM).rts & RTS_NO_QUANTUM).toBe(0);
});

it("[K29] permissions to send go along with the instance that is put in another's place", () => {
  const { log } = scene([
    [PM, function* (log) {
      yield* ipc(RECEIVE, RS);
      log.push((yield* ipc(SEND, TTY, newMessage(9))).eax);
    }],
    [TTY, function* (log) {
      yield* receiveInto(log, ANY);
    }],
    [VFS, function* () {
      for (;;) yield* ipc(RECEIVE, RS);
    }],
  ], function* (log) {
    yield* wait(1);
    log.push(yield* call("update", { source: PM, target: VFS }));
    yield* ipc(SEND, VFS, newMessage(1)); // which may send to RS only, and is PM's instance now
  }, { privileges: { [VFS]: { ipcTo: [1 << (RS + 5), 0] } } });
  expect(log).toEqual([0, 0, [VFS, 9, SEND]]);
});

it("[K30] a port must be aligned to its width and lie whole in a range", () => {
  const { log } = scene([[PM, function* (log) {
    yield* ipc(RECEIVE, RS);
    for (const [port, width] of [[0x61, DIO_WORD], [0x60, DIO_WORD], [0x62, DIO_WORD], [0x63, DIO_WORD], [0x60, DIO_LONG], [0x62, DIO_BYTE], [0x63, DIO_BYTE]] as const) {
      log.push(yield* call("devio", { request: DIO_INPUT | width, port, value: 0 }));
    }
  }]], function* () {
    yield* store(DATA_START, ioRange.encode({ base: 0x60, limit: 0x62 }));
    yield* privctl(PM, SYS_PRIV_ADD_IO, DATA_START);
    yield* ipc(SEND, PM, newMessage(1));
  });
  expect(log).toEqual([EPERM, 0, EPERM, EPERM, EPERM, 0, EPERM]);
});

it("[K30] a driver gets the interrupt lines of its list only", () => {
  const { log } = scene([[PM, function* (log) {
    for (const line of [5, 6]) log.push(yield* call("irqctl", { request: 1, line, policy: 0, hook: 0 }));
  }]], undefined, { privileges: { [PM]: { flags: 0x12 | CHECK_IRQ, irqCount: 1, irqs: [5] as never } } });
  expect(log).toEqual([0, EPERM]);
});

it("[K30] dynamic privileges have ids from 17 on, and the call mask that they are given", () => {
  const { log, kernel } = scene([[PM, nothing]], function* () {
    yield* wait(1);
    yield* spawn(PM, 20, "child", "system", { callMask: [0xffffffff & ~(1 << 6), 0xffffffff] });
  }, { programs: { child: function* (log) {
    log.push(yield* call("kill", { process: PM, signal: 1 }), yield* call("times", { process: PM }));
  } } });
  expect(log).toEqual([errorCode("ECALLDENIED"), 0]);
  expect(kernel.processes.at(20).privileges?.id).toBe(17);
});

it("[K33] race chooses who runs by the seed; norec sees a call inside a call", () => {
  const order = (race: boolean, seed: number): string => scene([PM, VFS, MEM, TTY].map((slot) => [slot, function* (log) {
    yield* wait(3);
    for (let round = 0; round < 5; round++) {
      yield* sys("times", { process: SELF });
      log.push(slot);
    }
  }] as [number, Actor]), undefined, { debug: { race }, seed }).log.join();
  expect(order(false, 1)).toBe(order(false, 2));
  expect(order(true, 1)).not.toBe(order(false, 1));
  expect(order(true, 1)).not.toBe(order(true, 2));
  const inside = (norec: boolean): string => {
    const holder: { enter: () => void } = { enter: () => {} };
    const { run, kernel, printed } = machine([hostedModule(RS, "rs", function* (): Program<void> {
      yield* sys("times", { process: SELF });
      holder.enter();
      yield* sys("times", { process: SELF });
      yield* ipc(RECEIVE, ANY);
    })], { debug: { norec } });
    holder.enter = () => kernel.guard?.enter("a call");
    run(1e6);
    return printed.join("");
  };
  expect(inside(true)).toContain("recursive enter of kernel call in a call");
  expect(inside(false)).not.toContain("panic");
});

it("[K23] a grant for one process is none for another, and reading is not writing", () => {
  const { log } = scene([[PM, function* () {
    yield* store(DATA_START, encodeGrant({ kind: "direct", flags: CPF_USED | CPF_VALID | CPF_DIRECT | CPF_READ, to: MEM, start: FAR, length: 8 }));
    yield* sys("setgrant", { table: DATA_START as never, entries: 1 });
  }], ...[MEM, TTY].map((slot) => [slot, function* (log) {
    yield* wait(slot);
    const request = { process: PM, segment: 1, grant: 0 as GrantId, offset: 0, address: FAR as never, bytes: 8 };
    log.push(yield* call("safecopyfrom", request), yield* call("safecopyto", request));
  }] as [number, Actor])]);
  expect(log).toEqual([0, EPERM, EPERM, EPERM]);
});

it("[K15][K16] no copy reaches the kernel's part of a page table, nor the kernel's own memory, whatever memory map a process is given", () => {
  const seen: unknown[] = [];
  paged([sleeper(PM)], (vm) => vm.move(PM), function* () {
    for (const phys of [0x200, 0x800, 0x1000]) { // the kernel, page tables, the page of directories
      const data = { vir: 0, phys, length: 16 };
      yield* store(DATA_START, memoryMap.encode({ text: { ...data, length: 0 }, data, stack: { vir: 16, phys: phys + 16, length: 0 } }));
      yield* call("newmap", { process: PM, memoryMap: DATA_START as never });
      seen.push(yield* copy(RS, FAR, PM, 0x100, 64), yield* copy(PM, 0x100, RS, FAR, 64));
    }
    seen.push(yield* copy(RS, FAR, -1, 0x200000, 8), yield* call("clear", { process: RS }), yield* call("vmctl", { process: VM, parameter: 29, value: 0x300000, address: 0x300000 }));
  }, { serve: function* (vm) {
    seen.push(yield* call("vmctl", { process: SELF, parameter: VMCTL_ENABLE_PAGING, value: DATA_START, address: 0 })); // a second time
    vm.answer = () => errorCode("EFAULT");
    yield* vm.serve();
  } });
  const [EFAULT, EINVAL] = [errorCode("EFAULT"), errorCode("EINVAL")];
  expect(seen).toEqual([EINVAL, ...Array.from({ length: 7 }, () => EFAULT), EINVAL, EINVAL]);
});

it("[K34] the order in which several CPUs get to the same process is the seed's, and the same every time", () => {
  const order = (seed: number, race: boolean): string => {
    const clients = [VFS, MEM, TTY];
    // Each works for a while of its own between two calls: mov ecx, n; dec ecx; jnz.
    const work = (slot: number): number[] => [0xb9, ...dword(2000 + slot * 371), 0x49, 0x75, 0xfd];
    const modules = clients.map((slot) => guestModule(slot, `g${slot}`, elf(loopOver([...work(slot), ...trap(SENDREC, PM, CODE + 0x1000)]), 0x3000)));
    const log: number[] = [];
    const server = hostedModule(PM, "server", function* () {
      for (;;) {
        const { message } = yield* ipc(RECEIVE, ANY);
        log.push(message?.[0] as number);
        yield* ipc(SEND, message?.[0] as Endpoint, newMessage(1));
      }
    });
    const rs = testRs([server, ...modules], function* () {
      for (const [index, process] of clients.entries()) yield* sys("schedctl", { flags: 1, process, quantumMs: 200, priority: 15, cpu: 1 + index });
      yield* ipc(RECEIVE, ANY);
    });
    const { kernel } = machine([rs, server, ...modules], { cpuCount: 4, seed, trace: true, debug: { race } });
    kernel.run(6e5);
    return `${kernel.traceHash()} ${log.join()}`;
  };
  for (const race of [false, true]) {
    const first = order(1, race);
    expect([order(1, race), order(1, race)]).toEqual([first, first]);
  }
  expect(order(2, true)).not.toBe(order(1, true));
});

it("[K32] the report of a panic says why, where, what every CPU did, who there is, and the last hundred traps", () => {
  const spin = guestModule(PM, "spin", elf(loopOver(incMemory(CODE + 0x2000)), 0x3000));
  const rs = testRs([spin], function* () {
    yield* sys("schedctl", { flags: 1, process: PM, quantumMs: 200, priority: 15, cpu: 1 });
    for (let round = 0; round < 200; round++) yield* sys("times", { process: SELF });
    throw new Error("rs has a bug");
  });
  const { run, printed } = machine([rs, spin], { cpuCount: 3, debug: {} });
  const result = run(5e6);
  const report = result.kind === "panic" ? result.report : "";
  expect(printed.join("")).toMatch(/rs\(2\) rs@1\.0\.0 crashed: Error: rs has a bug\n {4}at /);
  expect(report).toMatch(/^kernel panic: deadly signal 6 for rs\(2\), which manages its own signals\nkernel on CPU 0: .*\n {4}at /);
  expect(report).toMatch(/\nCPU 0: 2: rs 2 .*\n[^]*\nCPU 1: 0: spin 0 .* pc 0x100[0-9a-f] sp 0x[0-9a-f]+\n {2}spin {5}0 0x100[0-9a-f]\n {2}eax 0x[^]*cs 0x7 RPL 3 index 0 LDT base[^]*\nCPU 2: idle\n/);
  expect(report).toMatch(/\nprocesses:\n {2}0: spin 0 prio 15 .*\n {2}2: rs 2 prio 7 /);
  expect(/last traps \(endpoint\/vector\/cycle\):\n {2}(.*)\n/.exec(report)?.[1]?.split(" ")).toHaveLength(100);
});
