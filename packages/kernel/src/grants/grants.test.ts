import { ANY, DATA_START, MEM, PM, RECEIVE, RS, SELF, SEND, VFS, errorCode, newMessage, type Endpoint, type GrantId, type Program } from "@procyon-os/message";
import { CPF_DIRECT, CPF_INDIRECT, CPF_MAGIC, CPF_READ, CPF_USED, CPF_VALID, CPF_WRITE, encodeGrant, safecopyElement, type GrantEntry } from "@procyon-os/contract-kernel";
import { expect, it } from "vitest";
import { hostedModule, ipc, load, machine, store, sys, testRs } from "../testing/machine.ts";

const TABLE = DATA_START + 0x1000;
const DATA = DATA_START + 0x2000;
const LIVE = CPF_USED | CPF_VALID;
const RW = CPF_READ | CPF_WRITE;

const direct = (to: Endpoint, start: number, length: number, access = RW): GrantEntry => ({ kind: "direct", flags: LIVE | CPF_DIRECT | access, to, start, length });
const indirect = (to: Endpoint, from: Endpoint, grant: number): GrantEntry => ({ kind: "indirect", flags: LIVE | CPF_INDIRECT, to, from, grant: grant as GrantId });

function* grants(entries: readonly GrantEntry[]): Program<void> {
  for (const [index, entry] of entries.entries()) yield* store(TABLE + index * 36, encodeGrant(entry));
  yield* sys("setgrant", { table: TABLE as never, entries: entries.length });
}

/** Processes with grant tables, and what MEM does once they have them. */
function scene(tables: readonly (readonly [slot: number, entries: readonly GrantEntry[]])[], act: (log: unknown[]) => Program<void>): unknown[] {
  const log: unknown[] = [];
  const granters = tables.map(([slot, entries]) =>
    hostedModule(slot, `g${slot}`, function* () {
      yield* grants(entries);
      yield* store(DATA, Uint8Array.of(11, 12, 13, 14, 15, 16, 17, 18));
      for (;;) yield* ipc(RECEIVE, RS);
    }),
  );
  const actor = hostedModule(MEM, "actor", function* () {
    yield* ipc(RECEIVE, RS);
    yield* act(log);
    for (;;) yield* ipc(RECEIVE, RS);
  });
  const rs = testRs([...granters, actor], function* () {
    yield* ipc(SEND, MEM, newMessage(1));
    for (;;) yield* ipc(RECEIVE, ANY);
  });
  const { run, kernel, printed } = machine([rs, ...granters, actor]);
  expect(run(3e7), printed.join("")).toMatchObject({ kind: "idle" });
  kernel.check();
  return log;
}

function* copyFrom(process: Endpoint, grant: number, offset: number, bytes: number, segment = 1): Program<number> {
  return (yield* sys("safecopyfrom", { process, segment, grant: grant as GrantId, offset, address: DATA_START as never, bytes }))[1] as number;
}

it("[K23] copies through a grant what it covers, and nothing else", () => {
  const [results, copied, back] = scene([
    [PM, [direct(MEM, DATA, 8), direct(VFS, DATA, 8), direct(MEM, DATA, 8, CPF_WRITE), direct(MEM, 0xfffffffe, 4), { kind: "unused", flags: 0 }]],
  ], function* (log) {
    const results = [
      yield* copyFrom(PM, 0, 2, 4), yield* copyFrom(PM, 0, 4, 5), yield* copyFrom(PM, 0, 0xffffffff, 2), yield* copyFrom(PM, 1, 0, 1),
      yield* copyFrom(PM, 2, 0, 1), yield* copyFrom(PM, 3, 0, 1), yield* copyFrom(PM, 4, 0, 1), yield* copyFrom(PM, 5, 0, 1),
      yield* copyFrom(PM, -1, 0, 1), yield* copyFrom(4711 as Endpoint, 0, 0, 1), yield* copyFrom(RS, 0, 0, 1), yield* copyFrom(PM, 0, 0, 0),
      yield* copyFrom(PM, 0, 0, 1, 0x400),
    ];
    log.push(results, [...(yield* load(DATA_START, 4))]);
    yield* store(DATA_START, Uint8Array.of(99));
    yield* sys("safecopyto", { process: PM, segment: 1, grant: 2 as GrantId, offset: 7, address: DATA_START as never, bytes: 1 });
    yield* copyFrom(PM, 0, 7, 1);
    log.push([...(yield* load(DATA_START, 1))]);
  });
  const P = errorCode("EPERM");
  const I = errorCode("EINVAL");
  expect(results).toEqual([0, P, P, P, P, P, P, P, I, I, P, errorCode("EDOM"), I]);
  expect(copied).toEqual([13, 14, 15, 16]);
  expect(back).toEqual([99]);
});

it("[K23] follows five indirect grants, not six, and only for those they were made for", () => {
  // Grants of VFS, in a chain: each stands for the one before; the first is PM's direct one, made for VFS.
  const chain = [indirect(ANY, PM, 0), indirect(ANY, VFS, 0), indirect(ANY, VFS, 1), indirect(ANY, VFS, 2), indirect(ANY, VFS, 3), indirect(ANY, VFS, 4)];
  const loop = indirect(ANY, VFS, 6);
  const wrong = indirect(RS, PM, 0);
  const [results] = scene([[PM, [direct(VFS, DATA, 8)]], [VFS, [...chain, loop, wrong]]], function* (log) {
    log.push([yield* copyFrom(VFS, 4, 0, 4), yield* copyFrom(VFS, 5, 0, 4), yield* copyFrom(VFS, 6, 0, 4), yield* copyFrom(VFS, 7, 0, 4)]);
  });
  expect(results).toEqual([0, errorCode("ELOOP"), errorCode("ELOOP"), errorCode("EPERM")]);
});

it("[K23] lets only VFS grant the memory of others", () => {
  const magic: GrantEntry = { kind: "magic", flags: LIVE | CPF_MAGIC | RW, from: PM, to: MEM, start: DATA, length: 8 };
  const [results, copied] = scene([[PM, []], [VFS, [magic]], [5, [magic]]], function* (log) {
    log.push([yield* copyFrom(VFS, 0, 1, 2), yield* copyFrom(5 as Endpoint, 0, 1, 2)], [...(yield* load(DATA_START, 2))]);
  });
  expect(results).toEqual([0, errorCode("EPERM")]);
  expect(copied).toEqual([12, 13]);
});

it("[K23] ends a vector of copies at its first error, and refuses vectors that are none", () => {
  const element = (from: Endpoint, to: Endpoint, grant: number, bytes: number): Uint8Array =>
    safecopyElement.encode({ from, to, grant: grant as GrantId, offset: 0, address: DATA_START + 0x100, bytes });
  const [results] = scene([[PM, [direct(MEM, DATA, 8)]]], function* (log) {
    const run = function* (elements: readonly Uint8Array[], count = elements.length): Program<unknown> {
      for (const [index, bytes] of elements.entries()) yield* store(DATA_START + index * 24, bytes);
      return (yield* sys("vsafecopy", { vector: DATA_START as never, elements: count }))[1];
    };
    log.push([
      yield* run([element(PM, SELF, 0, 4), element(SELF, PM, 0, 4)]), yield* run([element(SELF, SELF, 0, 4)]), yield* run([element(PM, PM, 0, 4)]),
      yield* run([element(PM, SELF, 0, 9)]), yield* run([], 0), yield* run([], -1), yield* run([], 65),
    ]);
  });
  const I = errorCode("EINVAL");
  expect(results).toEqual([0, I, I, errorCode("EPERM"), I, I, I]);
});
