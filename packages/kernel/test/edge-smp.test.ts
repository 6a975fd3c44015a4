import { ANY, DATA_START, INIT, MEM, PM, RECEIVE, RS, SEND, SENDA, TTY, VFS, errorCode, newMessage, type Endpoint, type Program } from "@procyon-os/message";
import { PFF_VMINHIBIT, RTS_PROC_STOP, RTS_RECEIVING, RTS_VMINHIBIT, SYS_PRIV_DISALLOW, VMCTL_VMINHIBIT_CLEAR, VMCTL_VMINHIBIT_SET, memoryMap } from "@procyon-os/contract-kernel";
import { expect, it } from "vitest";
import { PROCESS_START } from "../src/testing/fake-vm.ts";
import { CODE, elf, incMemory, loopOver, trap } from "../src/testing/guest.ts";
import { guestModule, hostedModule, ipc, store, sys } from "../src/testing/machine.ts";
import { paged } from "../src/testing/paged.ts";
import { asynTable, call, privctl, receiveInto, scene, vmctl, wait } from "../src/testing/scene.ts";

const COUNT = CODE + 0x2000;
const spin = elf(loopOver(incMemory(COUNT)), 0x3000);

function* onCpu(process: Endpoint, cpu: number, priority = 7): Program<void> {
  yield* sys("schedctl", { flags: 1, process, quantumMs: 200, priority, cpu });
}

it.each([1, 2, 4])("[K03][K04] E70, E71: nothing starves behind inhibited senders, from any or one, and each message comes once (%i CPUs)", (cpuCount) => {
  const sender = (type: number) => function* (): Program<void> {
    yield* ipc(RECEIVE, RS);
    yield* asynTable(DATA_START, [[TTY, type]]);
    yield* ipc(SENDA, 1 as Endpoint, null, DATA_START);
    yield* ipc(RECEIVE, RS);
    // Registers again, with another table, while it is passed over.
    yield* asynTable(DATA_START + 0x100, [[TTY, type + 10]]);
    yield* ipc(SENDA, 1 as Endpoint, null, DATA_START + 0x100);
  };
  const { log, kernel } = scene([
    [PM, sender(1)], [VFS, sender(2)], [MEM, sender(3)],
    [TTY, function* (log) {
      yield* ipc(RECEIVE, RS);
      yield* receiveInto(log, VFS);
      for (let round = 0; round < 5; round++) yield* receiveInto(log, ANY);
    }],
  ], function* (log) {
    for (const [index, slot] of [PM, VFS, MEM].entries()) if (cpuCount > 1) yield* onCpu(slot, (index + 1) % cpuCount);
    for (const slot of [PM, VFS, MEM]) yield* ipc(SEND, slot, newMessage(1));
    yield* wait(2);
    for (const slot of [PM, VFS, MEM]) yield* vmctl(slot, VMCTL_VMINHIBIT_SET);
    yield* ipc(SEND, TTY, newMessage(1));
    yield* wait(2);
    log.push("blocked");
    for (const slot of [PM, VFS, MEM]) yield* vmctl(slot, VMCTL_VMINHIBIT_CLEAR);
    yield* wait(2);
    for (const slot of [MEM, VFS, PM]) yield* ipc(SEND, slot, newMessage(1));
  }, { cpuCount });
  expect(log[0]).toBe("blocked");
  expect(log[1]).toEqual([VFS, 2, SENDA]);
  expect(log.slice(2).map((one) => (one as number[])[1]).toSorted((a, b) => (a as number) - (b as number))).toEqual([1, 3, 11, 12, 13]);
  kernel.check();
});

it("E73: a copy with physical memory as a partner needs no process to be fresh", () => {
  const { test } = paged([hostedModule(PM, "pm", () => ipc(RECEIVE, RS))], function* (vm) {
    yield* vm.move(PM);
  }, function* () {
    const request = { source: -1 as Endpoint, sourceSegment: 0x400, sourceAddress: 0x300000, target: PM, targetSegment: 1, targetAddress: DATA_START, bytes: 64 };
    yield* vmctl(PM, VMCTL_VMINHIBIT_SET);
    yield* vmctl(PM, VMCTL_VMINHIBIT_CLEAR);
    expect(yield* call("physcopy", request)).toBe(0);
  }, { cpuCount: 2 });
  expect(test.kernel.processes.at(PM).isFree).toBe(false);
});

it("[K17][K18] E74: where VM changed the table that stayed loaded elsewhere, that CPU flushes once, and sees the new page", () => {
  const guest = guestModule(PM, "guest", spin);
  const { vm, test } = paged([guest], function* (vm) {
    yield* vm.move(PM);
  }, function* (vm) {
    yield* onCpu(PM, 1, 15);
    yield* wait(2);
    const { memory, counters } = vm.kernel();
    const page = vm.page();
    yield* vmctl(PM, VMCTL_VMINHIBIT_SET);
    vm.map(PM, PROCESS_START + COUNT, page);
    yield* vmctl(PM, VMCTL_VMINHIBIT_CLEAR);
    expect(memory.read32(page)).toBe(0);
    const before = counters.cr3Loads;
    yield* wait(2);
    expect(memory.read32(page)).toBeGreaterThan(1000); // it counts in the new page
    expect(counters.cr3Loads - before).toBeGreaterThan(0);
  }, { cpuCount: 2, debug: {}, cycles: 3e7 });
  expect(test.kernel.processes.at(PM).staleTlb & 2).toBe(0);
  expect(vm.faults).toEqual([]);
});

it("[K20] E75: to stop or inhibit who does not run anyway needs no other CPU", () => {
  const { log, kernel } = scene([[PM, function* () {}]], function* (log) {
    yield* onCpu(PM, 1);
    yield* wait(1);
    const time = kernelTime();
    log.push(yield* vmctl(PM, VMCTL_VMINHIBIT_SET), yield* call("runctl", { process: PM, action: 0, flags: 0 }), kernelTime() - time);
    log.push(yield* vmctl(PM, VMCTL_VMINHIBIT_CLEAR), yield* vmctl(PM, VMCTL_VMINHIBIT_CLEAR));
  }, { cpuCount: 2 });
  function kernelTime(): number {
    return 0;
  }
  expect(log).toEqual([0, 0, 0, 0, errorCode("EINVAL")]);
  expect(kernel.processes.at(PM).rts).toBe(RTS_PROC_STOP | RTS_RECEIVING);
});

it.each([2, 4, 8])("[K19][K20] E76, E77: CPUs that stop each other's processes all get there (%i CPUs)", (cpuCount) => {
  const stopper = (slot: number, victim: number) => function* (log: unknown[]): Program<void> {
    let done = 0;
    for (let round = 0; round < 40; round++) {
      done += yield* call("runctl", { process: victim as Endpoint, action: 0, flags: 0 });
      done += yield* vmctl(victim, VMCTL_VMINHIBIT_SET);
      done += yield* vmctl(victim, VMCTL_VMINHIBIT_CLEAR);
      done += yield* call("runctl", { process: victim as Endpoint, action: 1, flags: 0 });
    }
    log.push([slot, done]);
  };
  const { log, kernel } = scene([[6, spin], [7, spin], [9, spin], [PM, stopper(PM, 7)], [VFS, stopper(VFS, 6)], [MEM, stopper(MEM, 9)]], function* () {
    for (const [index, slot] of [6, 7, 9, PM, VFS, MEM].entries()) yield* onCpu(slot as Endpoint, index % cpuCount, index < 3 ? 15 : 7);
  }, { cpuCount, expect: "running", cycles: 6e6, debug: {} });
  expect(log).toHaveLength(3);
  expect(log).toEqual(expect.arrayContaining([[PM, 0], [VFS, 0], [MEM, 0]]));
  for (const slot of [6, 7, 9]) expect(kernel.processes.at(slot).rts).toBe(0);
});

it("[K29] E79: an update between CPUs leaves each slot its CPU and scheduler, and all translations stale", () => {
  const { log, kernel } = scene([[PM, function* () {}], [VFS, function* () {}], [MEM, function* () {
    yield* sys("schedctl", { flags: 0, process: PM, quantumMs: 0, priority: 0, cpu: 0 });
    yield* sys("schedule", { process: PM, quantumMs: 50, priority: 7, cpu: 2 });
  }]], function* (log) {
    yield* onCpu(VFS, 1);
    yield* wait(2);
    yield* privctl(VFS, SYS_PRIV_DISALLOW);
    log.push(yield* call("update", { source: PM, target: VFS }));
  }, { cpuCount: 4 });
  expect(log).toEqual([0]);
  const facts = (slot: number): unknown[] => {
    const { cpu, name, staleTlb, scheduler } = kernel.processes.at(slot);
    return [cpu, name, staleTlb, scheduler?.name ?? "kernel"];
  };
  expect([facts(PM), facts(VFS)]).toEqual([[2, "p1", 15, "p3"], [1, "p0", 15, "kernel"]]);
});

it("[K20] E80: a process that becomes ready on an idle CPU runs there at once", () => {
  const { log, kernel } = scene([[PM, function* (log) {
    for (;;) {
      yield* ipc(RECEIVE, ANY);
      log.push("ran");
    }
  }]], function* (log) {
    yield* onCpu(PM, 3);
    yield* wait(1);
    yield* sys("runctl", { process: PM, action: 0, flags: 0 });
    yield* ipc(SEND, PM, newMessage(1));
    log.push("stopped");
    yield* sys("runctl", { process: PM, action: 1, flags: 0 });
    yield* wait(1);
    log.push("end");
  }, { cpuCount: 4 });
  expect(log).toEqual(["stopped", "ran", "end"]);
  expect(kernel.cpus[3]?.idleCycles).toBeGreaterThan(0);
});

it("[K20] E81: a process that moves between CPUs keeps every register", () => {
  // Counts in a register and stores it; a lost register would show as a step back.
  const program = elf(loopOver([0x41, 0x89, 0x0d, COUNT & 0xff, (COUNT >> 8) & 0xff, 0, 0]), 0x3000); // inc ecx; mov [COUNT], ecx
  const { kernel } = scene([[PM, program]], function* () {
    for (let round = 0; round < 24; round++) {
      yield* onCpu(PM, round % 4, 15);
      yield* wait(1);
    }
  }, { cpuCount: 4, debug: {}, cycles: 5e7, expect: "running" });
  const process = kernel.processes.at(PM);
  const stored = kernel.memory.read32((process.map[4] as number) * 4096 + COUNT - CODE);
  expect(stored).toBeGreaterThan(1e5);
  expect(Math.abs((process.frame[8] as number) - stored)).toBeLessThan(2);
  for (const { time } of kernel.cpus) expect(time).toBeGreaterThan(1e6);
});

it("E82: RC_RESUME of a process that is not stopped is EINVAL", () => {
  expect(scene([[PM, function* () {}]], function* (log) {
    log.push(yield* call("runctl", { process: PM, action: 1, flags: 0 }), yield* call("runctl", { process: PM, action: 9, flags: 0 }));
    log.push(yield* call("runctl", { process: -2 as Endpoint, action: 0, flags: 0 }));
  }).log).toEqual([errorCode("EINVAL"), errorCode("EINVAL"), errorCode("EPERM")]);
});

it("[K04][K21] E84: a child that VM still works on does not run before it is let go", () => {
  const guest = guestModule(PM, "parent", elf([...trap(3, RS, CODE + 0x400), ...loopOver(incMemory(COUNT))], 0x3000));
  const init = hostedModule(INIT, "init", () => ipc(RECEIVE, RS)); // whose privileges the child gets
  const { vm, test } = paged([guest, init], function* (vm) {
    yield* vm.move(PM);
  }, function* (vm) {
    yield* ipc(RECEIVE, PM);
    const { map } = vm.kernel().processes.at(PM);
    const [tVir = 0, tPhys = 0, tLen = 0, dVir = 0, dPhys = 0, dLen = 0, sVir = 0, sPhys = 0, sLen = 0] = map;
    yield* store(DATA_START, memoryMap.encode({ text: { vir: tVir, phys: tPhys, length: tLen }, data: { vir: dVir, phys: dPhys, length: dLen }, stack: { vir: sVir, phys: sPhys, length: sLen } }));
    const reply = yield* sys("fork", { parent: PM, slot: 20, flags: PFF_VMINHIBIT, memoryMap: DATA_START as never });
    expect(reply[1]).toBe(0);
    const child = reply[2] as Endpoint;
    yield* privctl(child, 4);
    yield* privctl(child, 1);
    yield* onCpu(child, 1);
    yield* ipc(SEND, child, newMessage(0));
    const process = vm.kernel().processes.at(20);
    yield* wait(2);
    expect(process.rts).toBe(RTS_VMINHIBIT); // everything else is done
    const pc = process.frame[11];
    yield* wait(1);
    expect(process.frame[11]).toBe(pc);
  }, { cpuCount: 2 });
  expect(vm.faults).toEqual([]);
  expect(test.kernel.processes.at(20).cycles).toBe(0);
});
