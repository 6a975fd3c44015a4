import { AMF_VALID, ANY, DATA_START, MEM, PM, RECEIVE, RS, SEND, SENDA, VFS, errorCode, newMessage, type Endpoint, type GrantId } from "@procyon-os/message";
import { CPF_DIRECT, CPF_READ, CPF_USED, CPF_VALID, VMCTL_VMINHIBIT_CLEAR, VMCTL_VMINHIBIT_SET, encodeGrant, signalMessage } from "@procyon-os/contract-kernel";
import { expect, it } from "vitest";
import type { DebugOptions, Plant } from "../src/options.ts";
import { PROCESS_START, WRITABLE } from "../src/testing/fake-vm.ts";
import { CODE, elf, incMemory, loopOver } from "../src/testing/guest.ts";
import { guestModule, hostedModule, ipc, load, store, sys } from "../src/testing/machine.ts";
import { paged } from "../src/testing/paged.ts";
import { asynTable, call, copy, receiveInto, scene, spawn, vmctl, wait } from "../src/testing/scene.ts";

const FAR = DATA_START + 0x8000;
const word = (bytes: Uint8Array): number => new DataView(bytes.slice().buffer).getInt32(0, true);

/** A page of PM's is exchanged; what a copy sees then. */
function exchangePage(debug: DebugOptions): unknown {
  const seen: unknown[] = [];
  const sleeper = hostedModule(PM, "pm", () => ipc(RECEIVE, RS));
  paged([sleeper], (vm) => vm.move(PM), function* (vm) {
    for (let round = 1; round <= 2; round++) {
      const page = vm.page();
      vm.kernel().memory.write32(page, round);
      yield* vmctl(PM, VMCTL_VMINHIBIT_SET);
      vm.map(PM, PROCESS_START + FAR, page);
      yield* vmctl(PM, VMCTL_VMINHIBIT_CLEAR);
      yield* copy(PM, FAR, RS, DATA_START, 4);
      seen.push(word(yield* load(DATA_START, 4)));
    }
  }, { debug });
  return seen;
}

/** A receiver passes over an asynchronous message of an inhibited sender. */
function inhibitedSender(debug: DebugOptions): unknown {
  const { log } = scene([
    [PM, function* () {
      yield* asynTable(DATA_START, [[VFS, 5, AMF_VALID]]);
      yield* ipc(SENDA, 1 as Endpoint, null, DATA_START);
    }],
    [VFS, function* (log) {
      yield* ipc(RECEIVE, RS);
      yield* receiveInto(log, PM);
    }],
  ], function* (log) {
    yield* wait(1);
    yield* vmctl(PM, VMCTL_VMINHIBIT_SET);
    yield* ipc(SEND, VFS, newMessage(1));
    yield* wait(1);
    log.push("inhibited");
    yield* vmctl(PM, VMCTL_VMINHIBIT_CLEAR);
  }, { debug });
  return log;
}

/** The stack of a handler has to be supplied first. */
function signalFrame(debug: DebugOptions): unknown {
  const seen: unknown[] = [];
  const guest = guestModule(PM, "guest", elf(loopOver(incMemory(CODE + 0x400)), 0x6000));
  paged([guest], (vm) => vm.move(PM, (page) => (page === (CODE + 0x4000) >> 12 ? 0 : WRITABLE)), function* () {
    yield* sys("runctl", { process: PM, action: 0, flags: 0 });
    const stackPointer = CODE + 0x4800;
    yield* store(DATA_START, signalMessage.encode({ signal: 10, mask: 0, handler: CODE, signalReturn: 0, stackPointer }));
    seen.push(yield* call("sigsend", { process: PM, message: DATA_START as never }));
    yield* copy(PM, stackPointer - 584 - 28 + 16, RS, FAR, 4);
    seen.push(word(yield* load(FAR, 4))); // the frame pointer that was
  }, { debug });
  return seen;
}

function grantOverTheTop(debug: DebugOptions): unknown {
  return scene([[PM, function* () {
    yield* store(DATA_START, encodeGrant({ kind: "direct", flags: CPF_USED | CPF_VALID | CPF_DIRECT | CPF_READ, to: MEM, start: 0xfffff000, length: 0x2000 }));
    yield* sys("setgrant", { table: DATA_START as never, entries: 1 });
  }], [MEM, function* (log) {
    yield* wait(2);
    log.push(yield* call("safecopyfrom", { process: PM, segment: 1, grant: 0 as GrantId, offset: 0x1800, address: FAR as never, bytes: 4 }));
  }]], undefined, { debug }).log;
}

/** A slot is used twice; who knew the first one must not reach the second. */
function secondLife(debug: DebugOptions): unknown {
  return scene([[PM, function* () {}]], function* (log) {
    yield* wait(1);
    const first = yield* spawn(PM, 20, "child");
    yield* sys("clear", { process: first });
    const second = yield* spawn(PM, 20, "child");
    log.push((yield* ipc(SEND, first, newMessage(1))).eax, (yield* ipc(SEND, second, newMessage(2))).eax);
  }, { debug, programs: { child: (log) => receiveInto(log, ANY) } }).log;
}

/** A running process changes its CPU. */
function changeCpu(debug: DebugOptions): unknown {
  return scene([[PM, elf([0xeb, 0xfe])]], function* (log) {
    for (const cpu of [1, 2, 3]) log.push(yield* call("schedctl", { flags: 1, process: PM, quantumMs: 200, priority: 15, cpu }));
  }, { debug: { ...debug, checkAlways: true }, cpuCount: 4, expect: "running", cycles: 1e5 }).log;
}

const DEAD = errorCode("EDEADSRCDST");
const cases: readonly (readonly [plant: Plant, run: (debug: DebugOptions) => unknown, right: unknown])[] = [
  ["staleTlb", exchangePage, [1, 2]],
  ["inhibited", inhibitedSender, ["inhibited", [PM, 5, SENDA]]],
  ["forgetAsync", inhibitedSender, ["inhibited", [PM, 5, SENDA]]],
  ["earlyEffect", signalFrame, [0, 0]],
  ["grantWrap", grantOverTheTop, [errorCode("EPERM")]],
  ["generation", secondLife, [[RS, 2, SEND], DEAD, 0]],
  ["leftBehind", changeCpu, [0, 0, 0]],
];

it.each(cases)("finds the planted mistake %s", (plant, run, right) => {
  const outcome = (debug: DebugOptions): unknown => {
    try {
      return run(debug);
    } catch (error) {
      return String(error).slice(0, 300);
    }
  };
  const good = outcome({});
  expect(Array.isArray(good) ? new Set(good.map((one) => JSON.stringify(one))) : good).toEqual(new Set((right as unknown[]).map((one) => JSON.stringify(one))));
  expect(outcome({ plant })).not.toEqual(good);
});
