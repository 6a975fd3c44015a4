import { ANY, DATA_START, PM, RECEIVE, RS, SEND, SENDREC, VFS, errorCode, newMessage, type Message } from "@procyon-os/message";
import { expect, it } from "vitest";
import { PRESENT, PROCESS_START, WRITABLE } from "../testing/fake-vm.ts";
import { CODE, elf, incMemory, loopOver, setMemory, storeEax, trap } from "../testing/guest.ts";
import { guestModule, hostedModule, ipc, load, machine, store, sys, testRs } from "../testing/machine.ts";
import { paged } from "../testing/paged.ts";

const HOSTED_PAGES = 18; // first page, 64 KB of data, stack
const FAR = DATA_START + 0x8000; // in a page of its own

it("[K21] sends VM a message for a fault of a guest, and the guest goes on where it was", () => {
  const HEAP = CODE + 0x3000;
  const guest = guestModule(PM, "guest", elf([...setMemory(HEAP, 42), ...incMemory(HEAP), ...trap(RECEIVE, RS, CODE + 0x400)], 0x3000));
  const { vm, test } = paged([guest], function* (vm) {
    yield* vm.move(PM, (page) => (page === HEAP >> 12 ? 0 : WRITABLE));
  }, function* () {});
  expect(vm.faults).toEqual([{ from: PM, address: PROCESS_START + HEAP, code: 6 }]);
  const page = vm.map(PM, 0x19000000 + 0x100000); // the page after the one that was given
  expect(test.kernel.memory.read32(page - 0x1000)).toBe(43);
});

it("[K08][K11] suspends a copy from and to absent memory of others, asks VM once for each side, and copies then", () => {
  const seen: unknown[] = [];
  const target = hostedModule(VFS, "target", function* () {
    yield* ipc(RECEIVE, RS);
    seen.push([...(yield* load(FAR, 4))]);
    yield* ipc(RECEIVE, RS);
  });
  const source = hostedModule(PM, "source", function* () {
    yield* ipc(RECEIVE, RS);
  });
  const { vm, test } = paged([source, target], function* (vm) {
    for (const slot of [PM, VFS]) yield* vm.move(slot, (page) => (page >= FAR >> 12 && page < (FAR >> 12) + 2 ? 0 : WRITABLE));
  }, function* () {
    const reply = yield* sys("vircopy", { source: PM, sourceSegment: 1, sourceAddress: FAR, target: VFS, targetSegment: 1, targetAddress: FAR, bytes: 4 });
    seen.push(reply[1]);
    yield* ipc(SEND, VFS, newMessage(1));
  });
  expect(vm.requests).toEqual([
    { target: PM, start: PROCESS_START + FAR, length: 4, write: 0 }, { target: VFS, start: PROCESS_START + FAR, length: 4, write: 1 },
  ]);
  expect(seen).toEqual([0, [0, 0, 0, 0]]);
  expect(test.kernel.counters.suspendedCalls).toBe(2);
});

it("[K08] asks VM for the memory of each text of CHECK_HOSTED, one after the other", () => {
  const seen: unknown[] = [];
  const other = FAR + 0x2000;
  const caller = hostedModule(PM, "caller", function* () {
    const request = { process: PM, reference: FAR, referenceBytes: 4, declared: other, declaredBytes: 4 } as const;
    seen.push((yield* sys("checkHosted", request as never))[1]);
  });
  const { vm, test } = paged([caller], function* (vm) {
    yield* vm.move(PM, (page) => (page === FAR >> 12 || page === other >> 12 ? 0 : WRITABLE));
  }, function* () {});
  expect(vm.requests).toEqual([other, FAR].map((address) => ({ target: PM, start: PROCESS_START + address, length: 4, write: 0 })));
  expect(seen).toEqual([errorCode("ENOENT")]);
  expect(test.kernel.counters.suspendedCalls).toBe(2);
});

it("gives the caller VM's error where the memory cannot be had", () => {
  const seen: unknown[] = [];
  const source = hostedModule(PM, "source", function* () {
    yield* ipc(RECEIVE, RS);
  });
  paged([source], function* (vm) {
    yield* vm.move(PM, (page) => (page === FAR >> 12 ? 0 : WRITABLE));
    vm.answer = () => errorCode("EFAULT");
  }, function* () {
    const request = { source: PM, sourceSegment: 1, sourceAddress: FAR, target: RS, targetSegment: 1, targetAddress: DATA_START, bytes: 4 };
    seen.push((yield* sys("vircopy", request))[1]);
    seen.push((yield* sys("vircopy", { ...request, sourceAddress: 0x7fff0000 }))[1]); // outside of its segments: nobody is asked
  });
  expect(seen).toEqual([errorCode("EFAULT"), errorCode("EFAULT")]);
});

it("[K10] copies between two processes that are not loaded, through both windows, also across 4 MB", () => {
  const seen: unknown[] = [];
  const bytes = Uint8Array.from({ length: 0x3000 }, (_, index) => (index * 7) & 0xff);
  const source = hostedModule(PM, "source", function* () {
    yield* ipc(RECEIVE, RS);
    yield* store(FAR, bytes);
    yield* ipc(SEND, RS, newMessage(1));
    yield* ipc(RECEIVE, RS);
  });
  const target = hostedModule(VFS, "target", function* () {
    yield* ipc(RECEIVE, RS);
    const copied = yield* load(FAR + 0x123, bytes.length);
    seen.push(copied.every((byte, index) => byte === bytes[index]));
    yield* ipc(RECEIVE, RS);
  });
  const { test } = paged([source, target], function* (vm) {
    // The far pages of the source lie around a 4 MB boundary: its segment begins that much below it.
    yield* vm.move(VFS);
    yield* vm.move(PM);
    const { map } = vm.kernel().processes.at(PM);
    const start = PROCESS_START + 0x400000 - FAR - 0x1000;
    const moved = new Uint32Array([0, 0, 0, 0, start >>> 12, HOSTED_PAGES, HOSTED_PAGES, (start >>> 12) + HOSTED_PAGES, 0]);
    for (let page = 0; page < HOSTED_PAGES; page++) vm.map(PM, start + page * 4096);
    map.set(moved);
  }, function* () {
    yield* ipc(SENDREC, PM, newMessage(1));
    const reply = yield* sys("vircopy", {
      source: PM, sourceSegment: 1, sourceAddress: FAR, target: VFS, targetSegment: 1, targetAddress: FAR + 0x123, bytes: bytes.length,
    });
    seen.push(reply[1]);
    yield* ipc(SEND, VFS, newMessage(1));
  });
  expect(seen).toEqual([0, true]);
  expect(test.kernel.counters.windowChanges).toBeGreaterThan(1);
});

it("[K05] asks VM for the buffer of a message, and ends in EFAULT where VM cannot help", () => {
  const BUFFER = CODE + 0x2000;
  const RESULT = CODE + 0x600;
  const receive = [...trap(RECEIVE, RS, BUFFER), ...storeEax(RESULT)];
  const guest = guestModule(PM, "guest", elf([...receive, ...trap(RECEIVE, RS, BUFFER + 0x1000), ...storeEax(RESULT + 4), ...loopOver(trap(RECEIVE, RS, CODE + 0x400))], 0x4000));
  const results: number[] = [];
  const { vm } = paged([guest], function* (vm) {
    // The first buffer is read-only for now, as after a fork; the second VM cannot give.
    yield* vm.move(PM, (page) => (page === BUFFER >> 12 ? PRESENT : page === (BUFFER >> 12) + 1 ? 0 : WRITABLE));
    vm.answer = (_slot, address) => (address === PROCESS_START + BUFFER ? 0 : errorCode("ENOMEM"));
  }, function* () {
    yield* ipc(SEND, PM, newMessage(7));
    yield* ipc(SEND, PM, newMessage(8));
    yield* ipc(SEND, PM, newMessage(9));
    for (const sourceAddress of [RESULT, RESULT + 4, BUFFER + 4]) {
      yield* sys("vircopy", { source: PM, sourceSegment: 1, sourceAddress, target: RS, targetSegment: 1, targetAddress: DATA_START, bytes: 4 });
      results.push(new Int32Array((yield* load(DATA_START, 4)).slice().buffer)[0] as number);
    }
  });
  expect(vm.requests).toHaveLength(2);
  expect(results).toEqual([0, errorCode("EFAULT"), 7]);
});

it("goes on with a load of a hosted program when VM has mapped what was missing", () => {
  const seen: unknown[] = [];
  const hosted = hostedModule(PM, "hosted", function* () {
    yield* store(FAR - 4, Uint8Array.from({ length: 0x2000 }, () => 9));
    seen.push((yield* load(FAR - 4, 0x2000)).every((byte) => byte === 9));
    yield* ipc(RECEIVE, RS);
  });
  const { vm } = paged([hosted], function* (vm) {
    yield* vm.move(PM, (page) => (page === FAR >> 12 || page === (FAR >> 12) + 1 ? 0 : WRITABLE));
  }, function* () {});
  expect(seen).toEqual([true]);
  expect(vm.faults.map(({ address }) => address)).toEqual([PROCESS_START + FAR, PROCESS_START + FAR + 0x1000]);
});

it("restarts every kernel call once without changing what comes of it", () => {
  const outcome = (restartCalls: boolean): unknown => {
    const seen: unknown[] = [];
    const hosted = hostedModule(PM, "hosted", function* () {
      const message = (yield* ipc(RECEIVE, RS)).message as Message;
      seen.push(message[1], [...(yield* load(FAR, 3))]);
      yield* ipc(RECEIVE, RS);
    });
    paged([hosted], function* (vm) {
      yield* vm.move(PM);
    }, function* () {
      yield* store(DATA_START, Uint8Array.of(1, 2, 3));
      const copy = { source: RS, sourceSegment: 1, sourceAddress: DATA_START, target: PM, targetSegment: 1, targetAddress: FAR, bytes: 3 };
      seen.push((yield* sys("vircopy", copy))[1], (yield* sys("getinfo", { what: 19, address: 0 as never, maxBytes: 0, process: RS }))[2]);
      yield* ipc(SEND, PM, newMessage(5));
    }, { debug: { restartCalls, checkAlways: true } });
    return seen;
  };
  expect(outcome(true)).toEqual(outcome(false));
});

it("[K34] gives the same trace for the same seed, on one CPU and on four", () => {
  const trace = (cpuCount: number, seed: number): string => {
    const spin = guestModule(PM, "spin", elf(loopOver(incMemory(CODE + 0x2000)), 0x3000));
    const other = guestModule(VFS, "other", elf(loopOver(trap(RECEIVE, RS, CODE + 0x400))));
    const modules = [spin, other];
    const rs = testRs(modules, function* () {
      yield* sys("schedctl", { flags: 1, process: PM, quantumMs: 5, priority: 15, cpu: cpuCount - 1 });
      for (let round = 0; round < 20; round++) {
        yield* sys("setalarm", { expiresAt: 1 as never, absolute: false });
        yield* ipc(RECEIVE, -3 as never);
        yield* ipc(SEND, VFS, newMessage(round));
      }
      yield* ipc(RECEIVE, ANY);
    });
    const { kernel } = machine([rs, ...modules], { cpuCount, seed, trace: true, debug: {} });
    kernel.run(4e6);
    return kernel.traceHash();
  };
  expect(trace(1, 1)).toBe(trace(1, 1));
  const four = trace(4, 1);
  expect([trace(4, 1), trace(4, 1)]).toEqual([four, four]);
});
