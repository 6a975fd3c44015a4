import { ANY, DATA_START, PM, RECEIVE, RS, SEND, SENDREC, SIGEMT, SIGFPE, SIGILL, SIGSEGV, SYSTEM, TSC_VECTOR, VFS, errorCode, newFrame, newMessage, type Endpoint, type Message } from "@procyon-os/message";
import { GET_REGS, REG_EIP, SIGCONTEXT_BYTES, SIGFRAME_BYTES, signalMessage } from "@procyon-os/contract-kernel";
import { expect, it } from "vitest";
import { CODE, elf, incMemory, int, loadEax, loopOver, movEax, movEbx, movEcx, setMemory, storeEax, trap } from "../testing/guest.ts";
import { guestModule, hostedModule, ipc, load, machine, store, sys, testRs } from "../testing/machine.ts";

const BUFFER = CODE + 0x400;

/** Answers every message with its type plus one. */
const echo = loopOver([
  ...trap(RECEIVE, ANY, BUFFER), ...incMemory(BUFFER + 4), ...loadEax(BUFFER), ...movEcx(SEND), ...movEbx(BUFFER), ...int(33),
]);

it("lets a guest and a hosted process exchange messages in both directions", () => {
  const log: unknown[] = [];
  const client = hostedModule(VFS, "client", function* () {
    for (const type of [10, 20]) log.push(((yield* ipc(SENDREC, PM, newMessage(type))).message as Message)[1]);
    yield* ipc(RECEIVE, RS);
  });
  const server = guestModule(PM, "echo", elf(echo));
  const rs = testRs([server, client], function* () {
    for (;;) yield* ipc(RECEIVE, ANY);
  });
  const { run, kernel, printed } = machine([rs, server, client]);
  expect(run(3e7).kind).toBe("idle");
  expect(log).toEqual([11, 21]);
  expect(printed.join("")).not.toContain("panic");
  expect(kernel.counters.traps).toBeGreaterThan(4);
});

it("lets a hosted process read the cycle counter, as RDTSC lets a guest", () => {
  const seen: number[] = [];
  const rs = testRs([], function* () {
    for (let i = 0; i < 3; i++) {
      const { eax, ebx } = yield newFrame(TSC_VECTOR);
      seen.push((ebx >>> 0) * 2 ** 32 + (eax >>> 0));
    }
    for (;;) yield* ipc(RECEIVE, ANY);
  });
  const { run, kernel } = machine([rs]);
  run(3e7);
  expect((seen[1] as number) - (seen[0] as number)).toBe(600); // what a trap of a hosted process takes
  expect((seen[2] as number) - (seen[1] as number)).toBe(600);
  expect(seen[2]).toBeLessThan(kernel.cpus[0]?.time as number);
});

/** What happens to a guest program: the signals that its manager gets. */
function signalsOf(code: readonly number[]): unknown {
  let seen: unknown = "nothing";
  const victim = guestModule(PM, "victim", elf(code));
  const rs = testRs([victim], function* () {
    yield* ipc(RECEIVE, SYSTEM);
    const answer = yield* sys("getksig", {});
    seen = [answer[2], (answer[5] as number) >>> 0];
    for (;;) yield* ipc(RECEIVE, ANY);
  });
  machine([rs, victim]).run(3e7);
  return seen;
}

it.each([
  { what: "an invalid opcode", code: [0x0f, 0x0b], signal: SIGILL },
  { what: "a privileged instruction", code: [0xf4], signal: SIGSEGV },
  { what: "port access without permission", code: [0xec], signal: SIGSEGV },
  { what: "a division by zero", code: [0x31, 0xc9, 0xf7, 0xf1], signal: SIGFPE },
  { what: "a breakpoint", code: [0xcc], signal: SIGEMT },
  { what: "memory outside of its segment", code: loadEax(0xfffff000), signal: SIGSEGV },
  { what: "a software interrupt that is not open", code: int(0x50), signal: SIGSEGV },
  { what: "a kernel call with a bad message", code: [...movEax(0xfffffff0), ...int(32)], signal: SIGSEGV },
])("turns $what into signal $signal", ({ code, signal }) => {
  expect(signalsOf(code)).toEqual([PM, 2 ** signal]);
});

it("[K06] answers kernel calls of guests: wrong numbers, and a call that copies to its memory", () => {
  const REGISTERS = CODE + 0x600;
  const call = (type: number, fields: readonly (readonly [number, number])[]): number[] => [
    ...setMemory(BUFFER + 4, type), ...fields.flatMap(([at, value]) => setMemory(BUFFER + at, value)), ...movEax(BUFFER), ...int(32),
  ];
  const program = [
    ...call(0x600 + 12, []), ...loadEax(BUFFER + 4), ...storeEax(BUFFER + 0x40),
    ...call(0x600 + 100, []), ...loadEax(BUFFER + 4), ...storeEax(BUFFER + 0x44),
    ...call(0x600 + 26, [[16, GET_REGS], [28, REGISTERS], [8, 0], [12, 0x8ace]]), ...loadEax(BUFFER + 4), ...storeEax(BUFFER + 0x48),
    ...trap(RECEIVE, RS, BUFFER),
  ];
  const guest = guestModule(PM, "caller", elf(program));
  let results: number[] = [];
  const rs = testRs([guest], function* () {
    yield* sys("setalarm", { expiresAt: 5 as never, absolute: false });
    yield* ipc(RECEIVE, -3 as Endpoint);
    yield* sys("vircopy", {
      source: PM, sourceSegment: 1, sourceAddress: BUFFER + 0x40, target: RS, targetSegment: 1, targetAddress: DATA_START, bytes: 12,
    });
    yield* sys("vircopy", {
      source: PM, sourceSegment: 1, sourceAddress: REGISTERS + REG_EIP * 4, target: RS, targetSegment: 1, targetAddress: DATA_START + 12, bytes: 4,
    });
    results = [...new Int32Array((yield* load(DATA_START, 16)).slice().buffer)];
    for (;;) yield* ipc(RECEIVE, ANY);
  });
  machine([rs, guest]).run(3e7);
  expect(results.slice(0, 3)).toEqual([errorCode("EBADREQUEST"), errorCode("EBADREQUEST"), 0]);
  expect(results[3]).toBeGreaterThan(CODE);
});

it("[K31] runs a signal handler and returns from it with every register as before", () => {
  // The program counts at COUNT; the handler stores its argument at SEEN, then asks RS for sigreturn with the context's address.
  const COUNT = BUFFER + 0x40;
  const SEEN = BUFFER + 0x44;
  const main = loopOver(incMemory(COUNT));
  const handler = [
    0x8b, 0x44, 0x24, 0x04, ...storeEax(SEEN), // mov eax, [esp+4]
    0x8b, 0x44, 0x24, 0x0c, ...storeEax(BUFFER + 8), // mov eax, [esp+12]: the sigcontext
    ...setMemory(BUFFER + 4, 4711), ...trap(SENDREC, RS, BUFFER),
  ];
  const guest = guestModule(PM, "signals", elf([...main, ...handler]));
  let before: Int32Array = new Int32Array(0);
  let after: Int32Array = new Int32Array(0);
  let signalSeen = 0;
  const { kernel, run } = machine([
    testRs([guest], function* () {
      yield* sys("schedctl", { flags: 1, process: PM, quantumMs: 200, priority: 15, cpu: -1 }); // it never waits: RS goes first
      yield* sys("setalarm", { expiresAt: 2 as never, absolute: false });
      yield* ipc(RECEIVE, -3 as Endpoint);
      yield* sys("runctl", { process: PM, action: 0, flags: 0 });
      before = kernel.processes.at(PM).frame.slice();
      const stackPointer = (before[14] as number) >>> 0;
      yield* store(DATA_START, signalMessage.encode({ signal: 10, mask: 0, handler: CODE + main.length, signalReturn: 0, stackPointer }));
      yield* sys("sigsend", { process: PM, message: DATA_START as never });
      expect(kernel.processes.at(PM).frame[14]).toBe(stackPointer - SIGCONTEXT_BYTES - SIGFRAME_BYTES);
      yield* sys("runctl", { process: PM, action: 1, flags: 0 });
      const { message } = yield* ipc(RECEIVE, PM);
      signalSeen = (message as Message)[1] as number;
      yield* sys("sigreturn", { process: PM, context: (message as Message)[2] as never });
      after = kernel.processes.at(PM).frame.slice();
      for (;;) yield* ipc(RECEIVE, ANY);
    }),
    guest,
  ]);
  run(3e7);
  expect(signalSeen).toBe(4711);
  expect(after).toEqual(before);
});

it("[K22] tells its scheduler of a guest that never traps, and runs it as the scheduler says", () => {
  const log: unknown[] = [];
  const spin = guestModule(PM, "spin", elf([0xeb, 0xfe]));
  const scheduler = hostedModule(VFS, "sched", function* () {
    yield* sys("schedctl", { flags: 0, process: PM, quantumMs: 0, priority: 0, cpu: 0 });
    yield* sys("schedule", { process: PM, quantumMs: 10, priority: 14, cpu: -1 });
    for (let round = 0; round < 3; round++) {
      const { message, ebx } = yield* ipc(RECEIVE, ANY);
      log.push([message?.[0], message?.[1], ebx]);
      yield* sys("schedule", { process: PM, quantumMs: 10, priority: 15, cpu: -1 });
    }
    yield* ipc(RECEIVE, RS);
  });
  const rs = testRs([scheduler, spin], function* () {
    yield* ipc(RECEIVE, ANY);
  });
  const { kernel, run } = machine([rs, scheduler, spin]);
  run(1e7);
  expect(log).toEqual([1, 2, 3].map(() => [PM, 0xf01, SEND | 0x10000]));
  expect(kernel.processes.at(PM)).toMatchObject({ priority: 15, rts: 0x8004 }); // out of quantum and queued at its scheduler
});
