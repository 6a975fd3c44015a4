import { fail, ok, VM, type Program, type Result } from "@procyon-os/message";
import { printf } from "@procyon-os/syslib";
import { beginOwnMemory } from "../own-memory.ts";
import { flushTables } from "../page-table.ts";
import type { VmState } from "../state.ts";
import { agreeWithKernel, dropHalfMade, followExchanges, kernelSlots } from "./agree.ts";
import { rebuild } from "./rebuild.ts";
import { repair } from "./repair.ts";
import { type SavedVm } from "./saved.ts";
import { keepBlock } from "../yielded.ts";

/**
 * After the death of the instance before: the state as it was between two requests, page tables that agree with it, and a kernel
 * that agrees with both. Yielded blocks are forgotten: that may happen to them at any time.
 */
export function* takeOver(saved: SavedVm | null): Program<Result<VmState>> {
  if (saved === null) return fail("ERESTART");
  const { vm, own, facts } = yield* rebuild(saved);
  const dead = vm.processes[VM];
  if (!dead || facts.frames === 0) return fail("ERESTART");
  dead.own = own;
  vm.changedSlots.add(VM);
  const slots = yield* kernelSlots();
  const swapped = followExchanges(vm, slots);
  vm.takenOver = { swapped };
  yield* dropHalfMade(vm, slots);
  repair(vm);
  vm.paging = true;
  yield* flushTables(vm); // before anything is taken from what is free
  yield* beginOwnMemory(vm);
  yield* agreeWithKernel(vm, slots);
  return ok(vm);
}

/**
 * A new version takes the place of the running one. Nothing is changed in memory that is in use, so that the old one can go on as if
 * nothing had been, where this one fails; the rest is done when RS has confirmed it (`endUpdate`).
 */
export function* takeUpdate(saved: SavedVm | null): Program<Result<VmState>> {
  if (saved === null) return fail("ERESTART");
  const { vm, own, facts } = yield* rebuild(saved);
  const old = vm.processes[VM];
  if (!old || facts.counters === null) return fail("ERESTART");
  old.own = own;
  for (const block of facts.yielded) keepBlock(vm, block);
  const [faults, copies, refusedFaults, forgotten, shortages] = facts.counters as [number, number, number, number, number];
  Object.assign(vm.counters, { faults, copies, refusedFaults, forgotten, shortages });
  followExchanges(vm, yield* kernelSlots(vm.processes));
  repair(vm);
  if (vm.dirty.length > 0) {
    yield* printf("VM: the page tables do not agree with the state of the old version\n");
    return fail("ERESTART");
  }
  yield* beginOwnMemory(vm);
  return ok(vm);
}

/** RS has confirmed the new version: the kernel hears of its address space. */
export function* endUpdate(vm: VmState): Program<void> {
  yield* agreeWithKernel(vm, yield* kernelSlots(vm.processes));
}
