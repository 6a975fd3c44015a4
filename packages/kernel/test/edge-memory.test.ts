import { ANY, DATA_START, MEM, NONE, PM, RECEIVE, RS, SEND, SIGSEGV, SIGSNDELAY, SYSTEM, TTY, VFS, VM, errorCode, newMessage, type Endpoint, type Message, type Program } from "@procyon-os/message";
import {
  LOCAL_VM_SEG, PHYS_SEG, RC_DELAY, RC_STOP, RTS_PAGEFAULT, RTS_SLOT_FREE, VMCTL_CLEAR_PAGEFAULT, VMCTL_FLUSHTLB, VMCTL_VMINHIBIT_CLEAR, VMCTL_VMINHIBIT_SET,
  VM_PAGEFAULT, signalMessage,
} from "@procyon-os/contract-kernel";
import { expect, it } from "vitest";
import { PRESENT, PROCESS_START, WRITABLE, type FakeVm } from "../src/testing/fake-vm.ts";
import { CODE, elf, incMemory, int, loadEax, loopOver, movEax, setMemory, storeEax, trap } from "../src/testing/guest.ts";
import { guestModule, hostedModule, ipc, load, store, sys } from "../src/testing/machine.ts";
import { paged } from "../src/testing/paged.ts";
import { call, copy, vmctl, wait } from "../src/testing/scene.ts";

const EFAULT = errorCode("EFAULT");
const EINVAL = errorCode("EINVAL");
const FAR = DATA_START + 0x8000;
const BUFFER = CODE + 0x400;
const absent = (...pages: readonly number[]) => (page: number): number => (pages.some((one) => page === one >> 12) ? 0 : WRITABLE);
const sleeper = (slot: number) => hostedModule(slot, `s${slot}`, function* () {
  for (;;) yield* ipc(RECEIVE, RS);
});
const words = (bytes: Uint8Array): number[] => [...new Int32Array(bytes.slice().buffer)];

it("[K06] E25: where the message of a kernel call can be read and not written, the caller gets SIGSEGV, once", () => {
  const READ_ONLY = CODE + 0x3000;
  const guest = guestModule(PM, "guest", elf([...movEax(READ_ONLY), ...int(32), ...loopOver(incMemory(BUFFER))], 0x4000));
  const seen: unknown[] = [];
  const { test } = paged([guest], function* (vm) {
    yield* vm.move(PM, (page) => (page === READ_ONLY >> 12 ? PRESENT : WRITABLE));
  }, function* () {
    const { message } = yield* ipc(RECEIVE, SYSTEM);
    const reply = yield* sys("getksig", {});
    seen.push(message?.[0], reply[2], reply[5], (yield* sys("getksig", {}))[2]);
  });
  expect(seen).toEqual([SYSTEM, PM, 1 << SIGSEGV, NONE]);
  expect(test.kernel.counters.kernelCalls).toBeLessThan(200);
});

it("[K08] E27, E28: source, then target are missing: two suspensions and one result; VM's error is the caller's", () => {
  const seen: unknown[] = [];
  const { vm, test } = paged([sleeper(PM), sleeper(VFS)], function* (vm) {
    for (const slot of [PM, VFS]) yield* vm.move(slot, absent(FAR));
  }, function* (vm) {
    seen.push(yield* copy(PM, FAR, VFS, FAR, 4));
    vm.answer = () => errorCode("ENOMEM");
    seen.push(yield* copy(PM, FAR + 0x100, VFS, FAR, 4)); // both are there now
  });
  expect(seen).toEqual([0, 0]);
  expect(vm.requests).toMatchObject([{ target: PM, write: 0 }, { target: VFS, write: 1 }]);
  expect(test.kernel.counters.suspendedCalls).toBe(2);
});

it("[K08] E28a: two that copy into each other's missing memory both get there", () => {
  const seen: unknown[] = [];
  const partner = (slot: number, other: number) => hostedModule(slot, `p${slot}`, function* () {
    yield* ipc(RECEIVE, RS);
    yield* store(DATA_START, Uint8Array.of(slot + 1));
    seen.push([slot, yield* copy(slot, DATA_START, other, FAR, 1)]);
    yield* ipc(RECEIVE, RS);
    seen.push([slot, [...(yield* load(FAR, 1))]]);
    yield* ipc(RECEIVE, RS);
  });
  paged([partner(PM, VFS), partner(VFS, PM)], function* (vm) {
    for (const slot of [PM, VFS]) yield* vm.move(slot, absent(FAR));
  }, function* () {
    for (let round = 0; round < 2; round++) {
      for (const slot of [PM, VFS]) yield* ipc(SEND, slot as Endpoint, newMessage(1));
      yield* wait(2);
    }
  });
  expect(seen).toHaveLength(4);
  expect(seen).toEqual(expect.arrayContaining([[PM, 0], [VFS, 0], [PM, [VFS + 1]], [VFS, [PM + 1]]]));
});

it("E29: a copy between physical memory and memory that is not there waits for the one side", () => {
  const seen: unknown[] = [];
  const { vm } = paged([sleeper(PM)], function* (vm) {
    yield* vm.move(PM, absent(FAR));
    vm.kernel().memory.write32(0x700000, 0x1234);
  }, function* () {
    const request = { source: NONE, sourceSegment: PHYS_SEG, sourceAddress: 0x700000, target: PM, targetSegment: 1, targetAddress: FAR, bytes: 4 };
    seen.push(yield* call("physcopy", request), yield* copy(PM, FAR, RS, DATA_START, 4), ...words(yield* load(DATA_START, 4)));
  });
  expect(seen).toEqual([0, 0, 0x1234]);
  expect(vm.requests).toHaveLength(1);
});

it("[K08] E30: a call that runs again is the one that was made, whatever its message says by now", () => {
  const result = CODE + 0x800;
  const field = (at: number, value: number): number[] => setMemory(BUFFER + at, value);
  const guest = guestModule(PM, "guest", elf([
    ...field(4, 0x60f), ...field(8, 1 | (1 << 16)), ...field(12, VFS), ...field(16, PM), ...field(20, FAR), ...field(24, CODE + 0xa00), ...field(28, 4),
    ...movEax(BUFFER), ...int(32), ...loadEax(BUFFER + 4), ...storeEax(result), ...loopOver(trap(RECEIVE, RS, CODE + 0xc00)),
  ], 0x4000));
  const seen: unknown[] = [];
  paged([guest, sleeper(VFS)], function* (vm) {
    yield* vm.move(PM);
    yield* vm.move(VFS, absent(FAR));
    vm.answer = () => {
      // While the call waits, the program's message becomes nonsense.
      const { kernel } = { kernel: vm.kernel() };
      const process = kernel.processes.at(PM);
      const found = find(vm, (process.map[4] as number) * 4096 + BUFFER - (process.map[3] as number) * 4096);
      for (let word = 2; word < 9; word++) kernel.memory.write32(found + word * 4, 0x7777);
      return 0;
    };
  }, function* () {
    yield* wait(3);
    seen.push(yield* copy(PM, result, RS, DATA_START, 4), ...words(yield* load(DATA_START, 4)));
  });
  expect(seen).toEqual([0, 0]);
});

/** The physical address of a page of PM's, from its page table. */
function find(vm: FakeVm, linear: number): number {
  const { memory } = vm.kernel();
  const table = (memory.read32(vm.directory(PM) + (linear >>> 22) * 4) & ~0xfff) >>> 0;
  return ((memory.read32(table + ((linear >>> 12) & 0x3ff) * 4) & ~0xfff) >>> 0) + (linear & 0xfff);
}

it("[K31] E31: the frame of a handler is right also where VM has to supply the stack first", () => {
  const guest = guestModule(PM, "guest", elf(loopOver(incMemory(BUFFER)), 0x6000));
  const seen: unknown[] = [];
  const { vm } = paged([guest], function* (vm) {
    yield* vm.move(PM, absent(CODE + 0x4000));
  }, function* (vm) {
    yield* sys("schedctl", { flags: 1, process: PM, quantumMs: 200, priority: 15, cpu: -1 });
    yield* wait(1);
    yield* sys("runctl", { process: PM, action: 0, flags: 0 });
    const process = vm.kernel().processes.at(PM);
    const [pc, bp] = [process.frame[11], process.frame[4]];
    const stackPointer = CODE + 0x4800;
    yield* store(DATA_START, signalMessage.encode({ signal: 10, mask: 0x55, handler: CODE, signalReturn: 0x99, stackPointer }));
    seen.push(yield* call("sigsend", { process: PM, message: DATA_START as never }));
    yield* copy(PM, stackPointer - 584 - 28, RS, FAR, 28 + 72);
    const frame = words(yield* load(FAR, 28 + 72));
    seen.push(frame[0] === 0x99, frame[1], frame[4] === bp, frame[5] === pc, frame[8], frame[9 + 11] === pc);
  });
  expect(seen).toEqual([0, true, 10, true, true, 0x55, true]);
  expect(vm.requests).toHaveLength(1);
});

it("[K10] E32: a copy of more than 4 MB, at different offsets on both sides, is whole", () => {
  const MB5 = 0x500000;
  const seen: unknown[] = [];
  paged([sleeper(PM), sleeper(VFS)], function* (vm) {
    const { memory, processes } = vm.kernel();
    for (const [slot, start, physical] of [[PM, PROCESS_START + 0x123000, 0x2000000], [VFS, PROCESS_START + 0x3ff000, 0x2600000]] as const) {
      yield* vm.move(slot);
      for (let at = 0; at < MB5 + 0x1000; at += 0x1000) vm.map(slot, start + at, physical + at);
      processes.at(slot).map.set([0, 0, 0, 0, start >>> 12, (MB5 >>> 12) + 1, (MB5 >>> 12) + 1, (start + MB5 + 0x1000) >>> 12, 0]);
    }
    for (let at = 0; at < MB5; at += 4) memory.write32(0x2000000 + at, at);
  }, function* (vm) {
    seen.push(yield* copy(PM, 8, VFS, 0x7f4, MB5 - 8));
    const { memory } = vm.kernel();
    let wrong = 0;
    for (let at = 8; at < MB5; at += 4) if (memory.read32(0x2600000 + 0x7f4 + at - 8) !== at) wrong++;
    seen.push(wrong, memory.read32(0x2600000 + 0x7f0), memory.read32(0x2600000 + 0x7f4 + MB5 - 8));
  }, { memoryBytes: 0x4000000 });
  expect(seen).toEqual([0, 0, 0, 0]);
});

it("[K10][K12] E33: copies within the space that is loaded, and between two that are not, are right, and the loaded one stays", () => {
  const seen: unknown[] = [];
  let windows = (): number => 0; // how often one was opened
  const inside = hostedModule(PM, "inside", function* () {
    yield* ipc(RECEIVE, RS);
    yield* store(FAR, Uint8Array.of(1, 2, 3));
    const before = windows();
    seen.push(yield* copy(PM, FAR, PM, DATA_START + 0x10, 3), [...(yield* load(DATA_START + 0x10, 3))]);
    expect(windows()).toBe(before); // what is loaded needs none
    // Two others: RS has no table of its own and uses this one.
    seen.push(yield* copy(VFS, FAR, MEM, FAR, 3), yield* copy(MEM, FAR, PM, FAR, 3), [...(yield* load(FAR, 3))]);
    yield* ipc(RECEIVE, RS);
  });
  const filled = hostedModule(VFS, "filled", function* () {
    yield* store(FAR, Uint8Array.of(7, 8, 9));
    yield* ipc(RECEIVE, RS);
  });
  const { test } = paged([filled, sleeper(MEM), inside], function* (vm) {
    const { counters } = vm.kernel();
    windows = () => counters.windowChanges + counters.windowReuses;
    for (const slot of [PM, VFS, MEM]) yield* vm.move(slot);
  }, function* () {
    yield* wait(1);
    yield* ipc(SEND, PM, newMessage(1));
    yield* wait(1);
  });
  expect(seen).toEqual([0, [1, 2, 3], 0, 0, [7, 8, 9]]);
  expect(windows()).toBeGreaterThan(2);
  const [{ pageTableOwner, cpu }] = test.kernel.cpus as unknown as readonly [{ pageTableOwner: { cr3: number }; cpu: { cr3: number } }];
  expect(cpu.cr3).toBe(pageTableOwner.cr3);
});

it("[K11] E34: a source that is read-only for now is asked for reading only", () => {
  const { vm } = paged([sleeper(PM)], function* (vm) {
    yield* vm.move(PM, absent(FAR));
  }, function* () {
    expect(yield* copy(PM, FAR, RS, DATA_START, 4)).toBe(0);
  });
  expect(vm.requests).toMatchObject([{ target: PM, write: 0 }]);
});

it("E36: SYS_UMAP of a page that is not there is EFAULT, and gives the physical address of one that is", () => {
  const seen: unknown[] = [];
  const asking = hostedModule(PM, "asks", function* () {
    const ask = function* (address: number, bytes: number): Program<void> {
      const reply = yield* sys("umap", { process: PM, segment: LOCAL_VM_SEG | 1, address, bytes });
      const own = yield* sys("umap", { process: 35534 as Endpoint, segment: LOCAL_VM_SEG | 1, address, bytes });
      seen.push(reply[1], own[1], own[1] === 0 ? (own[6] as number) % 4096 : null);
    };
    yield* ask(FAR + 0x123, 4);
    yield* ask(DATA_START + 0x123, 4);
    yield* ipc(RECEIVE, RS);
  });
  paged([asking], function* (vm) {
    yield* vm.move(PM, absent(FAR));
  }, function* () {});
  expect(seen).toEqual([errorCode("EPERM"), EFAULT, null, errorCode("EPERM"), 0, 0x123]);
});

it("[K08] E47: a process that goes away while VM has its request leaves the others' alone", () => {
  const seen: unknown[] = [];
  const copier = (slot: number) => hostedModule(slot, `c${slot}`, function* () {
    yield* ipc(RECEIVE, RS);
    seen.push([slot, yield* copy(MEM, FAR + slot * 0x1000, slot, DATA_START, 4)]);
    yield* ipc(RECEIVE, RS);
  });
  const { vm, test } = paged([sleeper(MEM), copier(PM), copier(VFS), copier(TTY)], function* (vm) {
    yield* vm.move(MEM, absent(FAR, FAR + 0x1000, FAR + 0x5000));
  }, function* () {
    yield* wait(1);
    for (const slot of [PM, VFS, TTY]) yield* ipc(SEND, slot as Endpoint, newMessage(1));
    yield* wait(3); // VM sleeps: three requests wait
    yield* sys("clear", { process: VFS });
    yield* wait(6);
  }, {
    serve: function* (vm) {
      yield* wait(6);
      yield* vm.serve();
    },
  });
  expect(seen).toEqual(expect.arrayContaining([[PM, 0], [TTY, 0]]));
  expect(seen).toHaveLength(2);
  expect(vm.requests).toHaveLength(2);
  expect(test.kernel.processes.at(VFS).rts).toBe(RTS_SLOT_FREE);
});

it("[K15] E48: paging comes on with an interrupt pending and the same table known already, in one call, without a fault", () => {
  const { test } = paged([], function* () {}, function* () {
    yield* wait(2);
  }, {});
  expect(test.kernel.vmRunning).toBe(true);
  expect(test.kernel.clock.uptime).toBeGreaterThanOrEqual(2);
  const { cpu, pageTableOwner } = test.kernel.cpus[0]!;
  expect(cpu.cr3).toBe(pageTableOwner?.cr3);
  expect(cpu.cr0 & 0x80010000).toBe(0x80010000 | 0); // PG and WP
  expect(cpu.cr4 & 0x90).toBe(0x90); // PSE and PGE
  expect(test.kernel.processes.at(VM).map[4]).toBe(PROCESS_START / 4096); // the new memory map is VM's
});

it("[K17] E50, E72: a page that VM exchanges between INHIBIT_SET and CLEAR is the one that the next copy sees", () => {
  const seen: unknown[] = [];
  for (const cpuCount of [1, 2]) {
    paged([sleeper(PM), sleeper(VFS)], function* (vm) {
      yield* vm.move(PM);
      yield* vm.move(VFS);
    }, function* (vm) {
      const linear = PROCESS_START + FAR;
      const { memory } = vm.kernel();
      if (cpuCount > 1) yield* sys("schedctl", { flags: 1, process: RS, quantumMs: 200, priority: 7, cpu: 1 });
      for (let round = 1; round <= 3; round++) {
        const page = vm.page();
        memory.write32(page, round);
        yield* vmctl(PM, VMCTL_VMINHIBIT_SET);
        vm.map(PM, linear, page);
        yield* vmctl(PM, VMCTL_VMINHIBIT_CLEAR);
        seen.push(yield* copy(PM, FAR, VFS, FAR + round * 4, 4), yield* copy(PM, FAR, RS, DATA_START, 4), ...words(yield* load(DATA_START, 4)));
      }
    }, { cpuCount });
  }
  expect(seen).toEqual([0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 1, 0, 0, 2, 0, 0, 3]);
});

it("[K12] E55: a fault in a boot service without a table of its own, and in VM, is its own SIGSEGV", () => {
  const seen: unknown[] = [];
  // Its segment reaches behind the end of memory.
  const guest = guestModule(PM, "guest", elf([...loadEax(0x1800000)], 0x1000));
  const { test } = paged([guest], function* (vm) {
    const process = vm.kernel().processes.at(PM);
    process.map.set([(process.map[5] as number) + 0x2000], 5);
    process.map.set([(process.map[6] as number) + 0x2000, (process.map[7] as number) + 0x2000], 6);
    vm.kernel().updateSegments(process);
  }, function* () {
    yield* ipc(RECEIVE, SYSTEM);
    const reply = yield* sys("getksig", {});
    seen.push(reply[2], reply[5]);
    yield* sys("clear", { process: PM });
  });
  expect(seen).toEqual([PM, 1 << SIGSEGV]);
  expect(test.printed.join("")).toMatch(/pagefault in g\S*\(0\)|pagefault in guest\(0\)/);
});

it("[K21] E56, E57: a faulting process that is queued at VM is not stopped with delay, SIGSNDELAY follows; a dead one is not cleared", () => {
  const HEAP = CODE + 0x3000;
  const seen: unknown[] = [];
  const guest = guestModule(PM, "guest", elf([...setMemory(HEAP, 42), ...loopOver(trap(RECEIVE, RS, BUFFER))], 0x4000));
  const other = guestModule(VFS, "other", elf([...setMemory(HEAP, 42), ...loopOver(trap(RECEIVE, RS, BUFFER))], 0x4000));
  const { vm } = paged([guest, other], function* (vm) {
    for (const slot of [PM, VFS]) yield* vm.move(slot, absent(HEAP));
  }, function* (vm) {
    yield* wait(2);
    const process = vm.kernel().processes.at(PM);
    seen.push((process.rts & RTS_PAGEFAULT) !== 0, yield* call("runctl", { process: PM, action: RC_STOP, flags: RC_DELAY }));
    yield* ipc(RECEIVE, SYSTEM);
    const reply = yield* sys("getksig", {});
    seen.push(reply[2], reply[5], yield* call("endksig", { process: PM }));
  }, {
    serve: function* (vm) {
      yield* wait(5);
      yield* ipc(RECEIVE, PM);
      yield* sys("clear", { process: VFS });
      seen.push(yield* vmctl(VFS, VMCTL_CLEAR_PAGEFAULT));
      vm.map(PM, PROCESS_START + HEAP);
      yield* vmctl(PM, VMCTL_CLEAR_PAGEFAULT);
      seen.push(yield* vmctl(PM, VMCTL_CLEAR_PAGEFAULT));
      yield* vm.serve();
    },
  });
  expect(seen.slice(0, 2)).toEqual([true, errorCode("EBUSY")]);
  expect(seen.slice(2)).toEqual(expect.arrayContaining([EINVAL, EINVAL, PM, 1 << SIGSNDELAY, 0]));
  expect(vm.kernel().processes.at(PM).rts & RTS_PAGEFAULT).toBe(0);
});

it("[K21] E23: a page fault carries the kernel's mark, at once and from VM's queue; the same type from a program does not", () => {
  const HEAP = CODE + 0x3000;
  const seen: unknown[] = [];
  const faulting = (slot: number) => guestModule(slot, `g${slot}`, elf([...setMemory(HEAP, 42), ...loopOver(trap(RECEIVE, RS, BUFFER))], 0x4000));
  const forger = hostedModule(MEM, "forger", function* () {
    yield* ipc(SEND, VM, newMessage(VM_PAGEFAULT));
    yield* ipc(RECEIVE, RS);
  });
  paged([faulting(PM), faulting(VFS), forger], function* (vm) {
    for (const slot of [PM, VFS]) yield* vm.move(slot, absent(HEAP));
  }, function* () {}, {
    serve: function* () {
      for (let round = 0; round < 3; round++) {
        const { message, ebx } = yield* ipc(RECEIVE, ANY);
        seen.push([(message as Message)[0], (message as Message)[1], ebx]);
        yield* wait(1); // the next one is queued by then
      }
      for (;;) yield* ipc(RECEIVE, ANY);
    },
  });
  const MARK = 0x10000;
  expect(seen).toHaveLength(3);
  expect(seen).toEqual(expect.arrayContaining([[PM, VM_PAGEFAULT, SEND | MARK], [VFS, VM_PAGEFAULT, SEND | MARK], [MEM, VM_PAGEFAULT, SEND]]));
});

it("E78: a copy to a process whose memory VM is changing waits until VM is done", () => {
  const seen: unknown[] = [];
  const copier = hostedModule(VFS, "copier", function* () {
    yield* ipc(RECEIVE, RS);
    seen.push("copies");
    seen.push(yield* copy(VFS, DATA_START, PM, FAR, 4));
    yield* ipc(RECEIVE, RS);
  });
  paged([sleeper(PM), copier], function* (vm) {
    yield* vm.move(PM);
    yield* vm.move(VFS);
  }, function* () {
    yield* wait(1);
    yield* vmctl(PM, VMCTL_VMINHIBIT_SET);
    yield* ipc(SEND, VFS, newMessage(1));
    yield* wait(2);
    seen.push("not yet");
    yield* vmctl(PM, VMCTL_VMINHIBIT_CLEAR);
    yield* wait(2);
  });
  expect(seen).toEqual(["copies", "not yet", 0]);
});

it("[K18] counts the flushes that a change makes necessary, and those that were saved", () => {
  const { test } = paged([sleeper(PM), sleeper(VFS)], function* (vm) {
    yield* vm.move(PM);
    yield* vm.move(VFS);
  }, function* (vm) {
    const { counters } = vm.kernel();
    const before = counters.cr3Loads;
    for (let round = 0; round < 10; round++) yield* copy(PM, FAR, VFS, FAR, 4); // the same windows again and again
    expect(counters.cr3Loads - before).toBeLessThan(8);
    expect(counters.windowReuses).toBeGreaterThan(10);
    const loads = counters.cr3Loads;
    yield* vmctl(VM, VMCTL_FLUSHTLB);
    expect(counters.cr3Loads).toBe(loads + 1);
  });
  expect(test.kernel.counters.cr3LoadsSaved).toBeGreaterThan(0);
});

