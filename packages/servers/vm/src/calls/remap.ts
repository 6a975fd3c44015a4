import { fail, ok, type Endpoint, type Outcome, type PhysAddr, type Program, type Request, type VirtAddr } from "@procyon-os/message";
import type { vmContract } from "@procyon-os/contract-vm";
import { enoughFrames } from "../frames.ts";
import type { VmHandlers } from "../handlers.ts";
import { ensureTable, entryOf, flushTables, missingTables, setEntry, WRITABLE } from "../page-table.ts";
import { findProcess, pageOf, userAddress } from "../processes.ts";
import { addRegion, findGap, isFree, regionAt, unmapRange } from "../regions.ts";
import { wantedPage } from "./mmap.ts";
import type { Region, VmProcess, VmState } from "../state.ts";

type Remap = typeof vmContract.calls.remap;

/** The shared region that starts at an address, or why there is none. */
function sharedAt(process: VmProcess, address: number): Region | "unmapped" | "other" {
  const page = pageOf(process, address);
  const region = regionAt(process.space, page);
  if (region === null) return "unmapped";
  return region.type === "shared" && region.first === page && address % 4096 === 0 ? region : "other";
}

/** Maps the frames of a whole shared region into another place: from now on both see each other's writes (V08). */
function* remapWith(vm: VmState, caller: Endpoint, request: Request<Remap>, writable: boolean): Program<Outcome<Remap>> {
  if (request.size === 0) return fail("EINVAL");
  const destination = findProcess(vm, caller, request.destination);
  const source = findProcess(vm, caller, request.source);
  if (!destination.ok || !source.ok) return fail("EINVAL");
  const from = sharedAt(source.value, request.sourceAddress);
  if (from === "unmapped") return fail("EINVAL");
  if (from === "other" || Math.ceil(request.size / 4096) !== from.count) return fail("EFAULT");
  const { space } = destination.value;
  const wanted = wantedPage(destination.value, request.destinationAddress);
  if (!wanted.ok) return wanted;
  const first = request.destinationAddress === 0 ? findGap(space, wanted.value, from.count) : wanted.value;
  if (first < 0) return fail("ENOMEM");
  if (!isFree(space, first, first + from.count)) return fail("EINVAL");
  if (!enoughFrames(vm, missingTables(space, first, first + from.count))) return fail("ENOMEM");

  addRegion(space, { ...from, first, tag: "none", writable: writable && from.writable, faults: 0 });
  for (let page = 0; page < from.count; page++) {
    const entry = entryOf(source.value.space, from.first + page);
    vm.references[entry >>> 12] = (vm.references[entry >>> 12] as number) + 1;
    if (!ensureTable(vm, space, (first + page) >>> 10)) throw new Error("remap: memory that was counted is not there");
    setEntry(vm, space, first + page, writable ? entry : entry & ~WRITABLE);
  }
  yield* flushTables(vm);
  return ok({ address: userAddress(destination.value, first) as VirtAddr });
}

/** VM_REMAP. */
export const remap: VmHandlers["remap"] = (vm, caller, request) => remapWith(vm, caller, request, true);

/** VM_REMAP_RO: a write through this mapping is SIGSEGV. */
export const remapRo: VmHandlers["remapRo"] = (vm, caller, request) => remapWith(vm, caller, request, false);

/** VM_SHM_UNMAP. */
export const shmUnmap: VmHandlers["shmUnmap"] = function* (vm, caller, request) {
  const found = findProcess(vm, caller, request.process);
  if (!found.ok) return found;
  const region = sharedAt(found.value, request.address);
  if (typeof region === "string") return fail("EFAULT");
  unmapRange(vm, found.value.space, region.first, region.first + region.count);
  yield* flushTables(vm);
  return ok({});
};

/** The first frame of a shared region, or null. */
function firstFrame(vm: VmState, caller: Endpoint, endpoint: Endpoint, address: number): number | null {
  const found = findProcess(vm, caller, endpoint);
  if (!found.ok) return null;
  const region = sharedAt(found.value, address);
  return typeof region === "string" ? null : entryOf(found.value.space, region.first) >>> 12;
}

/** VM_GETPHYS. */
export const getphys: VmHandlers["getphys"] = function* (vm, caller, request) {
  const frame = firstFrame(vm, caller, request.process, request.address);
  return frame === null ? fail("EINVAL") : ok({ physical: (frame * 4096) as PhysAddr });
};

/** VM_GETREF. */
export const getref: VmHandlers["getref"] = function* (vm, caller, request) {
  const frame = firstFrame(vm, caller, request.process, request.address);
  return frame === null ? fail("EINVAL") : ok({ count: Math.min(255, vm.references[frame] as number) });
};
