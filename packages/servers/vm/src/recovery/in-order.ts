import { SAFEMAPPED, USER, WRITABLE } from "../page-table.ts";
import { regionAt } from "../regions.ts";
import type { AddressSpace, Region, Table, VmState } from "../state.ts";
import { rightEntry } from "./repair.ts";

// The old version has left nothing half done, so that there is nothing to repair; these look at whether that is so, while nobody is
// served. Plain functions: see `rebuild.ts`.

/** Frames that VM has to give, and that are no page table. */
class PageFrames {
  private readonly vm: VmState;
  private readonly tables: Int32Array;

  constructor(vm: VmState, tables: Int32Array) {
    this.vm = vm;
    this.tables = tables;
  }

  isManaged(frame: number): boolean {
    for (const { start, count } of this.vm.managed) if (frame >= start && frame < start + count) return true;
    return false;
  }
  has(frame: number): boolean {
    return this.tables[frame] === 0 && this.isManaged(frame);
  }
}

/** Text that is still being loaded may not be seen, and who shares a page unknowingly may not write it. */
function mayStand(vm: VmState, region: Region, entry: number): boolean {
  if (region.loading && (entry & USER) !== 0) return false;
  return region.type !== "anon" || (entry & (WRITABLE | SAFEMAPPED)) !== WRITABLE || (vm.references[entry >>> 12] as number) <= 1;
}

function isTableInOrder(vm: VmState, space: AddressSpace, pde: number, { entries }: Table, frames: PageFrames): boolean {
  let region: Region | null = null; // of the entry before
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index] as number;
    if (entry === 0) continue;
    const page = (pde << 10) + index;
    if (region === null || page >= region.first + region.count) region = regionAt(space, page);
    if (region === null || rightEntry(region, entry, frames) !== entry || !mayStand(vm, region, entry)) return false;
  }
  return true;
}

/**
 * Whether directories and tables are as the regions say, and name what they may.
 * @param tables how often each frame is a directory or a table; the references are counted too
 */
export function isInOrder(vm: VmState, spaces: Iterable<AddressSpace>, tables: Int32Array): boolean {
  const frames = new PageFrames(vm, tables);
  for (const space of spaces) {
    for (const [pde, table] of space.tables) {
      if (table.used === 0 || tables[table.frame] !== 1 || !frames.isManaged(table.frame)) return false;
      if (!isTableInOrder(vm, space, pde, table, frames)) return false;
    }
  }
  return true;
}
