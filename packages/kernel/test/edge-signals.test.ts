import { DATA_START, HARDWARE, MEM, NONE, NOTIFY, PM, RECEIVE, RS, SEND, SENDREC, SIGABRT, SIGILL, SIGINT, SIGKSIGSM, SIGUSR1, SIGUSR2, SYSTEM, VFS, VM, errorCode, newMessage, type Endpoint, type Program } from "@procyon-os/message";
import {
  GET_IDLETSC, GET_REGS, REGISTER_BYTES, REG_EAX, REG_EFLAGS, RTS_NO_PRIV, RTS_PREEMPTED, SIGCONTEXT_BYTES, SYS_PRIV_DISALLOW, SYS_PRIV_UPDATE_SYS, T_GETUSER, T_SETUSER,
  privilegeEntry,
} from "@procyon-os/contract-kernel";
import { expect, it } from "vitest";
import { CODE, elf, incMemory, loopOver, storeEax, trap } from "../src/testing/guest.ts";
import { everything, ipc, load, store, sys } from "../src/testing/machine.ts";
import { call, copy, privctl, receiveInto, scene, wait } from "../src/testing/scene.ts";

const EINVAL = errorCode("EINVAL");
const BUFFER = CODE + 0x400;
const spin = elf(loopOver(incMemory(BUFFER)));

/** Writes a sigcontext into the guest in PM's slot at `address`, its registers `words`, and does SIGRETURN with it. */
function* sigreturn(words: Int32Array, address: number): Program<number> {
  const context = new Uint8Array(SIGCONTEXT_BYTES);
  context.set(new Uint8Array(words.slice().buffer), 8);
  yield* store(DATA_START, context);
  yield* copy(RS, DATA_START, PM, address, SIGCONTEXT_BYTES);
  return yield* call("sigreturn", { process: PM, context: address as never });
}

it("[K31] E58: an answer that is on its way does not write over the EAX that sigreturn has restored", () => {
  const RESULT = BUFFER + 0x40;
  const waiting = elf([...trap(SENDREC, RS, BUFFER), ...storeEax(RESULT), ...loopOver(trap(RECEIVE, VFS, BUFFER))]);
  const { log } = scene([[PM, waiting], [VFS, function* () {}]], function* (log) {
    yield* ipc(RECEIVE, PM);
    yield* sys("runctl", { process: PM, action: 0, flags: 0 });
    yield* ipc(SEND, PM, newMessage(3));
    yield* sys("getinfo", { what: GET_REGS, address: DATA_START as never, maxBytes: 0, process: PM });
    const words = new Int32Array((yield* load(DATA_START, REGISTER_BYTES)).slice().buffer);
    words[REG_EAX] = 0x1234;
    log.push(yield* sigreturn(words, BUFFER + 0x200));
    yield* sys("runctl", { process: PM, action: 1, flags: 0 });
    yield* wait(1);
    yield* copy(PM, RESULT, RS, DATA_START, 4);
    log.push(new Int32Array((yield* load(DATA_START, 4)).slice().buffer)[0]);
  });
  expect(log).toEqual([0, 0x1234]);
});

it("[K31] E59: neither sigreturn nor the tracer can set selectors, I/O privilege or the interrupt flag", () => {
  const { log, kernel } = scene([[PM, spin]], function* (log) {
    yield* sys("schedctl", { flags: 1, process: PM, quantumMs: 200, priority: 15, cpu: -1 });
    yield* wait(1);
    yield* sys("runctl", { process: PM, action: 0, flags: 0 });
    const words = new Int32Array(16).fill(0x1b);
    words[11] = CODE;
    words[REG_EFLAGS] = 0x3000 | 0x4000 | 0x41;
    log.push(yield* sigreturn(words, BUFFER + 0x200));
    const set = function* (offset: number, data: number): ReturnType<typeof call> {
      return yield* call("trace", { process: PM, request: T_SETUSER, address: offset, data });
    };
    for (const offset of [0, 4, 48, 60, 64, 2, 0xfffffffc]) log.push(yield* set(offset, 0));
    log.push(yield* set(52, 0x3fff), yield* set(28, 0x77));
    log.push((yield* sys("trace", { process: PM, request: T_GETUSER, address: 28, data: 0 }))[6]);
  }, { debug: {} });
  const EFAULT = errorCode("EFAULT");
  expect(log).toEqual([0, ...Array.from({ length: 7 }, () => EFAULT), 0, 0, 0x77]);
  const { frame } = kernel.processes.at(PM);
  expect([frame[12], frame[15], (frame[REG_EFLAGS] as number) & 0x7200]).toEqual([7, 15, 0x200]);
});

it("[K31] E60: a signal between GETKSIG and ENDKSIG makes a second round", () => {
  const { log } = scene([[PM, function* () {}]], function* (log) {
    yield* wait(1);
    yield* sys("kill", { process: PM, signal: SIGUSR1 });
    log.push((yield* sys("getksig", {}))[5]);
    yield* sys("kill", { process: PM, signal: SIGUSR2 });
    log.push(yield* call("endksig", { process: PM }));
    log.push((yield* sys("getksig", {}))[5], yield* call("endksig", { process: PM }), yield* call("endksig", { process: PM }));
    log.push(yield* call("kill", { process: PM, signal: 26 }), yield* call("kill", { process: HARDWARE, signal: 1 }));
  });
  expect(log).toEqual([1 << SIGUSR1, 0, 1 << SIGUSR2, 0, EINVAL, EINVAL, errorCode("EPERM")]);
});

it("[K31] E61: a deadly signal for a service that manages itself goes to its backup, else it is the end", () => {
  const own = { ...everything, id: 5, signalManager: PM, backupSignalManager: VFS };
  const run = (backup: Endpoint) => scene([
    [PM, function* (log) {
      yield* receiveInto(log, SYSTEM);
      yield* ipc(RECEIVE, MEM);
    }],
    [VFS, function* (log) {
      yield* receiveInto(log, SYSTEM);
      const reply = yield* sys("getksig", {});
      log.push([reply[2], reply[5]]);
    }],
  ], function* (log) {
    yield* wait(1);
    yield* store(DATA_START, privilegeEntry.encode({ ...own, backupSignalManager: backup }));
    yield* privctl(PM, SYS_PRIV_UPDATE_SYS, DATA_START);
    yield* privctl(VFS, SYS_PRIV_DISALLOW);
    yield* sys("kill", { process: PM, signal: SIGINT }); // not deadly: it hears of it itself
    yield* wait(1);
    log.push("deadly");
    yield* sys("kill", { process: PM, signal: SIGABRT });
  }, { expect: backup === VFS ? "idle" : "panic" });
  const { log, kernel } = run(VFS);
  expect(log).toEqual([[SYSTEM, 0x1000, NOTIFY], "deadly", [SYSTEM, 0x1000, NOTIFY], [PM, 1 << SIGABRT]]);
  expect(kernel.processes.at(PM).privileges).toMatchObject({ signalManager: VFS, backupManager: NONE });
  expect(kernel.processes.at(VFS).rts & RTS_NO_PRIV).toBe(0);
  expect(run(NONE).printed.join("")).toContain("deadly signal 6 for p0(0), which manages its own signals");
  expect(SIGKSIGSM).toBe(29);
});

it("E62: an instruction of the coprocessor that the machine lacks is SIGILL for the program, and nothing else", () => {
  const { log } = scene([[PM, elf([0xdd, 0xd8])], [VFS, elf(loopOver(trap(RECEIVE, RS, BUFFER)))]], function* (log) {
    yield* ipc(RECEIVE, SYSTEM);
    const reply = yield* sys("getksig", {});
    log.push(reply[2], reply[5]);
  });
  expect(log[0]).toBe(PM);
  expect([1 << SIGILL, 1 << 8]).toContain(log[1]);
});

it("[K22] E63, E64: SCHEDULE and SCHEDCTL check who asks and what for, and change nothing when they refuse", () => {
  const { log, kernel } = scene([[PM, function* () {}], [VFS, function* (log) {
    yield* ipc(RECEIVE, RS);
    const ask = { process: PM, quantumMs: 100, priority: 7, cpu: -1 };
    log.push(yield* call("schedule", ask));
    log.push(yield* call("schedctl", { ...ask, flags: 0 }));
    for (const changes of [{ process: 4711 as Endpoint }, { priority: -2 }, { priority: 15 }, { priority: 16 }, { quantumMs: 0 }, { quantumMs: -1 }, { cpu: 2 }, { cpu: -3 }]) {
      log.push(yield* call("schedule", { ...ask, ...changes }));
    }
    log.push(yield* call("schedctl", { ...ask, flags: 1, priority: 77 }), yield* call("schedctl", { ...ask, flags: 2 }));
    yield* ipc(SEND, RS, newMessage(1));
  }]], function* () {
    yield* ipc(SEND, VFS, newMessage(1));
    yield* ipc(RECEIVE, VFS);
  }, { cpuCount: 2 });
  expect(log).toEqual([errorCode("EPERM"), 0, EINVAL, EINVAL, 0, EINVAL, EINVAL, 0, errorCode("EBADCPU"), EINVAL, EINVAL, EINVAL]);
  expect(kernel.processes.at(PM).scheduler?.slot).toBe(VFS);
});

it("[K22] E65: who is preempted goes on before its equals while it has quantum left, and after them when not", () => {
  const counter = (slot: number) => elf(loopOver(incMemory(BUFFER + slot * 4)));
  const { kernel } = scene([[PM, counter(PM)], [VFS, counter(VFS)], [MEM, function* () {
    for (let round = 0; round < 6; round++) yield* wait(1); // preempts every tick
  }]], function* () {
    for (const process of [PM, VFS]) yield* sys("schedctl", { flags: 1, process, quantumMs: 150, priority: 14, cpu: -1 });
    yield* wait(20);
  }, { expect: "running", cycles: 1.2e7, debug: {} });
  // 120 ms: PM was first, was preempted six times, and VFS has not run yet.
  const count = (slot: number): number => kernel.memory.read32((kernel.processes.at(slot).map[4] as number) * 4096 + BUFFER - CODE + slot * 4);
  expect(kernel.processes.at(PM).preempted).toBeGreaterThan(3);
  expect([count(PM) > 0, count(VFS)]).toEqual([true, 0]);
});

it("[K22] E66: VM is never preempted, its quantum is filled up", () => {
  const { kernel } = scene([[VM, spin], [MEM, function* () {
    for (;;) yield* wait(1);
  }]], function* () {
    yield* sys("schedctl", { flags: 1, process: VM, quantumMs: 10, priority: 15, cpu: -1 });
    yield* wait(1);
  }, { privileges: { [VM]: { flags: 0x210 } }, expect: "running", cycles: 2e7, debug: {} });
  const vm = kernel.processes.at(VM);
  expect(vm.preempted).toBe(0);
  expect(vm.rts & RTS_PREEMPTED).toBe(0);
  expect(vm.userTime).toBeGreaterThan(5);
  expect(kernel.processes.at(MEM).rts).toBe(0); // wants to run since a tick, and waits
});

it("E67, E68: idle time grows and is reported as it is, and an idle machine still ticks", () => {
  const { log } = scene([[PM, function* () {}]], function* (log) {
    const idle = function* (): ReturnType<typeof call> {
      yield* sys("getinfo", { what: GET_IDLETSC, address: DATA_START as never, maxBytes: 0, process: RS });
      return new DataView((yield* load(DATA_START, 8)).slice().buffer).getUint32(0, true);
    };
    yield* wait(3);
    const first = yield* idle();
    const second = yield* idle();
    yield* wait(3);
    const third = yield* idle();
    log.push(first > 0, second - first, third - second > 4e6, third - second < 6e6);
  });
  expect(log).toEqual([true, 0, true, true]);
});
