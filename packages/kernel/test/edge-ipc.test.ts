import { ASYNCM, AMF_NOREPLY, AMF_NOTIFY, AMF_NOTIFY_ERR, AMF_VALID, ANY, ASYN_ENTRY_BYTES, DATA_START, MEM, NOTIFY, PM, RECEIVE, RS, SEND, SENDA, SENDREC, STATUS_FROM_KERNEL, TTY, VFS, VM, errorCode, newMessage, type Endpoint, type Program } from "@procyon-os/message";
import { GET_PRIV, RTS_RECEIVING, SYS_PRIV_DISALLOW, SYS_PRIV_UPDATE_SYS, asynEntry, privilegeEntry } from "@procyon-os/contract-kernel";
import { expect, it } from "vitest";
import { CODE, elf, loopOver, storeEax, trap } from "../src/testing/guest.ts";
import { everything, hostedModule, ipc, load, store, sys } from "../src/testing/machine.ts";
import { PRESENT, WRITABLE } from "../src/testing/fake-vm.ts";
import { paged } from "../src/testing/paged.ts";
import { asynTable, call, copy, message, privctl, receiveInto, scene, spawn, wait, type Actor } from "../src/testing/scene.ts";

const ELOCKED = errorCode("ELOCKED");
const EDEAD = errorCode("EDEADSRCDST");
const TABLE = DATA_START;

function* send(log: unknown[], call: number, to: Endpoint, type = 1): Program<void> {
  log.push((yield* ipc(call, to, newMessage(type))).eax);
}
function* entryOf(index: number): Program<readonly [flags: number, result: number]> {
  const { flags, result } = asynEntry.decode(yield* load(TABLE + index * ASYN_ENTRY_BYTES, ASYN_ENTRY_BYTES));
  return [flags, result];
}
/** Registers a table of `count` entries. */
function* senda(count: number): Program<number> {
  return (yield* ipc(SENDA, count as Endpoint, null, TABLE)).eax;
}

it("E1: a notification for each other is no deadlock", () => {
  const { log } = scene([
    [PM, function* (log) {
      yield* ipc(NOTIFY, VFS);
      yield* receiveInto(log, VFS);
    }],
    [VFS, function* (log) {
      yield* wait(2);
      yield* receiveInto(log, PM);
      yield* send(log, SEND, PM, 5);
    }],
  ]);
  expect(log).toContainEqual([PM, 0x1000, NOTIFY]);
  expect(log).toContainEqual([VFS, 5, SEND]);
});

it("[K02] E2: two that receive from each other: the second is told", () => {
  const { log, kernel } = scene([
    [PM, (log) => receiveInto(log, VFS)],
    [VFS, function* (log) {
      yield* wait(2);
      yield* receiveInto(log, PM);
    }],
  ]);
  expect(log).toEqual([ELOCKED]);
  expect(kernel.processes.at(PM)).toMatchObject({ rts: RTS_RECEIVING, getFrom: VFS });
});

it("[K02] E3: two that send to each other: the second is told, and may receive instead", () => {
  const { log } = scene([
    [PM, (log) => send(log, SEND, VFS, 7)],
    [VFS, function* (log) {
      yield* wait(2);
      yield* send(log, SEND, PM);
      yield* receiveInto(log, PM);
    }],
  ]);
  expect(log[0]).toBe(ELOCKED);
  expect(log).toContainEqual([PM, 7, SEND]);
  expect(log).toContain(0);
});

it("[K02] E4: a circle of three senders is found; one that passes through a receiver from anyone is none", () => {
  const circle = (delay: number, to: Endpoint): Actor => function* (log) {
    yield* wait(delay);
    yield* send(log, SEND, to);
  };
  expect(scene([[PM, circle(1, VFS)], [VFS, circle(2, MEM)], [MEM, circle(3, PM)]]).log).toEqual([ELOCKED]);
  const { log } = scene([
    [PM, function* (log) {
      yield* receiveInto(log, ANY);
      yield* send(log, SEND, VFS, 9);
    }],
    [VFS, function* (log) {
      yield* wait(1);
      yield* receiveInto(log, PM);
    }],
    [MEM, function* (log) {
      yield* wait(3);
      yield* send(log, SEND, PM, 8);
    }],
  ]);
  expect(log).not.toContain(ELOCKED);
  expect(log).toContainEqual([PM, 9, SEND]);
});

it("[K02] E5: a circle through processes of later generations is found, however long", () => {
  const targets: number[] = [];
  const names = ["d0", "d1", "d2", "d3", "d4", "d5"];
  const member = (index: number): Actor => function* (log) {
    yield* ipc(RECEIVE, RS);
    yield* send(log, SEND, targets[(index + 1) % names.length] as Endpoint);
  };
  const { log } = scene([[PM, function* () {}]], function* () {
    yield* wait(1);
    for (const [index, name] of names.entries()) targets.push(yield* spawn(PM, 20 + index, name));
    for (const to of targets) {
      yield* ipc(SEND, to as Endpoint, newMessage(1));
      yield* wait(1);
    }
  }, { programs: Object.fromEntries(names.map((name, index) => [name, member(index)])) });
  expect(targets[0]).toBe(36558 + 20);
  expect(log).toEqual([ELOCKED]);
});

it("E6: a receive from one source leaves notifications of others where they are, also of ids from 32 on", () => {
  const names = Array.from({ length: 20 }, (_, index) => `d${index}`);
  const endpoints: Endpoint[] = [];
  const notifier: Actor = function* () {
    yield* ipc(RECEIVE, RS);
    yield* ipc(NOTIFY, PM);
  };
  const { log, kernel } = scene([
    [PM, function* (log) {
      yield* ipc(RECEIVE, RS);
      yield* receiveInto(log, endpoints[18] as Endpoint);
      yield* receiveInto(log, VFS);
      yield* receiveInto(log, ANY);
    }],
    [VFS, function* () {
      yield* wait(6);
      yield* ipc(SEND, PM, newMessage(4));
    }],
    [MEM, function* () {}],
  ], function* () {
    yield* wait(1);
    for (const [index, name] of names.entries()) endpoints.push(yield* spawn(MEM, 20 + index, name));
    for (const index of [18, 19]) yield* ipc(SEND, endpoints[index] as Endpoint, newMessage(1));
    yield* wait(1);
    yield* ipc(SEND, PM, newMessage(1));
  }, { programs: Object.fromEntries(names.map((name) => [name, notifier])) });
  expect(kernel.processes.at(39).privileges?.id).toBeGreaterThanOrEqual(32);
  expect(log).toEqual([[endpoints[18], 0x1000, NOTIFY], [VFS, 4, SEND], [endpoints[19], 0x1000, NOTIFY]]);
});

it("E7: a notification during a SENDREC waits for the next RECEIVE", () => {
  const { log } = scene([
    [PM, function* (log) {
      const { eax, message, ebx } = yield* ipc(SENDREC, VFS, newMessage(1));
      log.push([eax, message?.[1], ebx]);
      yield* receiveInto(log, ANY);
    }],
    [VFS, function* () {
      yield* ipc(RECEIVE, PM);
      yield* ipc(NOTIFY, PM);
      yield* wait(2);
      yield* ipc(SEND, PM, newMessage(2));
    }],
  ]);
  // The status register of a SENDREC is not touched: EBX is as it was.
  expect(log).toEqual([[0, 2, 0], [VFS, 0x1000, NOTIFY]]);
});

it("E8: send masks count for ids from 32 on", () => {
  const names = Array.from({ length: 18 }, (_, index) => `d${index}`);
  const endpoints: Endpoint[] = [];
  const { log } = scene([
    [MEM, function* () {}],
    [PM, function* (log) {
      yield* ipc(RECEIVE, RS);
      for (const index of [16, 17]) yield* send(log, SEND, endpoints[index] as Endpoint);
    }],
  ], function* () {
    yield* wait(1);
    for (const [index, name] of names.entries()) endpoints.push(yield* spawn(MEM, 20 + index, name));
    // Ids 17..34: the last two are 33 and 34; PM may send to RS (7) and to 33.
    yield* store(DATA_START, privilegeEntry.encode({ ...everything, id: 5, ipcTo: [1 << 7, 1 << 1] }));
    yield* privctl(PM, SYS_PRIV_UPDATE_SYS, DATA_START);
    yield* ipc(SEND, PM, newMessage(1));
  }, { programs: Object.fromEntries(names.map((name) => [name, function* () { yield* ipc(RECEIVE, ANY); }])) });
  expect(log).toEqual([0, errorCode("ECALLDENIED")]);
});

it("E9: to allow or forbid is symmetric, an id that nobody owns stays off, and so does one's own", () => {
  const masks = function* (slot: Endpoint): Program<number[]> {
    yield* sys("getinfo", { what: GET_PRIV, address: 0x2000 as never, maxBytes: 0, process: slot });
    return [...privilegeEntry.decode(yield* load(0x2000, privilegeEntry.bytes)).ipcTo];
  };
  const { log } = scene([[PM, function* () {}], [VFS, function* () {}]], function* (log) {
    const bit = (words: readonly number[], id: number): number => ((words[id >> 5] as number) >>> (id & 31)) & 1;
    yield* store(DATA_START, privilegeEntry.encode({ ...everything, id: 5, ipcTo: [1 << 7, 0] })); // PM: RS only
    yield* privctl(PM, SYS_PRIV_UPDATE_SYS, DATA_START);
    log.push(bit(yield* masks(VFS), 5)); // VFS may not send to PM either
    yield* store(DATA_START, privilegeEntry.encode({ ...everything, id: 5 }));
    yield* privctl(PM, SYS_PRIV_UPDATE_SYS, DATA_START);
    const pm = yield* masks(PM);
    log.push(bit(yield* masks(VFS), 5), bit(pm, 6), bit(pm, 5), bit(pm, 10), pm[1]);
  });
  expect(log).toEqual([0, 1, 1, 0, 0, 0]);
});

it("[K03] E10, E11: each entry of a table has its own result, the call is OK", () => {
  const { log } = scene([
    [PM, function* (log) {
      yield* wait(2);
      yield* asynTable(TABLE, [[4711, 1], [VFS, 2], [-2, 3], [MEM, 4], [VFS, 5]]);
      log.push(yield* senda(5));
      yield* wait(2);
      for (let index = 0; index < 5; index++) log.push((yield* entryOf(index))[1]);
    }],
    [VFS, function* (log) {
      yield* receiveInto(log, ANY);
      yield* receiveInto(log, ANY);
    }],
    [MEM, function* () {}],
  ], function* () {
    yield* store(DATA_START, privilegeEntry.encode({ ...everything, id: 5, ipcTo: [~(1 << 8), -1] })); // PM may not send to MEM
    yield* privctl(PM, SYS_PRIV_UPDATE_SYS, DATA_START);
  });
  const DENIED = errorCode("ECALLDENIED");
  expect(log).toEqual([0, [PM, 2, SENDA], [PM, 5, SENDA], EDEAD, 0, DENIED, DENIED, 0]);
});

it("[K03] E12, E13: a permission that is gone and a bogus entry are in nobody else's way", () => {
  const { log } = scene([
    [PM, function* () {
      yield* wait(1);
      yield* asynTable(TABLE, [[VFS, 1, 0x101], [MEM, 2], [VFS, 3]]);
      yield* senda(3);
    }],
    [VFS, function* (log) {
      yield* wait(5);
      yield* receiveInto(log, ANY);
    }],
    [MEM, function* (log) {
      yield* wait(4);
      yield* receiveInto(log, ANY); // finds nothing: PM may not send here any more
    }],
  ], function* (log) {
    yield* wait(3);
    yield* store(DATA_START, privilegeEntry.encode({ ...everything, id: 5, ipcTo: [~(1 << 8), -1] }));
    yield* privctl(PM, SYS_PRIV_UPDATE_SYS, DATA_START);
    yield* wait(4);
    log.push("rs");
    yield* send(log, SEND, MEM, 9);
  });
  expect(log).toEqual([[PM, 3, SENDA], "rs", 0, [RS, 9, SEND]]);
});

it("[K03] E14: AMF_NOREPLY does not answer a SENDREC", () => {
  const { log } = scene([
    [PM, function* (log) {
      const { message } = yield* ipc(SENDREC, VFS, newMessage(1));
      log.push(message?.[1]);
      yield* receiveInto(log, ANY);
    }],
    [VFS, function* () {
      yield* ipc(RECEIVE, PM);
      yield* asynTable(TABLE, [[PM, 7, AMF_VALID | AMF_NOREPLY]]);
      yield* senda(1);
      yield* wait(2);
      yield* ipc(SEND, PM, newMessage(2));
    }],
  ]);
  expect(log).toEqual([2, [VFS, 7, SENDA]]);
});

it("[K03] E15, E16: one notification from ASYNCM at the end, or for an error only, also when the destination dies", () => {
  const { log } = scene([
    [PM, function* (log) {
      yield* wait(1);
      yield* asynTable(TABLE, [[VFS, 1, AMF_VALID | AMF_NOTIFY_ERR], [MEM, 2, AMF_VALID | AMF_NOTIFY_ERR], [MEM, 3, AMF_VALID | AMF_NOTIFY]]);
      yield* senda(3);
      yield* wait(3); // VFS has had its message: no error, no notification
      yield* receiveInto(log, ASYNCM);
      for (let index = 0; index < 3; index++) log.push((yield* entryOf(index))[1]);
      yield* receiveInto(log, ANY);
    }],
    [VFS, (log) => receiveInto(log, ANY)],
    [MEM, function* () {}],
  ], function* (log) {
    yield* wait(6);
    log.push("clear");
    yield* sys("clear", { process: MEM });
    yield* wait(2);
    yield* send(log, SEND, PM, 5);
  });
  expect(log).toEqual([[PM, 1, SENDA], "clear", [ASYNCM, 0x1000, NOTIFY], 0, EDEAD, EDEAD, 0, [RS, 5, SEND]]);
});

it("[K03] E17: the death of one user process does not lose what is pending for another", () => {
  const users: Endpoint[] = [];
  const { log } = scene([
    [PM, function* (log) {
      yield* ipc(RECEIVE, RS);
      yield* asynTable(TABLE, [[users[0] as number, 1], [users[1] as number, 2]]);
      log.push(yield* senda(2));
      yield* ipc(SEND, RS, newMessage(1));
      yield* ipc(RECEIVE, users[1] as Endpoint);
    }],
    [VFS, function* () {
      yield* ipc(RECEIVE, RS);
      yield* ipc(RECEIVE, users[1] as Endpoint);
      yield* ipc(SEND, users[1] as Endpoint, newMessage(2));
    }],
    [11, function* () {}], // whose privileges the users share
  ], function* () {
    yield* wait(1);
    for (const [index, name] of ["u0", "u1"].entries()) users.push(yield* spawn(11, 20 + index, name, "user"));
    yield* wait(2);
    yield* ipc(SENDREC, PM, newMessage(1));
    yield* sys("clear", { process: users[0] as Endpoint });
    yield* ipc(SEND, VFS, newMessage(1)); // lets the other one go on
  }, {
    privileges: { 11: { flags: 0x16, trapMask: -1 } },
    programs: {
      u0: () => ipc(SENDREC, VFS, newMessage(1)),
      *u1(log) {
        yield* ipc(SENDREC, VFS, newMessage(1));
        const { eax, message } = yield* ipc(SENDREC, PM, newMessage(1));
        log.push([eax, message?.[0], message?.[1]]);
      },
    },
  });
  expect(log).toEqual([0, [0, PM, 2]]);
});

it("[K03] E18: an asynchronous table that became read-only spoils its owner's bookkeeping only", () => {
  const log: unknown[] = [];
  const FAR = DATA_START + 0x8000;
  const sender = hostedModule(PM, "sender", function* () {
    yield* ipc(RECEIVE, RS);
    log.push((yield* ipc(SENDA, 1 as Endpoint, null, FAR)).eax);
    yield* ipc(RECEIVE, RS);
  });
  const receiver = hostedModule(VFS, "receiver", function* () {
    yield* receiveInto(log, ANY);
    yield* receiveInto(log, RS);
    yield* ipc(RECEIVE, RS);
  });
  const { test } = paged([sender, receiver], function* (vm) {
    yield* vm.move(PM, (page) => (page === FAR >> 12 ? PRESENT : WRITABLE));
    const { map } = vm.kernel().processes.at(PM);
    const physical = vm.page();
    vm.map(PM, ((map[4] as number) - (map[3] as number)) * 4096 + FAR, physical, PRESENT);
    vm.kernel().memory.write(physical, asynEntry.encode({ flags: AMF_VALID, to: VFS, result: 0, message: newMessage(6) }));
  }, function* () {
    yield* wait(1);
    yield* ipc(SEND, PM, newMessage(1));
    yield* wait(1);
    yield* ipc(SEND, VFS, newMessage(8));
  });
  expect(log).toEqual([0, [PM, 6, SENDA], [RS, 8, SEND]]);
  expect(test.printed.join("")).toContain("cannot store the result");
});

it("E19, E20: when a server dies its queue falls apart cleanly: the senders go on, also into another queue", () => {
  const { log, kernel } = scene([
    [PM, function* (log) {
      yield* send(log, SEND, TTY);
      yield* send(log, SEND, MEM, 3); // blocks until MEM looks
    }],
    [VFS, function* (log) {
      yield* wait(1);
      yield* send(log, SENDREC, TTY);
      yield* send(log, SEND, MEM, 4);
    }],
    [MEM, function* (log) {
      yield* wait(7);
      yield* receiveInto(log, ANY);
      yield* receiveInto(log, ANY);
    }],
    [TTY, function* () {}],
  ], function* () {
    yield* wait(4);
    yield* sys("clear", { process: TTY });
    yield* wait(1);
  });
  expect(log).toEqual([EDEAD, EDEAD, [PM, 3, SEND], [VFS, 4, SEND], 0, 0]);
  expect(kernel.processes.at(PM).queueLink).toBeNull();
});

it("E21: after a SENDREC that failed a SEND is a SEND", () => {
  const { log } = scene([
    [PM, function* () {
      yield* ipc(SENDREC, VFS, null); // no message: EFAULT
      yield* ipc(SEND, VFS, newMessage(2));
    }],
    [VFS, function* (log) {
      yield* receiveInto(log, ANY);
    }],
  ]);
  expect(log).toEqual([[PM, 2, SEND]]);
});

it("[K05] E22: a buffer out of the segment is EFAULT, on the way out and on the way in, and no endless loop", () => {
  const RESULT = CODE + 0x800;
  const guest = elf([
    ...trap(SEND, VFS, 0xfffff000), ...storeEax(RESULT), ...trap(SENDREC, VFS, 0x7ffffff0), ...storeEax(RESULT + 4),
    ...trap(RECEIVE, VFS, 0x00fffff0), ...storeEax(RESULT + 8), ...loopOver(trap(RECEIVE, RS, CODE + 0x400)),
  ]);
  const { log, kernel } = scene([[PM, guest], [VFS, function* (log) {
    yield* wait(2);
    yield* send(log, SEND, PM);
    yield* wait(1);
    log.push(yield* copy(PM, RESULT, VFS, DATA_START, 12), ...new Int32Array((yield* load(DATA_START, 12)).slice().buffer));
  }]]);
  const EFAULT = errorCode("EFAULT");
  // The sends fail since VFS does not listen yet: deadlock is looked for first, then the message is read.
  expect(log).toEqual([0, 0, EFAULT, EFAULT, EFAULT]);
  expect(kernel.processes.at(PM).rts).toBe(RTS_RECEIVING);
});

it("[K21][K22] E23: only what the kernel has made carries the kernel's mark, at once or from the queue", () => {
  const spin = elf([0xeb, 0xfe]);
  const { log } = scene([
    [PM, spin],
    [VFS, function* (log) {
      yield* sys("schedctl", { flags: 0, process: PM, quantumMs: 0, priority: 0, cpu: 0 });
      yield* sys("schedule", { process: PM, quantumMs: 5, priority: 15, cpu: -1 });
      log.push((yield* ipc(RECEIVE, ANY)).ebx);
      yield* sys("schedule", { process: PM, quantumMs: 5, priority: 15, cpu: -1 });
      yield* wait(5); // the next one is queued meanwhile
      log.push((yield* ipc(RECEIVE, PM)).ebx);
      yield* receiveInto(log, MEM);
    }],
    [MEM, function* () {
      yield* wait(10);
      yield* ipc(SEND, VFS, message(0xf01));
    }],
  ], () => sys("schedctl", { flags: 1, process: PM, quantumMs: 200, priority: 15, cpu: -1 }));
  expect(log).toEqual([SEND | STATUS_FROM_KERNEL, SEND | STATUS_FROM_KERNEL, [MEM, 0xf01, SEND]]);
});

it("[K29] E24: an update keeps notifications, asynchronous messages and senders for the new instance", () => {
  const { log } = scene([
    [PM, () => ipc(RECEIVE, TTY)], // the old instance: hears nothing of all this
    [VFS, function* () {
      yield* ipc(NOTIFY, PM);
      yield* asynTable(TABLE, [[PM, 2]]);
      yield* senda(1);
    }],
    [MEM, function* (log) {
      const { eax, message } = yield* ipc(SENDREC, PM, newMessage(3));
      log.push(["answer", eax, message?.[1]]);
    }],
    [TTY, function* (log) { // the new instance
      yield* ipc(RECEIVE, RS);
      for (let round = 0; round < 3; round++) yield* receiveInto(log, ANY);
      yield* send(log, SEND, MEM, 4);
    }],
  ], function* (log) {
    yield* wait(3);
    yield* privctl(TTY, SYS_PRIV_DISALLOW);
    log.push(yield* call("update", { source: PM, target: TTY }));
    yield* privctl(PM, 1);
    yield* ipc(SEND, PM, newMessage(1));
  });
  expect(log.slice(0, 4)).toEqual([0, [VFS, 0x1000, NOTIFY], [VFS, 2, SENDA], [MEM, 3, SENDREC]]);
  expect(log).toContainEqual(["answer", 0, 4]);
});

it("denies a user process everything but SENDREC, and shows nobody who is no process", () => {
  const { log } = scene([[PM, function* (log) {
    for (const one of [SEND, RECEIVE, NOTIFY]) log.push((yield* ipc(one, RS, newMessage(1))).eax);
    log.push((yield* ipc(SENDA, 0 as Endpoint)).eax, (yield* ipc(SENDREC, VM, newMessage(1))).eax);
  }], [VFS, function* () {}]], function* () {}, { privileges: { [PM]: { flags: 6, trapMask: 1 << SENDREC } }, expect: "running", cycles: 1e7 });
  const DENIED = errorCode("ETRAPDENIED");
  expect(log).toEqual([DENIED, DENIED, DENIED, errorCode("EPERM"), EDEAD]);
});
