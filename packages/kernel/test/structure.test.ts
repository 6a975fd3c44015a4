import { DATA_START, IDLE, MEM, PM, RECEIVE, RS, SELF, SEND, SYSTEM, VFS, errorCode, newMessage, type Endpoint, type Program } from "@procyon-os/message";
import { RTS_PROC_STOP, VMCTL_VMINHIBIT_CLEAR, VMCTL_VMINHIBIT_SET } from "@procyon-os/contract-kernel";
import { expect, it } from "vitest";
import { PROCESS_START } from "../src/testing/fake-vm.ts";
import { hostedModule, ipc, load, sys } from "../src/testing/machine.ts";
import { paged } from "../src/testing/paged.ts";
import { callTable } from "../src/call-table.ts";
import { describeProcess } from "../src/debug/describe-process.ts";
import { copy, scene, vmctl, wait } from "../src/testing/scene.ts";

const FAR = DATA_START + 0x8000;

it("[K07] makes kernel calls on behalf of the caller and at its cost: the SYSTEM task is an entry of the table that never runs", () => {
  const { log, kernel } = scene([[PM, function* (log) {
    for (let round = 0; round < 50; round++) yield* sys("times", { process: SYSTEM });
    log.push((yield* ipc(SEND, SYSTEM, newMessage(1))).eax);
  }], [MEM, function* () {}]]);
  expect(log).toEqual([errorCode("ETRAPDENIED")]);
  for (let slot = -5; slot < 0; slot++) expect(kernel.processes.at(slot)).toMatchObject({ rts: RTS_PROC_STOP, hosted: null, onQueue: false, userTime: 0 });
  expect([kernel.processes.at(SYSTEM).cycles, kernel.processes.at(SYSTEM).kernelCallCycles, kernel.processes.at(IDLE).cycles]).toEqual([0, 0, 0]);
  expect(kernel.processes.at(PM).kernelCallCycles).toBeGreaterThan(kernel.processes.at(MEM).kernelCallCycles);
});

it("[K13] reaches every page directory through the page that VM shares with it, where VM has said it is", () => {
  const sleeper = (slot: Endpoint) => hostedModule(slot, `s${slot}`, () => ipc(RECEIVE, RS));
  const seen: unknown[] = [];
  const { test } = paged([sleeper(PM), sleeper(VFS)], function* (vm) {
    yield* vm.move(PM);
    yield* vm.move(VFS);
  }, function* (vm) {
    const { memory, processes } = vm.kernel();
    const linear = PROCESS_START + FAR;
    // A second directory for PM, in which the page is another one; only the shared page says so.
    const directory = vm.page();
    for (let entry = 0; entry < 1024; entry++) memory.write32(directory + entry * 4, memory.read32(processes.at(PM).cr3 + entry * 4));
    const table = vm.page();
    const page = vm.page();
    memory.write32(directory + (linear >>> 22) * 4, table | 7);
    memory.write32(table + ((linear >>> 12) & 0x3ff) * 4, page | 7);
    memory.write32(page, 77);
    const word = function* (): Program<number> {
      yield* copy(PM, FAR, RS, DATA_START, 4);
      return new DataView((yield* load(DATA_START, 4)).slice().buffer).getInt32(0, true);
    };
    yield* wait(1);
    seen.push(yield* word());
    const shared = (memory.read32(processes.at(VFS).cr3 + (processes.at(PM).pageDirectory >>> 22) * 4) & ~0xfff) >>> 0;
    yield* vmctl(PM, VMCTL_VMINHIBIT_SET);
    memory.write32(shared + ((processes.at(PM).pageDirectory >>> 12) & 0x3ff) * 4, directory | 3);
    yield* vmctl(PM, VMCTL_VMINHIBIT_CLEAR);
    yield* ipc(SEND, VFS, newMessage(1)); // another table is loaded now: PM's memory is seen through a window
    yield* wait(1);
    yield* copy(VFS, FAR, RS, DATA_START, 4);
    seen.push(yield* word());
  });
  expect(seen).toEqual([0, 77]);
  expect(test.kernel.processes.at(PM).pageDirectory).not.toBe(0);
});

/** A call of PM's straight to its handler, and what it does as far as that can be seen. `honest`: with true first words. */
function handled(number: number, requests: readonly (readonly number[])[], honest: boolean): unknown {
  const { kernel } = scene([[PM, function* () {}], [VFS, function* () {}]], undefined, { cycles: 2e5, memoryBytes: 0x800000, debug: {} });
  const caller = kernel.processes.at(PM);
  [caller.userTime, kernel.processes.at(VFS).userTime] = [5, 9];
  return requests.map((fields) => {
    const message = newMessage(honest ? 0x600 + number : 0x7777);
    message[0] = honest ? PM : VFS;
    fields.forEach((field, index) => (message[index + 2] = field));
    let result: unknown;
    try {
      result = callTable[number]?.(kernel, caller, message);
    } catch (error) {
      result = String(error);
    }
    const { cycles, pendingSignals, privileges } = caller;
    const live = kernel.processes.slots.filter(({ isFree }) => !isFree).map(describeProcess);
    return [number, fields, result, message.slice(2), live.join(), kernel.processes.at(VFS).pendingSignals, cycles, pendingSignals, privileges?.grantTable];
  });
}

it("[K09] makes no handler look at m_source or m_type: who calls is what the kernel says, what is called is the entry of the table", () => {
  const requests = [[SELF, 1, 2, 4, 8, 0, 0], [VFS, 6, 0, DATA_START, DATA_START, 4, 1], [PM, 1, VFS, 1, DATA_START, 8, 0], [0, 0, 19, 0, 0, 0, 0]];
  for (const [number, handler] of callTable.entries()) {
    if (handler !== null) expect(handled(number, requests, false)).toEqual(handled(number, requests, true));
  }
});
