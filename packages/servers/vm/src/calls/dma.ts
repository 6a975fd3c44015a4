import { NR_DMA } from "@procyon-os/contract-vm";
import { fail, ok, type PhysAddr } from "@procyon-os/message";
import { values } from "../avl.ts";
import { releaseFrame } from "../frames.ts";
import type { VmHandlers } from "../handlers.ts";
import { memoryTypes } from "../memory-types/memory-type.ts";
import { findProcess, processAt } from "../processes.ts";
import { saveFact } from "../recovery/saved.ts";
import { eachPresent } from "../regions.ts";
import { VMF_HAS_DMA, type VmProcess, type VmState } from "../state.ts";

/** VM_ADDDMA. */
export const adddma: VmHandlers["adddma"] = function* (vm, caller, request) {
  const found = findProcess(vm, caller, request.process);
  if (!found.ok) return found;
  if (vm.dma.length === NR_DMA) return fail("ENOSPC");
  vm.dma.push({ process: found.value.endpoint, base: request.start, size: request.size, held: null });
  found.value.flags |= VMF_HAS_DMA;
  saveFact(vm, "dma");
  return ok({});
};

/** VM_DELDMA: also for a process that has exited; then its memory is given back now. */
export const deldma: VmHandlers["deldma"] = function* (vm, _caller, request) {
  const at = vm.dma.findIndex((entry) => entry.process === request.process && entry.base === request.start && entry.size === request.size);
  const entry = vm.dma[at];
  if (entry === undefined) return fail("ESRCH");
  vm.dma.splice(at, 1);
  saveFact(vm, "dma");
  for (const frame of entry.held ?? []) releaseFrame(vm, frame);
  const process = processAt(vm, request.process);
  if (process !== null && !vm.dma.some((other) => other.process === request.process)) process.flags &= ~VMF_HAS_DMA;
  return ok({});
};

/** VM_GETDMA: memory of a process that is gone while its device may still write there. */
export const getdma: VmHandlers["getdma"] = function* (vm) {
  const entry = vm.dma.find(({ held }) => held !== null);
  if (entry === undefined) return fail("EAGAIN");
  return ok({ process: entry.process, start: entry.base as PhysAddr, size: entry.size });
};

/** A process exits: frames that its device uses stay out of the free memory until DELDMA. */
export function holdDmaFrames(vm: VmState, process: VmProcess): void {
  for (const entry of vm.dma) {
    if (entry.process !== process.endpoint || entry.held !== null) continue;
    const held: number[] = [];
    const first = Math.floor(entry.base / 4096);
    const end = Math.ceil((entry.base + entry.size) / 4096);
    for (const region of values(process.space.regions)) {
      if (!memoryTypes[region.type].counted) continue;
      eachPresent(process.space, region.first, region.first + region.count, (_table, _index, pageEntry) => {
        const frame = pageEntry >>> 12;
        if (frame < first || frame >= end) return;
        vm.references[frame] = (vm.references[frame] as number) + 1;
        held.push(frame);
      });
    }
    entry.held = held;
    saveFact(vm, "dma");
  }
}
