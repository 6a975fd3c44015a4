import { basicVmCalls, vmCallMask } from "@procyon-os/contract-vm";
import { PFF_EXEC_ONLY, PFF_VMINHIBIT } from "@procyon-os/contract-kernel";
import { fail, MESSAGE_BYTES, NONE, NR_PROCS, ok, SELF, type Program, type VirtAddr } from "@procyon-os/message";
import { kernel } from "@procyon-os/syslib";
import { values } from "../avl.ts";
import { enoughFrames } from "../frames.ts";
import type { VmHandlers } from "../handlers.ts";
import { bind, flushTables, newSpace, showDirectory } from "../page-table.ts";
import { freeSpace, lookUp, mapArgument, pageOf } from "../processes.ts";
import { reserveFor } from "../reserve.ts";
import { makeResident } from "../resident.ts";
import { framesToShare, shareRegion } from "../share-region.ts";
import { VMF_HAS_DMA, type AddressSpace, type VmProcess, type VmState } from "../state.ts";

/** Frames that the reply's message may need: two pages each of parent and child, and a table for each. */
const MESSAGE_FRAMES = 8;

/** The child's address space, or null where memory is full; then nothing has changed. */
function* forkSpace(vm: VmState, parent: VmProcess, execOnly: boolean): Program<AddressSpace | null> {
  const regions = execOnly ? [] : values(parent.space.regions);
  let needed = execOnly ? 1 : 1 + parent.space.tables.size + MESSAGE_FRAMES;
  for (const region of regions) needed += framesToShare(vm, parent.space, region);
  if (!enoughFrames(vm, needed + reserveFor(vm, parent))) return null;
  const space = newSpace(vm);
  for (const region of space === null ? [] : regions) {
    if (space === null || (yield* shareRegion(vm, parent.space, space, region))) continue;
    freeSpace(vm, space);
    yield* flushTables(vm);
    return null;
  }
  return space;
}

/** Both get their reply in a message buffer of their own, which must be there: a message cannot wait for VM. */
function* touchMessage(vm: VmState, process: VmProcess, address: number): Program<void> {
  const first = pageOf(process, address);
  yield* makeResident(vm, process.space, first, pageOf(process, address + MESSAGE_BYTES - 1) + 1, true);
}

/** VM_FORK. A child that will only exec (its parent is hosted) starts with nothing. */
export const fork: VmHandlers["fork"] = function* (vm, caller, request) {
  const parent = lookUp(vm, request.parent === SELF ? caller : request.parent); // what is saved of it stays as it is
  if (parent === null) return fail("EINVAL");
  const { slot } = request;
  if (slot < 0 || slot >= NR_PROCS || vm.processes[slot]) return fail("EINVAL");
  if ((parent.flags & VMF_HAS_DMA) !== 0) return fail("EINVAL");
  const execOnly = (request.flags & PFF_EXEC_ONLY) !== 0;
  const space = yield* forkSpace(vm, parent, execOnly);
  if (space === null) return fail("ENOMEM");

  const child: VmProcess = {
    slot, endpoint: NONE, flags: 0, service: parent.service, hosted: parent.hosted, space,
    text: { ...parent.text }, data: { ...parent.data }, stack: { ...parent.stack }, callMask: vmCallMask(basicVmCalls), own: [],
  };
  // The tables are written when the child is bound: until then neither runs, and a VM that follows knows nothing of the child.
  const made = yield* kernel.fork({
    parent: parent.endpoint, slot, flags: PFF_VMINHIBIT | (execOnly ? PFF_EXEC_ONLY : 0), memoryMap: (yield* mapArgument(child)) as VirtAddr,
  });
  if (!made.ok) {
    freeSpace(vm, space);
    showDirectory(vm, slot, null);
    yield* flushTables(vm);
    return fail(made.error === "ENOSYS" ? "ENOSYS" : "EINVAL");
  }
  child.endpoint = made.value.child;
  vm.processes[slot] = child;
  vm.changedSlots.add(slot);
  if (!execOnly && made.value.messageAddress !== 0) {
    yield* touchMessage(vm, child, made.value.messageAddress);
    yield* touchMessage(vm, parent, made.value.messageAddress);
  }
  yield* bind(vm, child.endpoint, slot, space); // before this the child must not run (reference/vm.md 4.1)
  return ok({ child: child.endpoint });
};
