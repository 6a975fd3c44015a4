import {
  encodeVmRegion, encodeVmStats, encodeVmUsage, MAP_IPC_SHARED, MAX_VRI_COUNT, PROT_EXEC, PROT_READ, PROT_WRITE, VM_PAGE_SIZE, VMIW_REGION,
  VMIW_STATS, VMIW_USAGE, type VmRegion, type VmUsage,
} from "@procyon-os/contract-vm";
import { SEG_D, SEG_T } from "@procyon-os/contract-kernel";
import { fail, ok, type VirtAddr } from "@procyon-os/message";
import { values } from "../avl.ts";
import { writeTo } from "../caller-memory.ts";
import { longestRun } from "../free-memory.ts";
import type { VmHandlers } from "../handlers.ts";
import { entryOf, PRESENT, SAFEMAPPED } from "../page-table.ts";
import { findProcess, pageOf, processAt, userAddress } from "../processes.ts";
import { eachPresent, regionFrom } from "../regions.ts";
import type { Region, VmProcess, VmState } from "../state.ts";

function statistics(vm: VmState): Uint8Array {
  let cached = 0;
  for (const block of vm.yielded.values()) cached += block.frames.length;
  return encodeVmStats({
    pageSize: VM_PAGE_SIZE, total: vm.managed.reduce((sum, run) => sum + run.count, 0), free: vm.free.pages,
    largest: longestRun(vm.free), cached,
  });
}

function usageOf(vm: VmState, process: VmProcess): VmUsage {
  let total = 0;
  let common = 0;
  let shared = 0;
  for (const region of values(process.space.regions)) {
    eachPresent(process.space, region.first, region.first + region.count, (_table, _index, entry) => {
      total += VM_PAGE_SIZE;
      if (region.type === "direct" || vm.references[entry >>> 12] === 1) return;
      common += VM_PAGE_SIZE;
      if (region.type === "shared" || (entry & SAFEMAPPED) !== 0) shared += VM_PAGE_SIZE;
    });
  }
  return { total, common, shared };
}

/** A region as INFO shows it: from the first to the last resident page; null where none is. */
function showRegion(process: VmProcess, region: Region): VmRegion | null {
  let first = region.first;
  let end = region.first + region.count;
  while (first < end && (entryOf(process.space, first) & PRESENT) === 0) first++;
  if (first === end) return null;
  while ((entryOf(process.space, end - 1) & PRESENT) === 0) end--;
  const isText = region.tag === "text";
  return {
    segment: isText ? SEG_T : SEG_D,
    address: userAddress(process, first),
    length: (end - first) * VM_PAGE_SIZE,
    protection: PROT_READ | (isText || process.text.length === 0 ? PROT_EXEC : 0) | (region.writable ? PROT_WRITE : 0),
    flags: region.type === "shared" ? MAP_IPC_SHARED : 0,
  };
}

function regionsFrom(process: VmProcess, next: number, most: number): { list: VmRegion[]; next: number } {
  const list: VmRegion[] = [];
  let page = pageOf(process, next);
  for (let region = regionFrom(process.space, page); region !== null && list.length < most; region = regionFrom(process.space, page)) {
    page = region.first + region.count;
    const shown = region.first >= pageOf(process, next) ? showRegion(process, region) : null;
    if (shown !== null) list.push(shown);
  }
  return { list, next: userAddress(process, page) };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** VM_INFO. */
export const info: VmHandlers["info"] = function* (vm, caller, request) {
  const asker = processAt(vm, caller);
  if (asker === null) return fail("EINVAL");
  const answer = (count: number, next: number) => ok({ count, next: next as VirtAddr });
  if (request.what === VMIW_STATS) {
    const written = yield* writeTo(vm, asker, request.address, statistics(vm));
    return written.ok ? answer(request.count, request.next) : written;
  }
  if (request.what !== VMIW_USAGE && request.what !== VMIW_REGION) return fail("EINVAL");
  const found = findProcess(vm, caller, request.process);
  if (!found.ok) return found;
  if (request.what === VMIW_USAGE) {
    const written = yield* writeTo(vm, asker, request.address, encodeVmUsage(usageOf(vm, found.value)));
    return written.ok ? answer(request.count, request.next) : written;
  }
  const { list, next } = regionsFrom(found.value, request.next, Math.min(request.count, MAX_VRI_COUNT));
  if (list.length > 0) {
    const written = yield* writeTo(vm, asker, request.address, joined(list.map(encodeVmRegion)));
    if (!written.ok) return written;
  }
  return answer(list.length, next);
};
