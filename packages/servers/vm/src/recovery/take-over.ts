import { endpointSlot, fail, ok, VM, type Program, type Result } from "@procyon-os/message";
import type { InitInfo } from "@procyon-os/sef";
import { printf } from "@procyon-os/syslib";
import { beginOwnMemory, readOwnRuns } from "../own-memory.ts";
import { flushTables } from "../page-table.ts";
import type { AddressSpace, VmProcess, VmState } from "../state.ts";
import { keepBlock } from "../yielded.ts";
import { agreeAfterUpdate, agreeWithKernel, dropHalfMade, followExchanges, kernelSlots } from "./agree.ts";
import { catchUp, isOfUse, lookAhead, type Ahead } from "./ahead.ts";
import { countRest, rebuild } from "./rebuild.ts";
import { isInOrder } from "./in-order.ts";
import { repair } from "./repair.ts";
import { decodeFacts, saveUpdated, type SavedFacts, type SavedVm } from "./saved.ts";

/**
 * After the death of the instance before: the state as it was between two requests, page tables that agree with it, and a kernel
 * that agrees with both. Yielded blocks are forgotten: that may happen to them at any time.
 */
export function* takeOver(saved: SavedVm | null): Program<Result<VmState>> {
  if (saved === null) return fail("ERESTART");
  const { vm, facts } = yield* rebuild(saved);
  const dead = vm.processes[VM];
  if (!dead || facts.frames === 0) return fail("ERESTART");
  dead.own = yield* readOwnRuns(facts.ownDirectory);
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

/** The state with all processes, whose use of frames is counted, and the address spaces of which nobody has seen whether they are in order. */
interface Found {
  readonly vm: VmState;
  readonly tables: Int32Array;
  readonly spaces: readonly AddressSpace[];
}

function* find(saved: SavedVm, facts: SavedFacts, ahead: Ahead | null): Program<Found> {
  if (ahead !== null && isOfUse(ahead, saved)) return { vm: ahead.vm, tables: ahead.tables, spaces: yield* catchUp(ahead, saved, facts) };
  const { vm, tables } = yield* lookAhead(saved, 0);
  return { vm, tables, spaces: vm.processes.flatMap((process) => (process ? [process.space] : [])) };
}

/** The facts that change while an instance lives. */
function takeFacts(vm: VmState, { dma, exits, yielded, counters }: SavedFacts): void {
  vm.dma.splice(0, vm.dma.length, ...dma);
  vm.exits.splice(0, vm.exits.length, ...exits);
  for (const block of yielded) keepBlock(vm, block);
  const [faults, copies, refusedFaults, forgotten, shortages] = counters as [number, number, number, number, number];
  Object.assign(vm.counters, { faults, copies, refusedFaults, forgotten, shortages });
}

/** This instance and the one before have changed places: nobody else has. */
function changePlaces(vm: VmState, old: VmProcess, own: VmProcess): void {
  [own.slot, own.endpoint, old.slot, old.endpoint] = [old.slot, old.endpoint, own.slot, own.endpoint];
  for (const process of [old, own]) {
    vm.processes[process.slot] = process;
    vm.changedSlots.add(process.slot);
  }
}

/**
 * A new version takes the place of the running one. Nothing is changed in memory that is in use, so that the old one can go on as if
 * nothing had been, where this one fails; the rest is done when RS has confirmed it (`endUpdate`).
 */
export function* takeUpdate({ oldEndpoint }: InitInfo, saved: SavedVm | null, ahead: Ahead | null): Program<Result<VmState>> {
  if (saved === null || !saved.facts.has("counters")) return fail("ERESTART");
  const facts = decodeFacts(saved);
  const { vm, tables, spaces } = yield* find(saved, facts, ahead);
  const old = vm.processes[VM];
  const own = vm.processes[endpointSlot(oldEndpoint)];
  if (!old || !own) return fail("ERESTART");
  takeFacts(vm, facts);
  old.own = yield* readOwnRuns(facts.ownDirectory);
  countRest(vm, tables);
  changePlaces(vm, old, own);
  if (!isInOrder(vm, spaces, tables)) {
    yield* printf("VM: the page tables do not agree with the state of the old version\n");
    return fail("ERESTART");
  }
  yield* beginOwnMemory(vm);
  saveUpdated(vm, saved);
  return ok(vm);
}

/** RS has confirmed the new version: the kernel hears of its address space, and of where the one before is. */
export function* endUpdate(vm: VmState, { oldEndpoint }: InitInfo): Program<void> {
  yield* agreeAfterUpdate(vm, vm.processes[endpointSlot(oldEndpoint)] ?? null);
}
