import { AMF_VALID, ANY, DATA_START, PM, RECEIVE, RS, SEND, SENDA, VFS, newMessage, type Endpoint, type Program } from "@procyon-os/message";
import { RTS_VMINHIBIT, VMCTL_VMINHIBIT_CLEAR, VMCTL_VMINHIBIT_SET, asynEntry } from "@procyon-os/contract-kernel";
import { expect, it } from "vitest";
import { CODE, elf, incMemory, loopOver } from "../testing/guest.ts";
import { guestModule, hostedModule, ipc, machine, store, sys, testRs } from "../testing/machine.ts";

const wait = function* (ticks: number): Program<void> {
  yield* sys("setalarm", { expiresAt: ticks as never, absolute: false });
  yield* ipc(RECEIVE, -3 as Endpoint);
};
const vmctl = function* (process: Endpoint, parameter: number): Program<unknown> {
  return (yield* sys("vmctl", { process, parameter, value: 0, address: 0 }))[1];
};

it("[K19] stops a process on whichever CPU it runs while its memory changes, and lets it go on after", () => {
  const seen: unknown[] = [];
  const spin = guestModule(PM, "spin", elf(loopOver(incMemory(CODE + 0x2000)), 0x3000));
  const machineRef: { count: () => number; rts: () => number } = { count: () => 0, rts: () => 0 };
  const rs = testRs([spin], function* () {
    yield* sys("schedctl", { flags: 1, process: PM, quantumMs: 200, priority: 15, cpu: 3 });
    yield* wait(2);
    seen.push(machineRef.count() > 1000);
    yield* vmctl(PM, VMCTL_VMINHIBIT_SET);
    const before = machineRef.count();
    yield* wait(2);
    seen.push(machineRef.rts(), machineRef.count() - before);
    seen.push(yield* vmctl(PM, VMCTL_VMINHIBIT_CLEAR));
    yield* wait(2);
    seen.push(machineRef.count() > before);
    yield* ipc(RECEIVE, ANY);
  });
  const { kernel, run } = machine([rs, spin], { cpuCount: 4, debug: {} });
  const at = (kernel.processes.at(PM).map[4] as number) * 4096 + 0x2000;
  machineRef.count = () => kernel.memory.read32(at);
  machineRef.rts = () => kernel.processes.at(PM).rts;
  run(1.2e7);
  kernel.check();
  expect(seen).toEqual([true, RTS_VMINHIBIT, 0, 0, true]);
  expect(kernel.cpus[3]?.time).toBeGreaterThan(1e6);
});

it("[K03][K04] makes up for an asynchronous message that was passed over while its sender's memory changed", () => {
  const log: unknown[] = [];
  const sender = hostedModule(PM, "sender", function* () {
    yield* ipc(RECEIVE, RS);
    yield* store(DATA_START, asynEntry.encode({ flags: AMF_VALID, to: VFS, result: 0, message: newMessage(5) }));
    yield* ipc(SENDA, 1 as Endpoint, null, DATA_START);
    for (;;) yield* ipc(RECEIVE, RS);
  });
  const receiver = hostedModule(VFS, "receiver", function* () {
    yield* ipc(RECEIVE, RS);
    const { message } = yield* ipc(RECEIVE, ANY);
    log.push([message?.[0], message?.[1]]);
    for (;;) yield* ipc(RECEIVE, RS);
  });
  const rs = testRs([sender, receiver], function* () {
    yield* ipc(SEND, PM, newMessage(1));
    yield* wait(2); // the table is registered, the receiver not ready for it
    yield* vmctl(PM, VMCTL_VMINHIBIT_SET);
    yield* ipc(SEND, VFS, newMessage(1));
    yield* wait(2);
    log.push("nothing yet");
    yield* vmctl(PM, VMCTL_VMINHIBIT_CLEAR);
    for (;;) yield* ipc(RECEIVE, ANY);
  });
  for (const cpuCount of [1, 2]) {
    log.length = 0;
    const { kernel, run } = machine([rs, sender, receiver], { cpuCount });
    run(3e7);
    kernel.check();
    expect(log).toEqual(["nothing yet", [PM, 5]]);
  }
});

it("[K20] wakes an idle CPU and preempts what is less important on a busy one", () => {
  const spin = guestModule(PM, "spin", elf([0xeb, 0xfe]));
  const times: number[] = [];
  const urgent = hostedModule(VFS, "urgent", function* () {
    for (;;) {
      yield* ipc(RECEIVE, ANY);
      times.push(1);
    }
  });
  const rs = testRs([urgent, spin], function* () {
    yield* sys("schedctl", { flags: 1, process: PM, quantumMs: 200, priority: 15, cpu: 1 });
    yield* sys("schedctl", { flags: 1, process: VFS, quantumMs: 200, priority: 3, cpu: 1 });
    for (let round = 0; round < 5; round++) {
      yield* ipc(SEND, VFS, newMessage(round));
      yield* wait(1);
    }
    times.push(0);
    yield* ipc(RECEIVE, ANY);
  });
  const { kernel, run } = machine([rs, urgent, spin], { cpuCount: 2, debug: {} });
  run(2e7);
  kernel.check();
  expect(times).toEqual([1, 1, 1, 1, 1, 0]);
  expect(kernel.processes.at(PM).preempted).toBeGreaterThan(0);
});
