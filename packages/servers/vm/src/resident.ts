import { errorCode, type Program } from "@procyon-os/message";
import { enoughFrames, takeSome } from "./frames.ts";
import { privateBits } from "./memory-types/anon.ts";
import { memoryTypes } from "./memory-types/memory-type.ts";
import { ensureTable, entryOf, missingTables, PRESENT, SAFEMAPPED, setEntry, WRITABLE } from "./page-table.ts";
import { zeroFrames } from "./physical.ts";
import { regionAt } from "./regions.ts";
import type { AddressSpace, Region, VmState } from "./state.ts";

/** Fills the holes of [first, end) of an anonymous region with zeroed frames, as few pieces as free memory allows. */
function* fillHoles(vm: VmState, space: AddressSpace, region: Region, first: number, end: number): Program<number> {
  const bits = privateBits(region);
  for (let page = first; page < end; ) {
    if ((entryOf(space, page) & PRESENT) !== 0) {
      page++;
      continue;
    }
    let hole = page + 1;
    while (hole < end && (entryOf(space, hole) & PRESENT) === 0) hole++;
    const run = takeSome(vm, hole - page, region.below);
    if (run === null) return errorCode("ENOMEM");
    yield* zeroFrames(vm, run.start, run.count);
    for (let i = 0; i < run.count; i++, page++) setEntry(vm, space, page, ((run.start + i) << 12) | bits);
  }
  return 0;
}

/** How many frames it takes to make [first, end) resident: absent pages, copies of shared ones, page tables; -1: it may not be. */
function framesNeeded(vm: VmState, space: AddressSpace, region: Region, first: number, end: number, write: boolean): number {
  if (write && !region.writable && !region.loading) return -1;
  if (region.type !== "anon") return 0;
  let needed = missingTables(space, first, end);
  for (let page = first; page < end; page++) {
    const entry = entryOf(space, page);
    if ((entry & PRESENT) === 0) needed++;
    else if (write && (entry & WRITABLE) === 0 && (vm.references[entry >>> 12] as number) > 1) {
      if ((entry & SAFEMAPPED) !== 0) return -1; // mapped to be read
      needed++;
    }
  }
  return needed;
}

/**
 * Makes pages [first, end) of an address space present, and writable where `write` says so: MINIX's handle_memory, whose checks
 * come before all effects here. EFAULT where a page is not mapped or must not be written; ENOMEM changes nothing that the
 * process could see.
 */
export function* makeResident(vm: VmState, space: AddressSpace, first: number, end: number, write: boolean): Program<number> {
  let needed = 0;
  for (let page = first; page < end; ) {
    const region = regionAt(space, page);
    if (region === null) return errorCode("EFAULT");
    const stop = Math.min(end, region.first + region.count);
    const more = framesNeeded(vm, space, region, page, stop, write);
    if (more < 0) return errorCode("EFAULT");
    needed += more;
    page = stop;
  }
  if (!enoughFrames(vm, needed)) return errorCode("ENOMEM");
  for (let page = first; page < end; ) {
    const region = regionAt(space, page) as Region;
    const stop = Math.min(end, region.first + region.count);
    const result = yield* fillAndWrite(vm, space, region, page, stop, write);
    if (result !== 0) return result;
    page = stop;
  }
  return 0;
}

function* fillAndWrite(vm: VmState, space: AddressSpace, region: Region, first: number, end: number, write: boolean): Program<number> {
  if (region.type === "anon") {
    for (let pde = first >>> 10; pde <= (end - 1) >>> 10; pde++) if (!ensureTable(vm, space, pde)) return errorCode("ENOMEM");
    const filled = yield* fillHoles(vm, space, region, first, end);
    if (filled !== 0) return filled;
    if (!write) return 0;
  }
  const { pageIn } = memoryTypes[region.type];
  for (let page = first; page < end; page++) {
    const result = yield* pageIn(vm, space, region, page, write);
    if (result !== 0) return result;
  }
  return 0;
}
