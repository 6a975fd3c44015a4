import {
  encodeVmMapEntry, encodeVmRegion, encodeVmStats, encodeVmUsage, encodeVmUse, MAP_IPC_SHARED, MAX_VRI_COUNT, PROT_EXEC, PROT_READ, PROT_WRITE,
  VM_PAGE_SIZE, VMIW_MAP, VMIW_REGION, VMIW_STATS, VMIW_USAGE, VMIW_USE, VMK_DEVICE, VMK_HEAP, VMK_MAPPED, VMK_SHARED, VMK_STACK, VMK_TEXT,
  type VmMapEntry, type VmRegion, type VmUsage,
} from "@procyon-os/contract-vm";
import { SEG_D, SEG_T } from "@procyon-os/contract-kernel";
import { fail, ok, type Program, type VirtAddr } from "@procyon-os/message";
import { printf } from "@procyon-os/syslib";
import { atOrAbove, values } from "../avl.ts";
import { writeTo } from "../caller-memory.ts";
import { checkVm } from "../check.ts";
import { longestRun } from "../free-memory.ts";
import type { VmHandlers } from "../handlers.ts";
import { entryOf, PRESENT, SAFEMAPPED } from "../page-table.ts";
import { findProcess, lookUp, pageOf, userAddress } from "../processes.ts";
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

const kinds = { text: VMK_TEXT, heap: VMK_HEAP, stack: VMK_STACK, none: VMK_MAPPED } as const;

/** A whole region with what is known of its pages. */
function describeRegion(vm: VmState, process: VmProcess, region: Region): VmMapEntry {
  let resident = 0;
  let copyOnWrite = 0;
  let shared = 0;
  eachPresent(process.space, region.first, region.first + region.count, (_table, _index, entry) => {
    resident++;
    if (region.type === "direct" || vm.references[entry >>> 12] === 1) return;
    if (region.type === "shared" || (entry & SAFEMAPPED) !== 0) shared++;
    else copyOnWrite++;
  });
  const isText = region.tag === "text";
  return {
    segment: isText ? SEG_T : SEG_D,
    address: userAddress(process, region.first),
    length: region.count * VM_PAGE_SIZE,
    protection: PROT_READ | (isText || process.text.length === 0 ? PROT_EXEC : 0) | (region.writable ? PROT_WRITE : 0),
    kind: region.type === "shared" ? VMK_SHARED : region.type === "direct" ? VMK_DEVICE : kinds[region.tag],
    resident, copyOnWrite, shared, faults: region.faults,
  };
}

/** The use of all memory; with the check of everything, whose failure is printed and told. */
function* useOfMemory(vm: VmState, check: boolean): Program<Uint8Array> {
  const tables = vm.processes.reduce((sum, process) => sum + (process ? 1 + process.space.tables.size : 0), vm.sharedTables.length);
  let yielded = 0;
  for (const block of vm.yielded.values()) yielded += block.frames.length;
  const total = vm.managed.reduce((sum, run) => sum + run.count, 0);
  const own = vm.own.reduce((sum, run) => sum + run.count, 0);
  let checked = 0;
  if (check) {
    try {
      checkVm(vm);
      checked = 1;
    } catch (error) {
      checked = -1;
      yield* printf(`VM: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  return encodeVmUse({
    total, free: vm.free.pages, largest: longestRun(vm.free), runs: vm.free.records.live, tables, pages: total - vm.free.pages - tables - yielded - own,
    yielded, own, regions: vm.records.live, ...vm.counters, checked,
  });
}

function mapFrom(vm: VmState, process: VmProcess, next: number, most: number): { list: VmMapEntry[]; next: number } {
  const list: VmMapEntry[] = [];
  let page = pageOf(process, next);
  for (let region = atOrAbove(process.space.regions, page); region !== null && list.length < most; region = atOrAbove(process.space.regions, page)) {
    page = region.first + region.count;
    list.push(describeRegion(vm, process, region));
  }
  return { list, next: userAddress(process, page) };
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
  const asker = lookUp(vm, caller);
  if (asker === null) return fail("EINVAL");
  const answer = (count: number, next: number) => ok({ count, next: next as VirtAddr });
  if (request.what === VMIW_STATS) {
    const written = yield* writeTo(vm, asker, request.address, statistics(vm));
    return written.ok ? answer(request.count, request.next) : written;
  }
  if (request.what === VMIW_USE) {
    const written = yield* writeTo(vm, asker, request.address, yield* useOfMemory(vm, request.count === 1));
    return written.ok ? answer(request.count, request.next) : written;
  }
  if (request.what !== VMIW_USAGE && request.what !== VMIW_REGION && request.what !== VMIW_MAP) return fail("EINVAL");
  const found = findProcess(vm, caller, request.process);
  if (!found.ok) return found;
  if (request.what === VMIW_USAGE) {
    const written = yield* writeTo(vm, asker, request.address, encodeVmUsage(usageOf(vm, found.value)));
    return written.ok ? answer(request.count, request.next) : written;
  }
  const most = Math.min(request.count, MAX_VRI_COUNT);
  const regions = request.what === VMIW_REGION ? regionsFrom(found.value, request.next, most) : null;
  const map = regions === null ? mapFrom(vm, found.value, request.next, most) : null;
  const list = regions?.list.map(encodeVmRegion) ?? map?.list.map(encodeVmMapEntry) ?? [];
  const next = (regions ?? map)?.next ?? 0;
  if (list.length > 0) {
    const written = yield* writeTo(vm, asker, request.address, joined(list));
    if (!written.ok) return written;
  }
  return answer(list.length, next);
};
