import {
  ANY, DATA_START, HARDWARE, MEM, NONE, NOTIFY, PM, RECEIVE, RS, SELF, KERNEL_CALL_VECTOR, SEND, SENDREC, SYSTEM, Trap, VFS, encodeRequest, errorCode, newFrame, newMessage, type Endpoint, type Message, type Program,
} from "@procyon-os/message";
import {
  DIO_BYTE, DIO_INPUT, DIO_WORD, GET_IMAGE, GET_MONPARAMS, GET_PROC, GET_PROCTAB, IRQ_REENABLE, IRQ_SETPOLICY, PFF_EXEC_ONLY, RTS_NO_PRIV, RTS_NO_QUANTUM,
  RTS_RECEIVING, SYS_PRIV_ADD_MEM, SYS_PRIV_QUERY_MEM, bootImageEntry, ioRange, kernelContract, memRange, memoryMap, processEntry,
} from "@procyon-os/contract-kernel";
import { expect, it } from "vitest";
import { hostedModule, ipc, load, machine, release, service, store, sys, testRs, type TestMachine } from "../testing/machine.ts";
import type { KernelOptions } from "../options.ts";

/** RS and one other process in the slot of PM; `act` is RS's. */
function withPm(act: (log: unknown[]) => Program<unknown>, pm?: () => Program<unknown>, options: Partial<KernelOptions> & { cpuCount?: number } = {}, during: (test: TestMachine) => void = () => {}): { log: unknown[]; test: TestMachine } {
  const log: unknown[] = [];
  const other = hostedModule(PM, "pm", pm ?? (function* () {
    for (;;) yield* ipc(RECEIVE, RS);
  }));
  const rs = testRs([other], function* () {
    yield* sys("setalarm", { expiresAt: 2 as never, absolute: false });
    yield* ipc(RECEIVE, -3 as Endpoint); // the other waits by then
    yield* act(log);
    for (;;) yield* ipc(RECEIVE, ANY);
  });
  const test = machine([rs, other], options);
  during(test);
  expect(test.run(3e7), test.printed.join("")).not.toMatchObject({ kind: "panic" });
  test.kernel.check();
  return { log, test };
}

it("[K06] answers a kernel call of a hosted process in the message that it gave, and a send in one of its own", () => {
  const seen: unknown[] = [];
  const { log } = withPm(function* (log) {
    const frame = newFrame(KERNEL_CALL_VECTOR);
    const given = encodeRequest(kernelContract.base, kernelContract.calls.times, { process: SELF });
    frame.message = given;
    const { message } = yield* new Trap(frame, (answer) => answer);
    log.push(message === given, given[0], given[1]);
    // A message of another size is not the kernel's to write to.
    const long = new Int32Array(12);
    long.set(encodeRequest(kernelContract.base, kernelContract.calls.times, { process: SELF }));
    const other = newFrame(KERNEL_CALL_VECTOR);
    other.message = long;
    const answer = (yield* new Trap(other, (answer) => answer)).message as Message;
    log.push(answer === long, answer.length, answer[1], long[1]);
    const question = newMessage(77);
    const reply = (yield* ipc(SENDREC, PM, question)).message as Message;
    log.push(question[1], reply[1]);
  }, function* () {
    const { message } = yield* ipc(RECEIVE, RS);
    seen.push(message?.[1]);
    const answer = newMessage(78);
    yield* ipc(SEND, RS, answer);
    seen.push(answer[1]);
  });
  expect(log).toEqual([true, SYSTEM, 0, false, 9, 0, 0x600 + 25, 77, 78]);
  expect(seen).toEqual([77, 78]);
});

it("[K31] rings alarms at their tick, tells what was left, and joins what was not heard", () => {
  const { log } = withPm(function* (log) {
    const left = function* (expiresAt: number, absolute = false): Program<unknown> {
      return (yield* sys("setalarm", { expiresAt: expiresAt as never, absolute }))[5];
    };
    log.push(yield* left(10), yield* left(6), yield* left(0), yield* left(4));
    const { message, ebx } = yield* ipc(RECEIVE, -3 as Endpoint);
    log.push([message?.[0], ebx & 0x3f, (yield* sys("times", { process: SELF }))[6] === message?.[6]]);
    // Not a tick before its time, nor after.
    for (const ticks of [1, 2, 7]) {
      const now = (yield* sys("times", { process: SELF }))[6] as number;
      yield* sys("setalarm", { expiresAt: ticks as never, absolute: false });
      log.push(((yield* ipc(RECEIVE, -3 as Endpoint)).message as Message)[6] as number - now);
    }
  });
  expect(log).toEqual([0, 10, 6, 0, [-3, NOTIFY, true], 1, 2, 7]);
});

it("[K31] notifies a driver of its interrupts with the id it chose, and takes the hook away with the driver", () => {
  const heard: unknown[] = [];
  const { test } = withPm(function* () {
    yield* ipc(SEND, PM, newMessage(1));
    yield* ipc(RECEIVE, PM); // it has its hook
    for (let tick = 0; tick < 2; tick++) {
      yield* sys("setalarm", { expiresAt: 20 as never, absolute: false });
      yield* ipc(RECEIVE, -3 as Endpoint);
      yield* sys("clear", { process: PM });
    }
  }, function* () {
    yield* ipc(RECEIVE, RS);
    const reply = yield* sys("irqctl", { request: IRQ_SETPOLICY, line: 9, policy: IRQ_REENABLE, hook: 7 });
    heard.push(reply[1], reply[7]);
    yield* ipc(SEND, RS, newMessage(1));
    const { message } = yield* ipc(RECEIVE, HARDWARE);
    heard.push([message?.[0], message?.[5]]);
    for (;;) yield* ipc(RECEIVE, ANY);
  }, {}, (test) => {
    const line = test.kernel.board.pic.irq(9);
    expect(test.run(6e6)).toMatchObject({ kind: "idle" });
    line.pulse();
    test.run(1e5);
    expect(heard).toEqual([0, 1, [HARDWARE, 1 << 7]]);
    test.run(6e7);
    line.pulse();
  });
  expect(test.printed.join("")).not.toContain("panic");
  expect(test.kernel.interrupts.hooks[0]).toMatchObject({ owner: NONE });
});

it("[K30] lets a driver use the ports in its ranges, at their alignment and width", () => {
  const { log } = withPm(function* (log) {
    yield* store(DATA_START, ioRange.encode({ base: 0x70, limit: 0x71 }));
    yield* sys("privctl", { process: PM, request: 5, argument: DATA_START as never, physStart: 0 as never, physLength: 0 });
    log.push(((yield* ipc(SENDREC, PM, newMessage(1))).message as Message)[1]);
  }, function* () {
    yield* ipc(RECEIVE, RS);
    const results: unknown[] = [];
    for (const [port, width] of [[0x71, DIO_BYTE], [0x71, DIO_WORD], [0x70, DIO_WORD], [0x64, DIO_BYTE], [0x70, 0]] as const) {
      results.push((yield* sys("devio", { request: DIO_INPUT | width, port, value: 0 }))[1]);
    }
    const expected = [0, errorCode("EPERM"), 0, errorCode("EPERM"), errorCode("EINVAL")];
    yield* ipc(SEND, RS, newMessage(results.join() === expected.join() ? 1 : 2));
    for (;;) yield* ipc(RECEIVE, RS);
  });
  expect(log).toEqual([1]);
});

it("[K28] answers whether a process may map physical memory", () => {
  const { log } = withPm(function* (log) {
    yield* store(DATA_START, memRange.encode({ base: 0xa0000, limit: 0xbffff }));
    const ask = function* (start: number, length: number, process: Endpoint = PM): Program<unknown> {
      return (yield* sys("privctl", { process, request: SYS_PRIV_QUERY_MEM, argument: 0 as never, physStart: start as never, physLength: length }))[1];
    };
    yield* sys("privctl", { process: PM, request: SYS_PRIV_ADD_MEM, argument: DATA_START as never, physStart: 0 as never, physLength: 0 });
    log.push([
      yield* ask(0xa0000, 0x20000), yield* ask(0xa0000, 0x20001), yield* ask(0x9ffff, 2), yield* ask(0xa0000, 0), yield* ask(0xa0001, 0xffffffff),
      yield* ask(0xa0000, 1, RS),
    ]);
  });
  const P = errorCode("EPERM");
  expect(log).toEqual([[0, P, P, P, P, P]]);
});

it("refuses to fork a hosted process, unless it will exec; the child runs what it execs", () => {
  const started: unknown[] = [];
  const child = service("@procyon-os/child", function* (args) {
    started.push(args);
    for (;;) yield* ipc(RECEIVE, RS);
  });
  const { log, test } = withPm(function* (log) {
    yield* store(DATA_START + 0x800, memoryMap.encode({
      text: { vir: 0, phys: 0x600, length: 0 }, data: { vir: 0, phys: 0x600, length: 4 }, stack: { vir: 5, phys: 0x605, length: 0 },
    }));
    const fork = function* (flags: number): Program<Message> {
      return yield* sys("fork", { parent: PM, slot: 20, flags, memoryMap: (DATA_START + 0x800) as never });
    };
    log.push((yield* fork(0))[1]);
    const reply = yield* fork(PFF_EXEC_ONLY);
    const endpoint = reply[2] as Endpoint;
    log.push([reply[1], endpoint], (yield* fork(PFF_EXEC_ONLY))[1]);
    yield* store(DATA_START, new TextEncoder().encode("@procyon-os/child\0child\0-v\0"));
    const exec = { process: endpoint, reference: DATA_START as never, referenceBytes: 17, arguments: (DATA_START + 18) as never, argumentsBytes: 9 };
    log.push((yield* sys("execHosted", exec))[1], (yield* sys("execHosted", { ...exec, referenceBytes: 5 }))[1]);
    yield* sys("privctl", { process: endpoint, request: 3, argument: 0 as never, physStart: 0 as never, physLength: 0 });
    yield* sys("schedctl", { flags: 1, process: endpoint, quantumMs: 200, priority: 7, cpu: -1 });
    yield* sys("privctl", { process: endpoint, request: 1, argument: 0 as never, physStart: 0 as never, physLength: 0 });
  }, undefined, { resolveService: (reference) => (reference === child.name ? child : null) });
  expect(log).toEqual([errorCode("ENOSYS"), [0, 36558 + 20], errorCode("EINVAL"), 0, errorCode("ENOENT")]);
  expect(started).toEqual([["child", "-v"]]);
  expect(test.kernel.processes.at(20)).toMatchObject({ name: "child", rts: RTS_RECEIVING });
});

it("[K29] swaps two services: the endpoint, its alarm and who waits for it stay, what runs changes", () => {
  const log: unknown[] = [];
  const answering = (slot: number, number: number) => hostedModule(slot, `v${number}`, function* () {
    if (number === 1) {
      yield* ipc(RECEIVE, RS); // is told to wait
      yield* sys("setalarm", { expiresAt: 20 as never, absolute: false });
      yield* ipc(RECEIVE, NONE as never);
      yield* ipc(RECEIVE, RS);
    }
    for (;;) {
      const { message } = yield* ipc(RECEIVE, ANY);
      const [from = 0] = message as Message;
      log.push([number, from]);
      if (from > 0) yield* ipc(SEND, from as Endpoint, newMessage(number));
    }
  });
  const client = hostedModule(MEM, "client", function* () {
    yield* ipc(RECEIVE, RS);
    log.push(["answer", ((yield* ipc(SENDREC, PM, newMessage(1))).message as Message)[1]]);
    for (;;) yield* ipc(RECEIVE, RS);
  });
  const rs = hostedModule(RS, "rs", function* () {
    yield* release(PM);
    yield* release(MEM);
    yield* ipc(SEND, PM, newMessage(1));
    yield* ipc(SEND, MEM, newMessage(1));
    yield* sys("setalarm", { expiresAt: 5 as never, absolute: false });
    yield* ipc(RECEIVE, -3 as Endpoint);
    yield* release(VFS); // the new version; it is stopped again before it has run
    yield* sys("privctl", { process: VFS, request: 2, argument: 0 as never, physStart: 0 as never, physLength: 0 });
    log.push((yield* sys("update", { source: PM, target: VFS }))[1]);
    yield* sys("privctl", { process: PM, request: 1, argument: 0 as never, physStart: 0 as never, physLength: 0 });
    for (;;) yield* ipc(RECEIVE, ANY);
  });
  const { kernel, run } = machine([rs, answering(PM, 1), answering(VFS, 2), client]);
  run(1e8);
  kernel.check();
  expect(log).toEqual([0, [2, MEM], ["answer", 2], [2, -3]]);
  expect(kernel.processes.at(PM)).toMatchObject({ name: "v2", endpoint: PM });
  expect(kernel.processes.at(VFS).rts & RTS_NO_PRIV).toBe(0);
});

it("shows processes, image and parameters byte for byte as MINIX lays them out", () => {
  const { log } = withPm(function* (log) {
    const get = function* (what: number, maxBytes: number, process: Endpoint = SELF): Program<Uint8Array> {
      const reply = yield* sys("getinfo", { what, address: (DATA_START + 0x100) as never, maxBytes, process });
      return reply[1] === 0 ? yield* load(DATA_START + 0x100, maxBytes) : Uint8Array.of(0);
    };
    const { name, endpoint, priority, rtsFlags } = processEntry.decode(yield* get(GET_PROC, 972, PM));
    log.push([name, endpoint, priority, rtsFlags]);
    const image = bootImageEntry.decode(yield* get(GET_IMAGE, 17 * 56), 6 * 56);
    log.push([image.slot, image.name, image.memory.dataBytes, image.memory.stackBytes]);
    log.push(new TextDecoder().decode((yield* get(GET_MONPARAMS, 512)).subarray(0, 20)));
    log.push((yield* sys("getinfo", { what: GET_PROCTAB, address: DATA_START as never, maxBytes: 100, process: SELF }))[1]);
    log.push((yield* sys("getinfo", { what: 99, address: DATA_START as never, maxBytes: 100, process: SELF }))[1]);
  });
  expect(log).toEqual([
    ["pm", PM, 7, RTS_RECEIVING], [PM, "pm", 0x11000, 0x1000], "memory=100000:f00000".slice(0, 20), errorCode("E2BIG"), errorCode("EINVAL"),
  ]);
  expect(RTS_NO_QUANTUM).toBe(0x8000);
});

it("ends the machine a second after SYS_ABORT, with how and the parameters", () => {
  const { test } = withPm(function* () {
    yield* store(DATA_START, new TextEncoder().encode("exit 3"));
    yield* sys("abort", { how: 3, process: SELF, length: 6, parameters: DATA_START as never });
  });
  expect(test.run(2e8)).toEqual({ kind: "halted", how: 3, params: "exit 3" });
});

it("[K32] panics with a report when a service that manages itself crashes, and no host exception gets out", () => {
  const rs = hostedModule(RS, "rs", function* (): Program<void> {
    yield* sys("times", { process: SELF });
    throw new Error("rs has a bug");
  });
  const { run, printed } = machine([rs]);
  const result = run(1e6);
  expect(result).toMatchObject({ kind: "panic" });
  expect(printed.join("")).toMatch(/rs has a bug[\s\S]*kernel panic: deadly signal 6 for rs\(2\)[\s\S]*last traps[^\n]*\n {2}2\/-?\d+\/\d+/);
});
