import { kernelContract, privilegeEntry, RTS_NO_PRIV, RTS_SIG_PENDING, ROOT_SYS_PROC, SRV_F, SYS_PRIV_DISALLOW, SYS_PRIV_UPDATE_SYS, SYS_PRIV_YIELD, SYS_STATE_WATCHDOG } from "@procyon-os/contract-kernel";
import { ANY, DATA_START, decodeReply, errorCode, LOG, MEM, NONE, PM, RECEIVE, SELF, SEND, SENDREC, SIGKILL, SYSTEM, VFS, newMessage, type Endpoint, type Program } from "@procyon-os/message";
import { expect, it } from "vitest";
import { everything, ipc, release, store, sys } from "../src/testing/machine.ts";
import { call, privctl, scene, wait, type Actor, type Scene } from "../src/testing/scene.ts";

// What an instance does that takes its own place, or gives it to another, and who notices when one has stopped going on.

/** What an instance of RS has. */
const root = { flags: SRV_F | ROOT_SYS_PROC };
const asRoot = { privileges: { [PM]: root } };
const isDead = ({ kernel }: Scene, slot: number): boolean => (kernel.processes.at(slot).rts & RTS_SIG_PENDING) !== 0;
const waitsFor = (who: Endpoint, what: string): Actor => function* (log) {
  log.push([what, (yield* ipc(RECEIVE, who)).message?.[1]]);
};
/** Sends 1 to PM's place and 2 to VFS's, when all that was to happen has happened. */
const sender: Actor = function* () {
  yield* wait(6);
  yield* ipc(SEND, PM, newMessage(1));
  yield* ipc(SEND, VFS, newMessage(2));
};

it.each([[1, false], [2, false], [4, false], [1, true]])("[R11] an instance of RS that calls UPDATE may be one of the two: it goes on in the other's place and hears the result there (%i CPUs, calls put off: %s)", (cpuCount, restartCalls) => {
  const { log } = scene([
    [PM, function* (log) {
      yield* wait(2);
      log.push(yield* call("update", { source: PM, target: VFS }));
      yield* waitsFor(MEM, "who was PM")(log);
    }],
    [VFS, waitsFor(MEM, "who was VFS")],
    [MEM, sender],
  ], undefined, { cpuCount, debug: { checkAlways: true, restartCalls }, ...asRoot });
  expect(log).toEqual([0, ["who was VFS", 1], ["who was PM", 2]]);
});

it("the other one must be at rest all the same, and nothing has changed where it is not", () => {
  const { log } = scene([
    [PM, function* (log) {
      yield* wait(2);
      log.push(yield* call("update", { source: PM, target: VFS }), yield* call("update", { source: PM, target: PM }));
      yield* waitsFor(MEM, "PM")(log);
    }],
    [VFS, function* () {
      yield* ipc(SENDREC, LOG, newMessage(1)); // waits to send
    }],
    [LOG, waitsFor(MEM, "LOG")],
    [MEM, function* () {
      yield* wait(4);
      yield* ipc(SEND, PM, newMessage(1));
    }],
  ], undefined, asRoot);
  expect(log).toEqual([errorCode("EBUSY"), errorCode("EINVAL"), ["PM", 1]]);
});

/** Lets a process manage its own signals, with a backup, and holds it where that is asked for. */
function* manageItself(process: Endpoint, backup: Endpoint, held: boolean): Program<void> {
  yield* store(DATA_START, privilegeEntry.encode({ ...everything, flags: root.flags, id: process + 5, signalManager: SELF, backupSignalManager: backup }));
  yield* privctl(process, SYS_PRIV_UPDATE_SYS, DATA_START);
  if (held) yield* privctl(process, SYS_PRIV_DISALLOW);
}
const standBy: Actor = function* (log) {
  for (;;) {
    yield* ipc(RECEIVE, SYSTEM);
    for (let taken = yield* sys("getksig", {}); taken[2] !== NONE; taken = yield* sys("getksig", {})) log.push(taken[2]);
  }
};

it.each([
  ["dies when it has taken the signal", [PM, VFS], [PM, VFS]],
  ["has died before", [VFS, PM], [VFS, PM]],
])("[R10] where the first backup %s the second one is woken", (_how, order, seen) => {
  const stage = scene([[PM, function* () {}], [VFS, standBy], [MEM, standBy]], function* () {
    yield* wait(1);
    yield* manageItself(PM, VFS, false);
    yield* manageItself(VFS, MEM, true);
    yield* manageItself(MEM, NONE, true);
    for (const process of order) {
      yield* sys("kill", { process, signal: SIGKILL });
      yield* wait(2);
    }
  });
  expect(stage.log).toEqual(seen);
  expect([PM, VFS, MEM].map((slot) => isDead(stage, slot))).toEqual([true, true, false]);
  expect(stage.kernel.processes.at(MEM).rts & RTS_NO_PRIV).toBe(0);
});

it("[R11] a new version on trial that dies wakes the old one in its YIELD, and that one takes its place back", () => {
  const { log } = scene([
    [PM, function* (log) {
      yield* ipc(RECEIVE, MEM);
      log.push(yield* call("update", { source: PM, target: VFS }));
      log.push(yield* privctl(PM, SYS_PRIV_YIELD)); // comes back when the other one has died
      log.push((yield* sys("getksig", {}))[2]);
      log.push(yield* call("update", { source: PM, target: VFS }));
      yield* waitsFor(MEM, "the old one")(log);
    }],
    [VFS, function* (log) {
      log.push("the new one");
      yield* sys("exit", {});
    }],
    [MEM, function* () {
      yield* wait(2);
      yield* ipc(SEND, PM, newMessage(0));
      yield* wait(5);
      yield* ipc(SEND, PM, newMessage(1));
    }],
  ], function* () {
    yield* release(VFS, { signalManager: SELF, backupSignalManager: VFS }); // where the old one is then
    yield* privctl(VFS, SYS_PRIV_DISALLOW); // before it has run
  }, { privileges: { [VFS]: null, [PM]: root } });
  expect(log).toEqual([0, "the new one", 0, PM, 0, ["the old one", 1]]);
});

const watched = (length: number): Program<number> => call("statectl", { request: SYS_STATE_WATCHDOG, process: NONE, grant: -1 as never, length, address: 0 as never });
const uptime = function* (): Program<number> {
  const times = decodeReply(kernelContract.calls.times, yield* sys("times", { process: NONE }));
  return times.ok ? times.value.uptime : 0;
};

it("[R10] a watchdog kills who does not speak up, whether it waits or runs, and nobody who does", () => {
  const stage = scene([
    [PM, function* () {
      yield* watched(5);
      yield* ipc(RECEIVE, LOG); // of whom nothing comes
    }],
    [VFS, function* () {
      yield* watched(5);
      for (;;) yield* uptime();
    }],
    [MEM, function* (log) {
      for (let time = 0; time < 8; time++) {
        yield* watched(5);
        yield* wait(4);
      }
      log.push(yield* watched(0), yield* watched(0x7fffffff));
    }],
  ], undefined, { cycles: 2e8 });
  expect(stage.log).toEqual([0, errorCode("EINVAL")]);
  expect([PM, VFS, MEM].map((slot) => isDead(stage, slot))).toEqual([true, true, false]);
  expect(stage.printed.filter((line) => line.includes("has not spoken up for 5 ticks"))).toHaveLength(2);
});

it("a watchdog leaves alone who gets no CPU, or is stopped by others", () => {
  const stage = scene([
    [PM, function* (log) {
      yield* watched(6);
      yield* wait(4); // then it could run, but somebody more important does
      log.push("slow");
      yield* watched(0);
    }],
    [VFS, function* (log) {
      yield* wait(3);
      for (const begin = yield* uptime(); (yield* uptime()) < begin + 30; );
      log.push("busy");
    }],
    [MEM, function* () {
      yield* watched(6);
      yield* ipc(RECEIVE, ANY);
    }],
  ], function* () {
    yield* sys("schedctl", { flags: 1, process: VFS, quantumMs: 200, priority: 3, cpu: -1 });
    yield* wait(1);
    yield* privctl(MEM, SYS_PRIV_DISALLOW);
  }, { cycles: 2e8 });
  expect(stage.log).toEqual(["busy", "slow"]);
  expect([PM, VFS, MEM].map((slot) => isDead(stage, slot))).toEqual([false, false, false]);
});

it("[R10] a watchdog watches whoever follows in the place of the one that it has killed", () => {
  const stage = scene([
    [PM, function* () {
      yield* wait(2);
      yield* watched(5);
      yield* ipc(RECEIVE, LOG);
    }],
    [VFS, function* () {
      yield* ipc(RECEIVE, SYSTEM);
      yield* sys("getksig", {});
      yield* sys("update", { source: PM, target: VFS });
      yield* ipc(RECEIVE, LOG);
    }],
    [MEM, standBy],
  ], function* () {
    yield* wait(1);
    yield* manageItself(PM, VFS, false);
    yield* manageItself(VFS, MEM, true);
  }, { cycles: 2e8, privileges: { [VFS]: root } });
  expect(stage.printed.filter((line) => line.includes("(0) has not spoken up"))).toHaveLength(2);
  expect(stage.log).toEqual([PM]); // the second backup has to see to the end of the first
});

it("a watchdog is its place's: whoever has the place is killed, and not who has set it", () => {
  const stage = scene([
    [PM, function* () {
      yield* wait(2);
      yield* watched(5);
      yield* sys("update", { source: PM, target: VFS });
      yield* ipc(RECEIVE, ANY);
    }],
    [VFS, function* () {
      yield* ipc(RECEIVE, LOG);
    }],
  ], undefined, { cycles: 2e8, ...asRoot });
  expect([PM, VFS].map((slot) => isDead(stage, slot))).toEqual([true, false]);
});
