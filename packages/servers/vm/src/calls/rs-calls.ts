import { VM_RS_MEM_MAKE_VM, VM_RS_MEM_PIN, VM_STACKTOP } from "@procyon-os/contract-vm";
import { AMF_NOREPLY, errorCode, fail, newMessage, ok, SENDREC, statusCall, type Program } from "@procyon-os/message";
import { asynsend, kernel, NO_REPLY, sendNb } from "@procyon-os/syslib";
import { values } from "../avl.ts";
import { readFrom } from "../caller-memory.ts";
import { enoughFrames } from "../frames.ts";
import type { VmHandlers } from "../handlers.ts";
import { bind } from "../page-table.ts";
import { whileInhibited } from "../inhibit.ts";
import { findProcess, pageOf, processAt } from "../processes.ts";
import { regionFrom } from "../regions.ts";
import { makeResident } from "../resident.ts";
import { framesToShare, shareRegion } from "../share-region.ts";
import type { Region, VmProcess, VmState } from "../state.ts";

/** VM_RS_SET_PRIV. */
export const rsSetPriv: VmHandlers["rsSetPriv"] = function* (vm, caller, request) {
  const found = findProcess(vm, caller, request.process);
  const asker = processAt(vm, caller);
  if (!found.ok || asker === null) return fail("EINVAL");
  if (request.mask === 0) return ok({});
  const bytes = yield* readFrom(vm, asker, request.mask, 8);
  if (!bytes.ok) return fail("EFAULT");
  const view = new DataView(bytes.value.buffer, bytes.value.byteOffset, 8);
  found.value.service = true;
  found.value.callMask = [view.getInt32(0, true), view.getInt32(4, true)];
  return ok({});
};

/**
 * What a new instance inherits from the old one: all regions above the stack, unless it has some there itself (so that rolling
 * back copies nothing). A hosted program's new instance takes its state through SEF and knows nothing of such memory.
 */
function inheritance(old: VmProcess, fresh: VmProcess): Region[] {
  const top = pageOf(old, VM_STACKTOP);
  if (old.hosted || fresh.hosted || regionFrom(fresh.space, top) !== null) return [];
  return values(old.space.regions).filter((region) => region.first >= top);
}

/** Swaps what runs in two slots; endpoints and slots stay (reference/vm.md 8.1). */
function* swap(vm: VmState, a: VmProcess, b: VmProcess): Program<void> {
  [a.slot, b.slot] = [b.slot, a.slot];
  [a.endpoint, b.endpoint] = [b.endpoint, a.endpoint];
  vm.processes[a.slot] = a;
  vm.processes[b.slot] = b;
  yield* bind(vm, a.endpoint, a.slot, a.space);
  yield* bind(vm, b.endpoint, b.slot, b.space);
}

/** VM_RS_UPDATE: the source is in use, the target its successor. Where the caller is one of them, its other self is answered. */
export const rsUpdate: VmHandlers["rsUpdate"] = function* (vm, caller, request, { status }) {
  const source = findProcess(vm, caller, request.source);
  const target = findProcess(vm, caller, request.target);
  if (!source.ok || !target.ok || source.value === target.value) return fail("EINVAL");
  const old = source.value;
  const fresh = target.value;
  const inherited = inheritance(old, fresh);
  const copies = inherited.reduce((sum, region) => sum + framesToShare(vm, old.space, region), 0);
  if (!enoughFrames(vm, inherited.length === 0 ? 0 : copies + old.space.tables.size)) return fail("ENOMEM");
  const swapped = yield* kernel.update({ source: request.source, target: request.target });
  if (!swapped.ok) return fail(swapped.error === "EPERM" || swapped.error === "EBUSY" ? swapped.error : "EINVAL");

  for (const region of inherited) {
    if (!(yield* shareRegion(vm, old.space, fresh.space, region))) throw new Error("update: memory that was counted is not there");
  }
  yield* swap(vm, old, fresh);
  const answerTo = caller === request.source ? request.target : caller === request.target ? request.source : caller;
  if (statusCall(status) === SENDREC) yield* sendNb(answerTo, newMessage(0));
  else yield* asynsend(answerTo, newMessage(0), AMF_NOREPLY);
  return NO_REPLY;
};

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
    if (region.type !== "anon" || !region.writable) continue;
    const end = region.first + region.count;
    const first = region.tag === "stack" ? Math.max(region.first, end - PINNED_STACK_PAGES) : region.first;
    let result = yield* makeResident(vm, process.space, first, end, true);
    if (result === errorCode("EFAULT")) result = yield* pinPages(vm, process, first, end);
    if (result === errorCode("ENOMEM")) return result;
  }
  return 0;
}

/** VM_RS_MEMCTL. A second VM that stands by is not offered. */
export const rsMemctl: VmHandlers["rsMemctl"] = function* (vm, caller, request) {
  const found = findProcess(vm, caller, request.process);
  if (!found.ok) return found;
  if (request.request === VM_RS_MEM_PIN) {
    const result = yield* whileInhibited(vm, [found.value], pin(vm, found.value));
    return result === 0 ? ok({}) : fail("ENOMEM");
  }
  return fail(request.request === VM_RS_MEM_MAKE_VM ? "ENOSYS" : "EINVAL");
};
