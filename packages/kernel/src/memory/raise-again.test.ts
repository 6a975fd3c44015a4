import { VMCTL_GET_SLOT, VMCTL_MEMREQ_GET, VMCTL_RAISE_AGAIN } from "@procyon-os/contract-kernel";
import { ANY, errorCode, PM, RECEIVE, RS, SELF, VM, type Program } from "@procyon-os/message";
import { expect, it } from "vitest";
import { WRITABLE, PROCESS_START } from "../testing/fake-vm.ts";
import { CODE, elf, incMemory, setMemory, trap } from "../testing/guest.ts";
import { guestModule, hostedModule, ipc, sys } from "../testing/machine.ts";
import { paged } from "../testing/paged.ts";

const FAR = 0x8000;
const vmctl = (parameter: number, value = 0) => sys("vmctl", { process: SELF, parameter, value, address: 0 });

it("[R10] a page fault that a VM took and did not answer comes again when the next one says so", () => {
  const HEAP = CODE + 0x3000;
  const guest = guestModule(PM, "guest", elf([...setMemory(HEAP, 42), ...incMemory(HEAP), ...trap(RECEIVE, RS, CODE + 0x400)], 0x3000));
  const { vm, test } = paged([guest], function* (vm) {
    yield* vm.move(PM, (page) => (page === HEAP >> 12 ? 0 : WRITABLE));
  }, function* () {}, {
    *serve(vm) {
      yield* ipc(RECEIVE, ANY); // the fault, which is forgotten
      yield* vmctl(VMCTL_RAISE_AGAIN);
      yield* vm.serve();
    },
  });
  expect(vm.faults).toEqual([{ from: PM, address: PROCESS_START + HEAP, code: 6 }]);
  expect(test.kernel.memory.read32(vm.map(PM, 0x19000000 + 0x100000) - 0x1000)).toBe(43);
});

it("[R10] a memory request that a VM fetched and did not answer is on the list again, and VM hears of it", () => {
  const seen: unknown[] = [];
  const source = hostedModule(PM, "source", function* () {
    yield* ipc(RECEIVE, RS);
  });
  const { vm } = paged([source], function* (vm) {
    yield* vm.move(PM, (page) => (page === FAR >> 12 ? 0 : WRITABLE));
  }, function* () {
    const request = { source: PM, sourceSegment: 1, sourceAddress: FAR, target: RS, targetSegment: 1, targetAddress: 0x2000, bytes: 4 };
    seen.push((yield* sys("vircopy", request))[1]);
  }, {
    *serve(vm): Program<unknown> {
      yield* ipc(RECEIVE, ANY);
      seen.push((yield* vmctl(VMCTL_MEMREQ_GET))[2], (yield* vmctl(VMCTL_MEMREQ_GET))[1]); // taken, and forgotten
      yield* vmctl(VMCTL_RAISE_AGAIN);
      return yield* vm.serve();
    },
  });
  expect(seen).toEqual([PM, errorCode("ESRCH"), 0]);
  expect(vm.requests).toHaveLength(1);
});

it("[R10] tells who is in a slot, and lets nobody but VM raise faults again", () => {
  const seen: unknown[] = [];
  paged([], function* () {
    const vm = yield* vmctl(VMCTL_GET_SLOT, VM);
    seen.push(vm[1], vm[2], (vm[4] as number) > 0, (yield* vmctl(VMCTL_GET_SLOT, 200))[1], (yield* vmctl(VMCTL_GET_SLOT, 256))[1]);
  }, function* () {
    seen.push((yield* vmctl(VMCTL_RAISE_AGAIN))[1]);
  });
  expect(seen).toEqual([0, VM, true, errorCode("ESRCH"), errorCode("EINVAL"), errorCode("EINVAL")]);
});
