import { ANY, ASYN_ENTRY_BYTES, DATA_START, MEM, NOTIFY, PM, RECEIVE, RS, SEND, SENDA, SENDNB, SENDREC, VFS, errorCode, newMessage, statusCall, type Endpoint, type GrantId, type Message, type Program, type VirtAddr } from "@procyon-os/message";
import { asynEntry, SYS_STATE_CLEAR_IPC_REFS } from "@procyon-os/contract-kernel";
import { expect, it } from "vitest";
import { hostedModule, ipc, machine, store, sys, testRs, load } from "../testing/machine.ts";

/** Runs two or three programs in the slots of PM, VFS and MEM; whatever `log` got is the result. */
function together(programs: readonly ((log: unknown[]) => Program<unknown>)[], cpuCount = 1): unknown[] {
  const log: unknown[] = [];
  const modules = programs.map((program, slot) =>
    hostedModule([PM, VFS, MEM][slot] as number, `p${slot}`, function* () {
      yield* program(log);
      yield* ipc(RECEIVE, RS); // to the end: RS says nothing
    }),
  );
  const rs = testRs(modules, function* () {
    for (;;) yield* ipc(RECEIVE, ANY);
  });
  const { run, kernel } = machine([rs, ...modules], { cpuCount });
  expect(run(3e7)).toMatchObject({ kind: "idle" });
  kernel.check();
  return log;
}

function* receiveInto(log: unknown[], from: Endpoint): Program<void> {
  const { eax, ebx, message } = yield* ipc(RECEIVE, from);
  log.push(eax === 0 ? [message?.[0], message?.[1], statusCall(ebx)] : eax);
}

it("[K01] passes a message with its true sender, and tells by which call it came", () => {
  const log = together([
    function* (log) {
      yield* receiveInto(log, ANY);
      yield* receiveInto(log, ANY);
      yield* ipc(SEND, VFS, newMessage(77));
    },
    function* (log) {
      const forged = newMessage(5);
      forged[0] = 99;
      yield* ipc(SEND, PM, forged);
      const { eax, message } = yield* ipc(SENDREC, PM, newMessage(6));
      log.push([eax, message?.[0], message?.[1]]);
    },
  ]);
  expect(log).toEqual([[VFS, 5, SEND], [VFS, 6, SENDREC], [0, PM, 77]]);
});

it("[K01] refuses each wrong IPC call with its error", () => {
  const [results] = together([
    function* (log) {
      const of = function* (call: number, partner: number): Program<number> {
        return (yield* ipc(call, partner as Endpoint, newMessage(1))).eax;
      };
      log.push([
        yield* of(9, VFS), yield* of(SEND, ANY), yield* of(SEND, 4711), yield* of(SEND, PM), yield* of(SENDNB, VFS), yield* of(SEND, -2),
        yield* of(RECEIVE, 4711), (yield* ipc(SENDA, 5000 as Endpoint)).eax, (yield* ipc(SEND, VFS, null)).eax,
      ]);
    },
    function* (log) {
      yield* sys("setalarm", { expiresAt: 3 as never, absolute: false });
      yield* ipc(RECEIVE, -3 as Endpoint);
      yield* receiveInto(log, ANY);
    },
  ]);
  const names = ["EBADCALL", "EINVAL", "EDEADSRCDST", "ECALLDENIED", "ENOTREADY", "ETRAPDENIED", "EDEADSRCDST", "EDOM", "EFAULT"] as const;
  expect(results).toEqual(names.map(errorCode));
});

it("[K02] finds a circle of three that would wait for each other", () => {
  const send = (to: Endpoint) => function* (log: unknown[]): Program<void> {
    log.push((yield* ipc(SEND, to, newMessage(1))).eax);
  };
  expect(together([send(VFS), send(MEM), send(PM)])).toEqual([errorCode("ELOCKED")]);
});

it("[K02] lets one of two send while the other receives from it", () => {
  const log = together([
    function* (log) {
      log.push((yield* ipc(SEND, VFS, newMessage(3))).eax);
    },
    function* (log) {
      yield* receiveInto(log, PM);
    },
  ]);
  expect(log).toContainEqual([PM, 3, SEND]);
});

it("joins notifications of one sender and gives them before messages", () => {
  const log = together([
    function* (log) {
      yield* sys("setalarm", { expiresAt: 3 as never, absolute: false });
      yield* receiveInto(log, -3 as Endpoint);
      yield* receiveInto(log, ANY);
      yield* receiveInto(log, ANY);
    },
    function* () {
      yield* ipc(NOTIFY, PM);
      yield* ipc(NOTIFY, PM);
      yield* ipc(SEND, PM, newMessage(8));
    },
  ]);
  expect(log).toEqual([[-3, 0x1000, NOTIFY], [VFS, 0x1000, NOTIFY], [VFS, 8, SEND]]);
});

const entry = (to: Endpoint, type: number, flags = 1): Uint8Array => asynEntry.encode({ flags, to, result: 0, message: newMessage(type) });

it("[K03] delivers what it can of an asynchronous table, keeps the rest, and notifies of the end", () => {
  const log = together([
    function* (log) {
      yield* sys("setalarm", { expiresAt: 3 as never, absolute: false });
      yield* ipc(RECEIVE, -3 as Endpoint);
      yield* receiveInto(log, ANY);
      yield* receiveInto(log, VFS);
    },
    function* (log) {
      // A bogus entry in front of good ones: it must not be in their way.
      const table = [entry(PM, 1, 0x101), entry(PM, 2), entry(4711 as Endpoint, 3), entry(PM, 4, 1 | 4)];
      for (const [index, bytes] of table.entries()) yield* store(DATA_START + index * ASYN_ENTRY_BYTES, bytes);
      log.push((yield* ipc(SENDA, 4 as Endpoint, null, DATA_START)).eax);
      yield* receiveInto(log, -5 as Endpoint);
      const results: unknown[] = [];
      for (let index = 1; index < 4; index++) {
        const { flags, result } = asynEntry.decode(yield* load(DATA_START + index * ASYN_ENTRY_BYTES, ASYN_ENTRY_BYTES));
        results.push([flags & 2, result]);
      }
      log.push(results);
    },
  ]);
  expect(log).toEqual([
    0, [VFS, 2, SENDA], [VFS, 4, SENDA], [-5, 0x1000, NOTIFY], [[2, 0], [2, errorCode("EDEADSRCDST")], [2, 0]],
  ]);
});

it("releases those who wait for a process that goes away", () => {
  const log: unknown[] = [];
  const waiting = [SEND, SENDREC, RECEIVE].map((call, index) =>
    hostedModule([PM, VFS, MEM][index] as number, `w${call}`, function* () {
      log.push((yield* ipc(call, 5 as Endpoint, newMessage(1))).eax);
      yield* ipc(RECEIVE, RS);
    }),
  );
  const victim = hostedModule(5, "victim", function* (): Program<void> {
    yield* ipc(RECEIVE, RS);
  });
  const rs = testRs([victim, ...waiting], function* () {
    yield* sys("setalarm", { expiresAt: 5 as never, absolute: false });
    yield* ipc(RECEIVE, -3 as Endpoint);
    yield* sys("clear", { process: 5 as Endpoint });
    for (;;) yield* ipc(RECEIVE, ANY);
  });
  const { run, kernel } = machine([rs, victim, ...waiting]);
  run(3e7);
  kernel.check();
  expect(log).toEqual([errorCode("EDEADSRCDST"), errorCode("EDEADSRCDST"), errorCode("EDEADSRCDST")]);
  expect(kernel.processes.at(5).isFree).toBe(true);
});

it("clears references to a process without ending it", () => {
  const log = together([
    function* (log) {
      log.push((yield* ipc(SENDREC, VFS, newMessage(1))).eax);
    },
    function* (log) {
      yield* sys("setalarm", { expiresAt: 3 as never, absolute: false });
      yield* ipc(RECEIVE, -3 as Endpoint);
      log.push((yield* sys("statectl", { request: SYS_STATE_CLEAR_IPC_REFS, process: 0 as Endpoint, grant: -1 as GrantId, length: 0, address: 0 as VirtAddr }))[1]);
    },
  ]);
  expect(log).toEqual([0, errorCode("EDEADSRCDST")]);
});

it("runs the same conversation on four CPUs", () => {
  const ping = function* (log: unknown[]): Program<void> {
    let sum = 0;
    for (let round = 0; round < 50; round++) sum += ((yield* ipc(SENDREC, VFS, newMessage(round))).message as Message)[1] as number;
    log.push(sum);
  };
  const pong = function* (): Program<void> {
    for (;;) {
      const { message } = yield* ipc(RECEIVE, ANY);
      yield* ipc(SEND, (message as Message)[0] as Endpoint, newMessage((message as Message)[1] as number));
    }
  };
  const log: unknown[] = [];
  const modules = [hostedModule(PM, "ping", () => ping(log)), hostedModule(VFS, "pong", pong)];
  const rs = testRs(modules, function* () {
    for (const [index, process] of [PM, VFS].entries()) {
      yield* sys("schedctl", { flags: 1, process, quantumMs: 200, priority: 7, cpu: index + 1 });
    }
    for (;;) yield* ipc(RECEIVE, ANY);
  });
  const { run, kernel } = machine([rs, ...modules], { cpuCount: 4 });
  run(3e7);
  kernel.check();
  expect(log).toEqual([1225]);
  expect(kernel.processes.at(PM).cpu).toBe(1);
});
