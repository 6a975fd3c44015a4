import { ANY, DATA_START, PM, RECEIVE, RS, SEND, SENDREC, VFS, newMessage, type Endpoint, type Program } from "@procyon-os/message";
import { expect, it } from "vitest";
import { EntryGuard } from "../src/debug/entry-guard.ts";
import { PROCESS_START, WRITABLE } from "../src/testing/fake-vm.ts";
import { CODE, elf, incMemory, loopOver, trap } from "../src/testing/guest.ts";
import { guestModule, hostedModule, ipc, sys } from "../src/testing/machine.ts";
import { paged } from "../src/testing/paged.ts";
import { copy, scene, wait, type Actor } from "../src/testing/scene.ts";

const all = { vmassert: true, norec: true, race: true, msgcheck: true, checkAlways: true };
const pong: Actor = function* () {
  for (;;) {
    const { message } = yield* ipc(RECEIVE, ANY);
    yield* ipc(SEND, message?.[0] as Endpoint, newMessage((message?.[1] as number) + 1));
  }
};
const ping: Actor = function* (log) {
  let sum = 0;
  for (let round = 0; round < 20; round++) sum += (yield* ipc(SENDREC, PM, newMessage(round))).message?.[1] as number;
  log.push(sum);
};

it.each([1, 4])("[K33] changes nothing that a program sees when every debug aid is on (%i CPUs)", (cpuCount) => {
  for (const debug of [{}, all]) expect(scene([[PM, pong], [VFS, ping]], undefined, { debug, cpuCount }).log).toEqual([210]);
});

it("[K33] vmassert, with guests and a VM, holds on several CPUs while pages come and processes move", () => {
  const guest = (slot: number) => guestModule(slot, `g${slot}`, elf([...incMemory(CODE + 0x3000), ...loopOver(trap(RECEIVE, RS, CODE + 0x400))], 0x4000));
  const { vm } = paged([guest(PM), guest(VFS)], function* (vm) {
    for (const slot of [PM, VFS]) yield* vm.move(slot, (page) => (page === (CODE + 0x3000) >> 12 ? 0 : WRITABLE));
  }, function* () {
    for (let round = 0; round < 6; round++) {
      for (const slot of [PM, VFS]) yield* sys("schedctl", { flags: 1, process: slot, quantumMs: 200, priority: 7, cpu: round % 3 });
      yield* ipc(SEND, PM, newMessage(1));
      yield* copy(PM, CODE, VFS, CODE + 0x600, 64);
    }
  }, { cpuCount: 3, debug: { ...all, race: false } });
  expect(vm.faults.map(({ address }) => address)).toEqual([PROCESS_START + CODE + 0x3000, PROCESS_START + CODE + 0x3000]);
});

it("[K33] msgcheck finds a message that changed on its way, vmassert a table that is nobody's, norec a second entry", () => {
  const meddle = (change: (kernel: ReturnType<typeof scene>["kernel"]) => void, debug: object): string => {
    const holder: { kernel: ReturnType<typeof scene>["kernel"] | null } = { kernel: null };
    const { vm, test } = paged([hostedModule(PM, "pm", function* (): Program<void> {
      for (;;) yield* ipc(RECEIVE, RS);
    })], (vm) => vm.move(PM), function* (vm) {
      yield* wait(2);
      yield* ipc(SEND, PM, newMessage(3));
      holder.kernel = vm.kernel();
      change(vm.kernel());
      yield* wait(2);
    }, { debug, cycles: 2e6 });
    void vm;
    const result = test.run(2e7);
    return result.kind === "panic" ? result.report : result.kind;
  };
  const spoil = (kernel: ReturnType<typeof scene>["kernel"]): void => {
    kernel.processes.at(PM).deliverMessage[5] = 99;
  };
  const lose = (kernel: ReturnType<typeof scene>["kernel"]): void => {
    kernel.local.cpu.cr3 = 0x400000;
  };
  expect(meddle(spoil, { msgcheck: true })).toContain("the message for pm(0) has changed since it was sent");
  expect(meddle(spoil, {})).toBe("idle");
  expect(meddle(lose, { vmassert: true })).toContain("vmassert: ");
  const guard = new EntryGuard();
  guard.enter("ipc");
  expect(() => guard.enter("kernel call")).toThrow("recursive enter of kernel call in ipc");
  guard.leave("ipc");
  expect(() => guard.leave("ipc")).toThrow("without an enter");
  expect(DATA_START).toBe(0x1000);
});
