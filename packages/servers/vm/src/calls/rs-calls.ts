import { VM_STACKTOP } from "@procyon-os/contract-vm";
import { fail, newMessage, ok, SENDREC, statusCall, VM, type Program } from "@procyon-os/message";
import { queueMessage } from "@procyon-os/sef";
import { kernel, NO_REPLY } from "@procyon-os/syslib";
import { values } from "../avl.ts";
import { readFrom } from "../caller-memory.ts";
import { enoughFrames } from "../frames.ts";
import type { VmHandlers } from "../handlers.ts";
import { bind, flushTables } from "../page-table.ts";
import { findProcess, pageOf, processAt } from "../processes.ts";
import { regionFrom } from "../regions.ts";
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

/** Whether an instance of VM that ended in the middle of this request had let the kernel swap the two: then the rest is left to do. */
function isSwapped(vm: VmState, source: VmProcess, target: VmProcess): boolean {
  const swapped = vm.takenOver?.swapped ?? [];
  return swapped.includes(source.endpoint) && swapped.includes(target.endpoint);
}

/** VM_RS_UPDATE: the source is in use, the target its successor. Where the caller is one of them, its other self is answered. */
export const rsUpdate: VmHandlers["rsUpdate"] = function* (vm, caller, request, received) {
  const source = findProcess(vm, caller, request.source);
  const target = findProcess(vm, caller, request.target);
  if (!source.ok || !target.ok || source.value === target.value) return fail("EINVAL");
  if (source.value.endpoint === VM || target.value.endpoint === VM) return fail("EBUSY"); // while it answers this
  const done = isSwapped(vm, source.value, target.value);
  const [old, fresh] = done ? [target.value, source.value] : [source.value, target.value];
  const inherited = inheritance(old, fresh);
  const copies = inherited.reduce((sum, region) => sum + framesToShare(vm, old.space, region), 0);
  if (!enoughFrames(vm, inherited.length === 0 ? 0 : copies + old.space.tables.size)) return fail("ENOMEM");
  const swapped = done ? ok({}) : yield* kernel.update({ source: request.source, target: request.target });
  if (!swapped.ok) return fail(swapped.error === "EPERM" || swapped.error === "EBUSY" ? swapped.error : "EINVAL");

  for (const region of inherited) {
    if (!(yield* shareRegion(vm, old.space, fresh.space, region))) throw new Error("update: memory that was counted is not there");
  }
  if (done) yield* flushTables(vm);
  else yield* swap(vm, old, fresh);
  const answerTo = caller === request.source ? request.target : caller === request.target ? request.source : caller;
  const asynchronous = statusCall(received.status) !== SENDREC;
  queueMessage(answerTo, newMessage(0), asynchronous ? "senda" : "sendnb");
  return NO_REPLY;
};
