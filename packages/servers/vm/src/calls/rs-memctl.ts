import { VM_RS_MEM_FOLLOW, VM_RS_MEM_MAKE_VM, VM_RS_MEM_PIN, VM_STACKTOP } from "@procyon-os/contract-vm";
import { errorCode, fail, ok, VM, type Program } from "@procyon-os/message";
import { values } from "../avl.ts";
import { mapWindow } from "../boot/map-window.ts";
import type { VmHandlers } from "../handlers.ts";
import { whileInhibited } from "../inhibit.ts";
import { bind } from "../page-table.ts";
import { findProcess, pageOf, processAt } from "../processes.ts";
import { regionFrom } from "../regions.ts";
import { makeResident } from "../resident.ts";
import { followExchanges, kernelSlots } from "../recovery/agree.ts";
import type { VmProcess, VmState } from "../state.ts";

/** How much of a stack that is mostly untouched gets pinned. */
const PINNED_STACK_PAGES = 32;

/** Page by page, where some of them are mapped to be read: those stay as they are. */
function* pinPages(vm: VmState, process: VmProcess, first: number, end: number): Program<number> {
  for (let page = first; page < end; page++) {
    const result = yield* makeResident(vm, process.space, page, page + 1, true);
    if (result === errorCode("ENOMEM")) return result;
  }
  return 0;
}

/** Makes all memory of a process resident, private and writable, so that it does not fault while VM is away. */
function* pin(vm: VmState, process: VmProcess): Program<number> {
  for (const region of values(process.space.regions)) {
    if (region.type !== "anon" || !region.writable || (process.hosted && region.tag === "stack")) continue; // a hosted program has no use of a stack
    const end = region.first + region.count;
    const first = region.tag === "stack" ? Math.max(region.first, end - PINNED_STACK_PAGES) : region.first;
    let result = yield* makeResident(vm, process.space, first, end, true);
    if (result === errorCode("EFAULT")) result = yield* pinPages(vm, process, first, end);
    if (result === errorCode("ENOMEM")) return result;
  }
  return 0;
}

/**
 * Makes an instance of VM that stands by ready to take over: it has all its memory, for nobody could resolve a fault of it, and it sees
 * all of memory as this one does. The kernel's part every directory has.
 */
function* makeVm(vm: VmState, process: VmProcess): Program<number> {
  const result = yield* pin(vm, process);
  if (result !== 0) return result;
  mapWindow(vm, process.space);
  process.service = true;
  return 0;
}

/** RS has changed places with another instance of itself, for which the kernel needs nobody: VM's table follows. */
function* follow(vm: VmState): Program<void> {
  for (const endpoint of followExchanges(vm, yield* kernelSlots())) {
    const process = processAt(vm, endpoint);
    if (process !== null) yield* bind(vm, process.endpoint, process.slot, process.space);
  }
}

/** VM_RS_MEMCTL: memory for a service that must go on while VM is away, or for a second VM. */
export const rsMemctl: VmHandlers["rsMemctl"] = function* (vm, caller, request) {
  const found = findProcess(vm, caller, request.process);
  if (!found.ok) return found;
  const process = found.value;
  if (request.request === VM_RS_MEM_PIN) {
    const result = yield* whileInhibited(vm, [process], pin(vm, process));
    return result === 0 ? ok({}) : fail("ENOMEM");
  }
  if (request.request === VM_RS_MEM_FOLLOW) {
    yield* follow(vm);
    return ok({});
  }
  if (request.request !== VM_RS_MEM_MAKE_VM) return fail("EINVAL");
  // Nothing may lie where the window will be.
  if (process.endpoint === VM || regionFrom(process.space, pageOf(process, VM_STACKTOP)) !== null) return fail("EINVAL");
  const result = yield* whileInhibited(vm, [process], makeVm(vm, process));
  return result === 0 ? ok({}) : fail("ENOMEM");
};
