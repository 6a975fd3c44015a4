import { ANY, CLOCK, DATA_START, KERNEL_CALL_VECTOR, MEM, NONE, NOTIFY, PM, RECEIVE, RS, SELF, SEND, SENDA, SENDREC, SIGSEGV, SYSTEM, TTY, VFS, errorCode, newFrame, type Endpoint, type GrantId, type Message, type Program } from "@procyon-os/message";
import {
  BIOS_SEG, CPF_DIRECT, CPF_INDIRECT, CPF_MAGIC, CPF_READ, CPF_USED, CPF_VALID, DIO_BYTE, DIO_INPUT, DIO_LONG, DIO_OUTPUT, DIO_WORD, GET_PRIV, GET_WHOAMI, IRQ_DISABLE, IRQ_ENABLE,
  IRQ_REENABLE, IRQ_RMPOLICY, IRQ_SETPOLICY, LOCAL_VM_SEG, MEM_GRANT, PHYS_SEG, RTS_SLOT_FREE, SYS_PRIV_ADD_IO, SYS_PRIV_ADD_IRQ, SYS_PRIV_ADD_MEM, SYS_PRIV_ALLOW, SYS_PRIV_DISALLOW,
  SYS_PRIV_SET_SYS, SYS_PRIV_UPDATE_SYS, encodeGrant, ioRange, kernelContract, memRange, privilegeEntry, safecopyElement, type GrantEntry,
} from "@procyon-os/contract-kernel";
import { expect, it } from "vitest";
import { CODE, elf, int, loadEax, loopOver, movEax, setMemory, storeEax, trap } from "../src/testing/guest.ts";
import { everything, guestModule, ipc, load, machine, store, sys, testRs } from "../src/testing/machine.ts";
import { asynTable, call, copy, privctl, receiveInto, scene, spawn, wait } from "../src/testing/scene.ts";

const EINVAL = errorCode("EINVAL");
const EPERM = errorCode("EPERM");
const EFAULT = errorCode("EFAULT");
const BUFFER = CODE + 0x400;
const ADDRESS = DATA_START + 0x4000;

/** RS acts, PM waits. */
const alone = (rs: (log: unknown[]) => Program<unknown>): unknown[] => scene([[PM, function* () {}]], rs).log;

it("[K06] E26: a number out of range, one that nobody has and one that is masked are refused", () => {
  const at = (number: number): number[] => [...setMemory(BUFFER + 4, 0x600 + number), ...movEax(BUFFER), ...int(32), ...loadEax(BUFFER + 4)];
  const numbers = [-1, 63, 100, 12, 18, 29, 30, kernelContract.calls.kill.number];
  const guest = elf([...numbers.flatMap((number, index) => [...at(number), ...storeEax(BUFFER + 0x100 + index * 4)]), ...loopOver(trap(RECEIVE, RS, BUFFER))]);
  const { log } = scene([[PM, guest]], function* (log) {
    yield* wait(2);
    yield* copy(PM, BUFFER + 0x100, RS, ADDRESS, numbers.length * 4);
    log.push(...new Int32Array((yield* load(ADDRESS, numbers.length * 4)).slice().buffer));
  }, { privileges: { [PM]: { callMask: [~(1 << 6), -1] } } });
  expect(log).toEqual([...numbers.slice(1).map(() => errorCode("EBADREQUEST")), errorCode("ECALLDENIED")]);
});

it("[K06] E25: a bad message pointer of a kernel call is a SIGSEGV for the caller", () => {
  const guest = elf([...movEax(0xffffffe0), ...int(32)]);
  const { log } = scene([[PM, guest]], function* (log) {
    yield* ipc(RECEIVE, SYSTEM);
    const reply = yield* sys("getksig", {});
    log.push(reply[2], reply[5]);
  });
  expect(log).toEqual([PM, 1 << SIGSEGV]);
  // Of a hosted program, which then has no message at all, as well.
  const hosted = scene([[PM, function* (log) {
    const frame = newFrame(KERNEL_CALL_VECTOR);
    yield frame;
    log.push("goes on");
  }]], function* (log) {
    yield* ipc(RECEIVE, SYSTEM);
    log.push((yield* sys("getksig", {}))[5]);
  });
  expect(hosted.log).toEqual([1 << SIGSEGV]);
});

it("[K09] E35: a copy that fails is EFAULT in every call, with no kernel-internal code", () => {
  const bad = 0x7ffffff0;
  const log = alone(function* (log) {
    log.push(yield* privctl(PM, SYS_PRIV_UPDATE_SYS, bad), yield* privctl(PM, SYS_PRIV_ADD_IO, bad), yield* privctl(PM, SYS_PRIV_ADD_IRQ, bad));
    log.push(yield* call("sigreturn", { process: PM, context: bad as never }), yield* call("newmap", { process: PM, memoryMap: bad as never }));
    log.push(yield* call("vdevio", { request: DIO_INPUT | DIO_BYTE, vector: bad as never, count: 1 }));
    log.push(yield* call("getinfo", { what: 18, address: bad as never, maxBytes: 0, process: SELF }), yield* copy(PM, bad, RS, ADDRESS, 4));
    log.push(yield* call("sysctl", { code: 1, buffer: bad as never, argument: 10 }), yield* call("vsafecopy", { vector: bad as never, elements: 1 }));
  });
  expect(log).toEqual(log.map(() => EFAULT));
});

it("E37: nobody gets the address of another's memory, nor of a grant that is not his", () => {
  const GRANT = encodeGrant({ kind: "direct", flags: CPF_USED | CPF_VALID | CPF_DIRECT | CPF_READ, to: MEM, start: ADDRESS, length: 8 });
  const { log, kernel } = scene([
    [PM, function* () {
      yield* store(DATA_START, GRANT);
      yield* sys("setgrant", { table: DATA_START as never, entries: 1 });
    }],
    ...[VFS, MEM].map((slot) => [slot, function* (log: unknown[]): Program<void> {
      yield* wait(slot + 1);
      const grant = { process: PM, segment: LOCAL_VM_SEG | MEM_GRANT, address: 0, bytes: 8 };
      const reply = yield* sys("umap", grant);
      log.push((yield* sys("umap", { ...grant, segment: 1 }))[1], reply[1], reply[1] === 0 ? reply[6] : null);
      log.push((yield* sys("umapRemote", { ...grant, grantee: 4711 as Endpoint }))[1]);
    }] as const),
  ]);
  const base = (kernel.processes.at(PM).map[4] as number) * 4096;
  expect(log).toEqual([EPERM, EFAULT, null, EINVAL, EPERM, 0, base + ADDRESS, EINVAL]);
});

const LIVE = CPF_USED | CPF_VALID;
const direct = (to: Endpoint, start: number, length: number): GrantEntry => ({ kind: "direct", flags: LIVE | CPF_DIRECT | CPF_READ, to, start, length });
const indirect = (to: Endpoint, from: Endpoint, grant: number): GrantEntry => ({ kind: "indirect", flags: LIVE | CPF_INDIRECT, to, from, grant: grant as GrantId });
function* setGrants(entries: readonly GrantEntry[]): Program<void> {
  for (const [index, entry] of entries.entries()) yield* store(DATA_START + index * 36, encodeGrant(entry));
  yield* sys("setgrant", { table: DATA_START as never, entries: entries.length });
}
function* fetch(from: Endpoint, grant: number, offset = 0, bytes = 4): Program<number> {
  return yield* call("safecopyfrom", { process: from, segment: 1, grant: grant as GrantId, offset, address: ADDRESS as never, bytes });
}

it("[K23] E38: a grant may end at the top of memory, not beyond, and may start at 0", () => {
  const { log } = scene([
    [PM, () => setGrants([direct(MEM, 0xfffff000, 0x1000), direct(MEM, 0xfffff000, 0x1001), direct(MEM, 0, 8), direct(MEM, 0, 0xffffffff)])],
    [MEM, function* (log) {
      yield* wait(2);
      // The first is a good grant for memory that is not there.
      log.push(yield* fetch(PM, 0), yield* fetch(PM, 1), yield* fetch(PM, 2), yield* fetch(PM, 3, 0xffffffff, 4), yield* fetch(PM, 3, 4, 4));
    }],
  ]);
  expect(log).toEqual([EFAULT, EPERM, 0, EPERM, 0]);
});

it("[K23][K26] E39: five indirections work, six and circles do not, everyone in the chain is checked, and only VFS makes magic", () => {
  const chain = Array.from({ length: 7 }, (_, index) => indirect(index === 0 ? MEM : PM, PM, index + 1));
  const { log } = scene([
    [PM, () => setGrants([...chain, direct(PM, ADDRESS, 8), indirect(MEM, PM, 8), indirect(MEM, PM, 10), indirect(VFS, PM, 7), { kind: "magic", flags: LIVE | CPF_MAGIC | CPF_READ, from: TTY, to: MEM, start: ADDRESS, length: 8 }])],
    [VFS, () => setGrants([{ kind: "magic", flags: LIVE | CPF_MAGIC | CPF_READ, from: TTY, to: MEM, start: ADDRESS, length: 8 }])],
    [TTY, () => store(ADDRESS, Uint8Array.of(1, 2, 3, 4))],
    [MEM, function* (log) {
      yield* wait(2);
      yield* setGrants([]);
      log.push(yield* fetch(PM, 2), yield* fetch(PM, 0), yield* fetch(PM, 8), yield* fetch(PM, 9), yield* fetch(PM, 11), yield* fetch(VFS, 0));
      log.push([...(yield* load(ADDRESS, 4))]);
    }],
  ]);
  // Entry 2 is for PM, not for MEM; 0 leads over 7 others; 8 points at itself by way of PM, who may not follow it; 10 is VFS's.
  expect(log).toEqual([EPERM, errorCode("ELOOP"), EPERM, EPERM, EPERM, 0, [1, 2, 3, 4]]);
});

it("[K23] E39: a chain of five indirect grants and a direct one works, one more does not; a circle ends", () => {
  const { log } = scene([
    [PM, () => setGrants([
      direct(ANY, ADDRESS, 8), ...Array.from({ length: 6 }, (_, index) => indirect(ANY, PM, index)), indirect(ANY, PM, 7),
    ])],
    [MEM, function* (log) {
      yield* wait(2);
      for (let grant = 1; grant < 8; grant++) log.push(yield* fetch(PM, grant));
    }],
  ]);
  expect(log).toEqual([0, 0, 0, 0, 0, errorCode("ELOOP"), errorCode("ELOOP")]);
});

it("[K23] E40: a vector of none, too many, negative, and elements with no or two other sides", () => {
  const { log } = scene([
    [PM, () => setGrants([direct(MEM, ADDRESS, 8)])],
    [MEM, function* (log) {
      yield* wait(2);
      const element = { from: PM, to: SELF, grant: 0 as GrantId, offset: 0, address: ADDRESS, bytes: 4 };
      const run = function* (changes: Partial<Record<keyof typeof element, number>>, elements: number): Program<number> {
        yield* store(DATA_START, safecopyElement.encode({ ...element, ...changes } as never));
        return yield* call("vsafecopy", { vector: DATA_START as never, elements });
      };
      log.push(yield* run({}, 1), yield* run({}, 0), yield* run({}, -1), yield* run({}, 65));
      log.push(yield* run({ from: SELF, to: SELF }, 1), yield* run({ from: PM, to: PM }, 1));
      // Physical memory is no side of a safe copy.
      log.push((yield* sys("safecopyfrom", { process: PM, segment: PHYS_SEG, grant: 0 as GrantId, offset: 0, address: 0x1000 as never, bytes: 4 }))[1]);
    }],
  ]);
  expect(log).toEqual([0, EINVAL, EINVAL, EINVAL, EINVAL, EINVAL, EINVAL]);
});

it("E43, E44: the child of a process with an asynchronous table has none, and new privileges start without one", () => {
  const { log, kernel } = scene([
    [PM, function* () {
      yield* asynTable(DATA_START, [[MEM, 1]]);
      yield* ipc(SENDA, 1 as Endpoint, null, DATA_START);
    }],
    [MEM, () => ipc(RECEIVE, VFS)],
    [VFS, function* () {}],
  ], function* (log) {
    yield* wait(2);
    const child = yield* spawn(PM, 20, "child");
    yield* sys("getinfo", { what: GET_PRIV, address: ADDRESS as never, maxBytes: 0, process: PM });
    log.push(privilegeEntry.decode(yield* load(ADDRESS, privilegeEntry.bytes)).asynSize);
    yield* sys("getinfo", { what: GET_PRIV, address: ADDRESS as never, maxBytes: 0, process: child });
    log.push(privilegeEntry.decode(yield* load(ADDRESS, privilegeEntry.bytes)).asynSize);
    yield* privctl(PM, SYS_PRIV_DISALLOW); // PM gets new privileges while its table is registered
    yield* store(DATA_START, privilegeEntry.encode({ ...everything, flags: 0x1a }));
    log.push(yield* privctl(PM, SYS_PRIV_SET_SYS, DATA_START), yield* privctl(PM, 1));
  }, { programs: { child: function* () {} } });
  expect(log).toEqual([1, 0, 0, 0]);
  expect(kernel.processes.at(PM).privileges).toMatchObject({ asynSize: 0 });
});

it("[K30] E45, E46: a range that is there already needs no room; what is asked for must lie inside one range", () => {
  const log = alone(function* (log) {
    const add = function* (index: number): Program<number> {
      yield* store(DATA_START, memRange.encode({ base: index * 0x1000, limit: index * 0x1000 + 0xfff }));
      return yield* privctl(PM, SYS_PRIV_ADD_MEM, DATA_START);
    };
    for (let index = 0; index < 20; index++) yield* add(index);
    log.push(yield* add(20), yield* add(7));
    for (let index = 0; index < 64; index++) {
      yield* store(DATA_START, ioRange.encode({ base: index, limit: index }));
      yield* privctl(PM, SYS_PRIV_ADD_IO, DATA_START);
    }
    log.push(yield* privctl(PM, SYS_PRIV_ADD_IO, DATA_START));
    yield* store(DATA_START, ioRange.encode({ base: 100, limit: 100 }));
    log.push(yield* privctl(PM, SYS_PRIV_ADD_IO, DATA_START));
  });
  const ENOMEM = errorCode("ENOMEM");
  expect(log).toEqual([ENOMEM, 0, 0, ENOMEM]);
});

it("[K30] new privileges have no alarm: one that was set before does not ring for whoever has the slot now", () => {
  const waiting = (renew: boolean): unknown[] => scene([[PM, function* (log) {
    yield* call("setalarm", { expiresAt: 5 as never, absolute: false });
    log.push(((yield* ipc(RECEIVE, ANY)).message as Message)[0]);
  }]], function* (log) {
    yield* wait(1);
    yield* privctl(PM, SYS_PRIV_DISALLOW);
    if (renew) log.push(yield* privctl(PM, SYS_PRIV_SET_SYS));
    log.push(yield* privctl(PM, SYS_PRIV_ALLOW));
    yield* wait(20);
  }).log;
  expect(waiting(false)).toEqual([0, CLOCK]);
  expect(waiting(true)).toEqual([0, 0]);
});

it("E49: SYS_MEMSET fills exactly what it is asked to, also where a 4 MB border leaves a few bytes", () => {
  const { log } = scene([[PM, function* () {}]], function* (log) {
    for (const [base, bytes] of [[0x500000, 0], [0x500010, 1], [0x500021, 5], [0x7fffff, 2], [0x7ffffd, 6]] as const) {
      const before = base - 4;
      log.push(yield* call("memset", { base: before as never, bytes: 16, pattern: 0x11 }), yield* call("memset", { base: base as never, bytes, pattern: 0xab }));
      yield* sys("physcopy", { source: NONE, sourceSegment: PHYS_SEG, sourceAddress: before, target: RS, targetSegment: 1, targetAddress: ADDRESS, bytes: 16 });
      log.push([...(yield* load(ADDRESS, 16))].map((byte, index) => byte === (index >= 4 && index < 4 + bytes ? 0xab : 0x11)).every(Boolean));
    }
  });
  expect(log).toEqual(Array.from({ length: 5 }, () => [0, 0, true]).flat());
});

it("E51, E52: port calls do what the width says, refuse what is not aligned, and use the right port of a vector", () => {
  const log = alone(function* (log) {
    const pairs = function* (request: number, values: readonly (readonly [port: number, value: number])[], width: number): Program<number> {
      const bytes = new Uint8Array(values.length * (width === 4 ? 8 : 4));
      const view = new DataView(bytes.buffer);
      values.forEach(([port, value], index) => {
        const at = index * (width === 4 ? 8 : 4);
        view.setUint16(at, port, true);
        if (width === 4) view.setUint32(at + 4, value, true);
        else if (width === 2) view.setUint16(at + 2, value, true);
        else view.setUint8(at + 2, value);
      });
      yield* store(DATA_START, bytes);
      return yield* call("vdevio", { request, vector: DATA_START as never, count: values.length });
    };
    log.push(yield* pairs(DIO_OUTPUT | DIO_WORD, [[0x71, 1]], 2), yield* pairs(DIO_INPUT | DIO_LONG, [[0x72, 0]], 4));
    log.push(yield* pairs(DIO_OUTPUT | DIO_BYTE, Array.from({ length: 17 }, () => [0x70, 0] as const), 1), yield* pairs(DIO_OUTPUT | DIO_BYTE, [], 1));
    // The clock chip: index port 0x70, data port 0x71: the minutes alarm keeps what is written into it.
    log.push(yield* pairs(DIO_OUTPUT | DIO_BYTE, [[0x70, 3], [0x71, 0x42]], 1), yield* pairs(DIO_INPUT | DIO_BYTE, [[0x71, 0]], 1), (yield* load(DATA_START, 4))[2]);
    const stream = { request: DIO_INPUT | DIO_BYTE, port: 0x71, address: DATA_START, bytes: 3, process: SELF, offset: 0 };
    log.push(yield* call("sdevio", { ...stream, request: DIO_INPUT | DIO_LONG }), yield* call("sdevio", { ...stream, address: 0x7ffffff0 }));
    log.push(yield* call("sdevio", { ...stream, process: PM }), yield* call("sdevio", { ...stream, port: 0x71, request: DIO_INPUT | DIO_WORD, bytes: 2 }));
    log.push(yield* copy(RS, DATA_START, PM, ADDRESS, 4)); // the caller's memory is as before
  });
  expect(log).toEqual([EPERM, EPERM, errorCode("E2BIG"), EINVAL, 0, 0, 0x42, EINVAL, EFAULT, EPERM, EPERM, 0]);
});

it("[K31] E53: a hook can be replaced by its owner, freed for another, and a shared line waits for all", () => {
  const { log, kernel } = scene([
    [PM, function* (log) {
      const set = { request: IRQ_SETPOLICY, line: 9, policy: 0, hook: 3 };
      const hook = (yield* sys("irqctl", set))[7] as number;
      log.push((yield* sys("irqctl", set))[7] === hook); // the same id again: replaced
      yield* wait(2);
      yield* ipc(RECEIVE, -1 as Endpoint);
      log.push(kernelRef()?.interrupts.active[9]);
      log.push(yield* call("irqctl", { ...set, request: IRQ_ENABLE, hook }), kernelRef()?.interrupts.active[9]);
      log.push(yield* call("irqctl", { ...set, request: IRQ_RMPOLICY, hook }), yield* call("irqctl", { ...set, request: IRQ_DISABLE, hook }));
    }],
    [VFS, function* (log) {
      yield* wait(1);
      const set = { request: IRQ_SETPOLICY, line: 9, policy: IRQ_REENABLE, hook: 3 };
      const hook = (yield* sys("irqctl", set))[7] as number;
      log.push(yield* call("irqctl", { ...set, request: IRQ_RMPOLICY, hook: 1 }), yield* call("irqctl", { ...set, request: IRQ_RMPOLICY, hook: 60 }));
      log.push(yield* call("irqctl", { ...set, hook: 32 }), yield* call("irqctl", { ...set, line: 16 }), yield* call("irqctl", { ...set, request: 9, hook }));
      yield* ipc(RECEIVE, -1 as Endpoint);
    }],
  ], undefined, { cycles: 5e6 });
  // VFS's hook runs and is done at once; PM's keeps the line masked until it enables it.
  kernel.board.pic.irq(9).pulse();
  kernelHolder.kernel = kernel;
  const deadline = kernel.cpus[0]!.time + 6e7;
  for (;;) {
    const result = kernel.run(deadline - kernel.cpus[0]!.time);
    if (result.kind !== "idle" || result.wakesAt * 7 > deadline) break;
    kernel.skipTo(result.wakesAt);
  }
  expect(log).toEqual([true, EPERM, EINVAL, EINVAL, EINVAL, EINVAL, 1, 0, 0, 0, EINVAL]);
});
const kernelHolder: { kernel: import("../src/kernel.ts").Kernel | null } = { kernel: null };
const kernelRef = (): import("../src/kernel.ts").Kernel | null => kernelHolder.kernel;

it("E54: an interrupt in the same moment as the end of its driver finds no hook", () => {
  const guest = guestModule(PM, "g", elf(loopOver(trap(RECEIVE, RS, BUFFER))));
  const { kernel, run, printed } = machine([testRs([guest], function* () {
    yield* wait(2);
    yield* sys("clear", { process: PM });
    for (;;) yield* ipc(RECEIVE, ANY);
  }), guest]);
  run(1e5);
  Object.assign(kernel.interrupts.hooks[0] as object, { owner: PM, line: 9, bit: 1, notifyId: 0, policy: 0 });
  kernel.interrupts.enable(kernel, 9, true);
  const line = kernel.board.pic.irq(9);
  for (let slice = 0; slice < 400; slice++) {
    line.pulse();
    expect(run(2e4).kind).not.toBe("panic");
  }
  expect(kernel.processes.at(PM).rts).toBe(RTS_SLOT_FREE);
  expect(kernel.interrupts.hooks[0]).toMatchObject({ owner: NONE });
  expect(printed.join("")).not.toContain("panic");
});

it("E83: an interrupt that nobody has asked for is counted and masked, and the clock goes on", () => {
  const { kernel, run, printed } = machine([testRs([], function* () {
    for (;;) yield* wait(1);
  })]);
  run(1e5);
  kernel.interrupts.enable(kernel, 5, true);
  const line = kernel.board.pic.irq(5);
  for (let pulse = 0; pulse < 3; pulse++) {
    line.pulse();
    run(4e6);
  }
  expect(kernel.interrupts.spurious[5]).toBeGreaterThan(0);
  expect(printed.join("")).toContain("1 interrupts of line 5 without a driver");
  expect(kernel.clock.uptime).toBeGreaterThan(4);
});

it("reads BIOS memory only where it is, and gives everything of a caller to it", () => {
  const { log } = scene([[PM, function* () {}]], function* (log) {
    log.push(yield* call("readbios", { bytes: 16, address: 0x4f1 as never, target: ADDRESS as never }), yield* call("readbios", { bytes: 16, address: 0x4f0 as never, target: ADDRESS as never }));
    log.push((yield* sys("physcopy", { source: NONE, sourceSegment: BIOS_SEG, sourceAddress: 0x90000, target: RS, targetSegment: 1, targetAddress: ADDRESS, bytes: 4 }))[1]);
    log.push((yield* sys("vircopy", { source: NONE, sourceSegment: PHYS_SEG, sourceAddress: 0x90000, target: RS, targetSegment: 1, targetAddress: ADDRESS, bytes: 4 }))[1]);
    log.push((yield* sys("getinfo", { what: GET_WHOAMI, address: 0 as never, maxBytes: 0, process: RS }))[2]);
  });
  expect(log).toEqual([EFAULT, 0, EINVAL, EINVAL, RS]);
});

it("gives times of nobody as they came, and an alarm that counts from now or from boot", () => {
  const log = alone(function* (log) {
    yield* wait(1);
    const reply = yield* sys("times", { process: NONE });
    log.push(reply[1], (reply[6] as number) > 0);
    yield* sys("setalarm", { expiresAt: 1 as never, absolute: true }); // long ago: rings at once
    const { message } = yield* ipc(RECEIVE, CLOCK);
    log.push((message as Message)[0], (yield* ipc(NOTIFY, RS)).eax, (yield* ipc(SENDREC, 4711 as Endpoint)).eax);
    yield* receiveInto(log, 4711 as Endpoint);
    log.push((yield* ipc(SEND, ANY)).eax);
  });
  expect(log).toEqual([0, true, CLOCK, errorCode("ECALLDENIED"), errorCode("EDEADSRCDST"), errorCode("EDEADSRCDST"), EINVAL]);
});
