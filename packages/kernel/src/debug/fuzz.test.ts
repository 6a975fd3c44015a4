import { kernelContract } from "@procyon-os/contract-kernel";
import { ANY, DATA_START, IPC_VECTOR, KERNEL_CALL_VECTOR, MEM, NONE, PM, RECEIVE, RS, SELF, TTY, VFS, newFrame, newMessage, type Endpoint, type Program } from "@procyon-os/message";
import { expect, it } from "vitest";
import { CODE, elf, loopOver, trap } from "../testing/guest.ts";
import { guestModule, hostedModule, ipc, machine, release, store, sys } from "../testing/machine.ts";
import { clearIpc } from "../ipc/clear-endpoint.ts";
import { clearRts } from "../scheduling/run-queues.ts";
import { SeededRandom } from "./random.ts";

const ROUNDS = 20_000;
const { calls } = kernelContract;
// What ends the machine, or takes the process itself or RS away, is no fuzz; VMCTL turns paging on.
const left = [calls.abort.number, calls.exit.number, calls.vmctl.number, calls.clear.number, calls.update.number, calls.statectl.number];
const numbers = Array.from({ length: 60 }, (_, number) => number).filter((number) => !left.includes(number));

/** Any process but RS, which manages its own signals, and the fuzzer itself: it would stop. */
const endpoints = [VFS, MEM, NONE, ANY, 4711, -2, -1, 20, 36558 + 20];
const interesting = [0, 1, 2, 3, 4, 5, 16, -1, 0x7fffffff, 0x80000000, 0xffffffff, DATA_START, DATA_START + 0xfff, 0x11ffe, 0xfff, 36, 0x400, 0x1003, SELF];

function* fuzz(random: SeededRandom, done: { rounds: number }, kernelCalls: boolean): Program<void> {
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
  yield* store(DATA_START, Uint8Array.from({ length: 0x8000 }, () => random.below(256)));
  for (; done.rounds < ROUNDS; done.rounds++) {
    const message = newMessage();
    for (let word = 2; word < 9; word++) message[word] = random.below(3) === 0 ? pick(endpoints) : random.below(2) === 0 ? pick(interesting) : random.below(0x100);
    if (kernelCalls || random.below(2) === 0) {
      message[1] = kernelContract.base + pick(numbers);
      message[2] = pick(endpoints); // most calls name a process here
      message[3] = message[3] === RS || message[3] === PM ? MEM : (message[3] as number);
      message[5] = message[5] === RS ? MEM : (message[5] as number);
      const frame = newFrame(KERNEL_CALL_VECTOR);
      frame.message = message;
      yield frame;
    } else {
      message[1] = random.below(0x2000);
      const frame = newFrame(IPC_VECTOR);
      frame.ecx = pick([0, 1, 4, 5, 5, 16, 17, 99, -1]); // not what would wait for ever
      frame.eax = frame.ecx === 16 ? random.below(5000) : frame.ecx === 1 ? pick([NONE, ANY, 4711, TTY]) : pick(endpoints);
      frame.ebx = pick(interesting);
      frame.message = random.below(10) === 0 ? null : message;
      yield frame;
    }
  }
}

it.each([
  { what: "every privilege", privileged: true, seed: 1 }, { what: "every privilege", privileged: true, seed: 2 },
  { what: "none", privileged: false, seed: 3 },
])("survives random traps of a process with $what (seed $seed)", ({ privileged, seed }) => {
  const done = { rounds: 0 };
  const fuzzer = hostedModule(PM, "fuzz", function* () {
    yield* fuzz(new SeededRandom(seed), done, false);
    for (;;) yield* ipc(RECEIVE, RS);
  });
  const guest = guestModule(VFS, "guest", elf(loopOver(trap(RECEIVE, ANY, CODE + 0x2000)), 0x4000));
  const hosted = hostedModule(MEM, "hosted", function* () {
    for (;;) yield* ipc(RECEIVE, ANY);
  });
  const sink = hostedModule(TTY, "sink", function* () {
    for (;;) yield* ipc(RECEIVE, ANY);
  });
  let alive = 0;
  let stops = 0;
  const rs = hostedModule(RS, "rs", function* () {
    for (const slot of [VFS, MEM, TTY]) yield* release(slot);
    yield* release(PM, privileged ? {} : { flags: 6, callMask: [0, 0], ipcTo: [0, 0], trapMask: 8 });
    yield* sys("schedctl", { flags: 1, process: PM, quantumMs: 200, priority: 15, cpu: -1 });
    for (;;) {
      yield* sys("setalarm", { expiresAt: 1 as never, absolute: false });
      yield* ipc(RECEIVE, -3 as Endpoint);
      alive++;
    }
  });
  const test = machine([rs, fuzzer, guest, hosted, sink], { debug: {} });
  for (let slice = 0; slice < 3000 && done.rounds < ROUNDS; slice++) {
    const result = test.run(2e5);
    expect(result.kind, test.printed.slice(-5).join("")).not.toBe("panic");
    test.kernel.check();
    // Whatever stopped the fuzzer, it goes on: the machine is what is tested.
    const process = test.kernel.processes.at(PM);
    expect(process.isFree).toBe(false);
    if (process.rts === 0) continue;
    stops++;
    clearIpc(test.kernel, process);
    process.pendingSignals = 0;
    clearRts(test.kernel, process, 0xffff);
  }
  test.run(1e7);
  expect(alive).toBeGreaterThan(3);
  expect([done.rounds, stops]).toEqual([ROUNDS, expect.any(Number)]);
});
