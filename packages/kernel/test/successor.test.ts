import {
  ANY, ASYN_ENTRY_BYTES, DATA_START, MEM, NONE, PM, RECEIVE, RECEIVE_NOTED, RS, SEND, SENDA, SENDREC, SIGUSR1, SYSTEM, TTY, VFS, errorCode, newMessage,
  type Endpoint, type GrantId, type Program, type VirtAddr,
} from "@procyon-os/message";
import {
  CPF_DIRECT, CPF_READ, CPF_USED, CPF_VALID, SEG_D, SYS_STATE_CLEAR_WAITERS, SYS_STATE_HELD, SYS_STATE_IS_WAITING, SYS_STATE_NOTED,
  SYS_STATE_PREDECESSOR, SYS_STATE_SUCCESSOR, encodeGrant, leftBehind,
} from "@procyon-os/contract-kernel";
import { expect, it } from "vitest";
import { ipc, load, store } from "../src/testing/machine.ts";
import { asynTable, call, scene, wait, type Actor } from "../src/testing/scene.ts";

// PM receives, and is stopped by a signal; the spare instance takes its place and asks what it left (STATECTL).
const SPARE = 9 as Endpoint;
const GRANTS = DATA_START + 0x1000;
const TABLE = DATA_START + 0x2000;
const BUFFER = DATA_START + 0x3000;

function* state(request: number, process: number, length = 0, address = BUFFER): Program<number> {
  return yield* call("statectl", { request, process: process as Endpoint, grant: 0 as GrantId, length, address: address as VirtAddr });
}
function* allowState(to: Endpoint): Program<void> {
  yield* store(GRANTS, encodeGrant({ kind: "direct", flags: CPF_USED | CPF_VALID | CPF_DIRECT | CPF_READ, to, start: DATA_START, length: 1 }));
  yield* call("setgrant", { table: GRANTS as VirtAddr, entries: 1 });
}
function* receiveNoted(): Program<void> {
  yield* ipc(RECEIVE, ANY, null, RECEIVE_NOTED);
}
const client = (type: number): Actor => function* (log) {
  const { eax, message } = yield* ipc(SENDREC, PM, newMessage(type));
  log.push(["client", eax, message?.[1]]);
};
/** What the successor does, when it is in PM's place and the dead instance in its own. */
function takeOver(old: Actor, successor: Actor, clients: readonly (readonly [number, Actor])[]): unknown[] {
  const { log, kernel } = scene([[PM, old], [SPARE, function* (own) {
    yield* ipc(RECEIVE, RS);
    yield* successor(own);
  }], ...clients], function* (own) {
    yield* wait(2);
    yield* call("kill", { process: PM, signal: SIGUSR1 });
    yield* wait(1);
    own.push(["update", yield* call("update", { source: PM, target: SPARE })]);
    yield* ipc(SEND, PM, newMessage(1));
    yield* wait(2);
  });
  kernel.check();
  return log;
}

it("[S07] tells a successor what the dead instance received last and what nobody had taken of it", () => {
  const log = takeOver(function* () {
    yield* allowState(PM);
    yield* receiveNoted();
    yield* receiveNoted();
    yield* asynTable(TABLE, [[MEM, 31], [TTY, 32]]); // MEM takes its own at once
    yield* ipc(SENDA, 2 as Endpoint, null, TABLE);
    yield* ipc(RECEIVE, RS); // not a noted one
  }, function* (own) {
    own.push(yield* state(SYS_STATE_NOTED, SPARE, leftBehind.bytes));
    const { received, status, message, asynDone, held } = leftBehind.decode(yield* load(BUFFER, leftBehind.bytes));
    own.push({ received, status, source: message[0], type: message[1], asynDone, held });
    own.push(yield* state(SYS_STATE_HELD, SPARE, held * ASYN_ENTRY_BYTES));
    const entry = yield* load(BUFFER, ASYN_ENTRY_BYTES);
    own.push(new DataView(entry.buffer, entry.byteOffset).getInt32(4, true));
    own.push(yield* state(SYS_STATE_HELD, SPARE, 2 * ASYN_ENTRY_BYTES), yield* state(SYS_STATE_NOTED, SPARE, 4), yield* state(SYS_STATE_NOTED, VFS, leftBehind.bytes));
  }, [[VFS, client(21)], [7, client(22)], [MEM, function* () {
    yield* ipc(RECEIVE, PM);
  }], [TTY, function* () {
    yield* ipc(RECEIVE, RS);
  }]]);
  const [EINVAL, EPERM] = [errorCode("EINVAL"), errorCode("EPERM")];
  expect(log).toEqual([
    ["update", 0], 0, { received: 2, status: SENDREC, source: 7, type: 22, asynDone: 1, held: 1 }, 0, TTY, EINVAL, EINVAL, EPERM,
  ]);
});

it("[S07] knows who waits for an answer, and lets go of all but those that a successor names; who was not heard yet stays", () => {
  const log = takeOver(function* () {
    yield* allowState(PM);
    yield* receiveNoted();
    yield* receiveNoted();
    yield* ipc(RECEIVE, RS);
  }, function* (own) {
    for (const process of [VFS, 7, MEM, TTY, NONE]) own.push([process, yield* state(SYS_STATE_IS_WAITING, process)]);
    yield* store(BUFFER, Uint8Array.of(7, 0, 0, 0));
    own.push(yield* state(SYS_STATE_CLEAR_WAITERS, NONE, 4), yield* state(SYS_STATE_CLEAR_WAITERS, NONE, 3), yield* state(SYS_STATE_CLEAR_WAITERS, NONE, 8192));
    yield* ipc(SEND, 7 as Endpoint, newMessage(70));
    const heard = yield* ipc(RECEIVE, ANY);
    own.push(["heard", heard.message?.[0], heard.message?.[1]]);
  }, [[VFS, client(21)], [7, client(22)], [MEM, function* (own) {
    yield* wait(1);
    yield* client(23)(own);
  }], [TTY, function* () {
    yield* ipc(RECEIVE, ANY);
  }]]);
  const [EINVAL, ESRCH, EDEADSRCDST] = [errorCode("EINVAL"), errorCode("ESRCH"), errorCode("EDEADSRCDST")];
  expect(log).toEqual([
    ["update", 0], [VFS, 0], [7, 0], [MEM, ESRCH], [TTY, ESRCH], [NONE, ESRCH], 0, EINVAL, EINVAL,
    ["heard", MEM, 23], ["client", EDEADSRCDST, 21], ["client", 0, 70],
  ]);
});

it("[S07] lets a new version read what the running one grants to itself, from when their manager has said so to when they change places", () => {
  const read = (access: "safecopyfrom" | "safecopyto", from: Endpoint): Program<number> =>
    call(access, { process: from, segment: SEG_D, grant: 0 as GrantId, offset: 0, address: BUFFER as never, bytes: 1 });
  const named = (process: number, running: number): Program<number> =>
    call("statectl", { request: SYS_STATE_SUCCESSOR, process: process as Endpoint, grant: 0 as GrantId, length: running >>> 0, address: 0 as VirtAddr });
  const { log, kernel } = scene([[PM, function* () {
    yield* allowState(PM);
    yield* ipc(RECEIVE, RS);
  }], [MEM, function* () {
    yield* allowState(MEM);
    yield* ipc(RECEIVE, RS);
  }], [SPARE, function* (own) {
    yield* ipc(RECEIVE, RS);
    own.push("before", yield* read("safecopyfrom", PM), yield* state(SYS_STATE_PREDECESSOR, NONE, 4));
    yield* ipc(SENDREC, RS, newMessage(1));
    own.push("named", yield* read("safecopyfrom", PM), yield* state(SYS_STATE_PREDECESSOR, NONE, 3), yield* state(SYS_STATE_PREDECESSOR, NONE, 4));
    own.push(new Int32Array((yield* load(BUFFER, 4)).slice().buffer)[0], yield* read("safecopyto", PM), yield* read("safecopyfrom", MEM), yield* named(SPARE, MEM));
    yield* ipc(RECEIVE, RS);
    own.push("exchanged", yield* read("safecopyfrom", SPARE), yield* state(SYS_STATE_PREDECESSOR, NONE, 4));
  }]], function* (own) {
    yield* wait(2);
    yield* ipc(SEND, SPARE, newMessage(1));
    yield* ipc(RECEIVE, SPARE);
    own.push(yield* named(SPARE, SPARE), yield* named(SPARE, 77), yield* named(SPARE, SYSTEM), yield* named(SPARE, PM));
    yield* ipc(SEND, SPARE, newMessage(1));
    yield* wait(2);
    own.push(yield* call("update", { source: PM, target: SPARE }));
    yield* ipc(SEND, PM, newMessage(1));
    yield* wait(2);
  });
  kernel.check();
  const [EINVAL, EPERM, ESRCH] = [errorCode("EINVAL"), errorCode("EPERM"), errorCode("ESRCH")];
  // Where the two have changed places the grant names the endpoint at which the new one is: so it may read as ever.
  expect(log).toEqual(["before", EPERM, ESRCH, EINVAL, EINVAL, EPERM, 0, "named", 0, EINVAL, 0, PM, EPERM, EPERM, EPERM, 0, "exchanged", 0, ESRCH]);
});
