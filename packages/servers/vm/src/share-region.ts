import type { Program } from "@procyon-os/message";
import { insert } from "./avl.ts";
import { takeOne } from "./frames.ts";
import { memoryTypes } from "./memory-types/memory-type.ts";
import { ensureTable, PRESENT, SAFEMAPPED, setTableEntry, USER, WRITABLE } from "./page-table.ts";
import { copyFrame } from "./physical.ts";
import { eachPresent } from "./regions.ts";
import type { AddressSpace, Region, Table, VmState } from "./state.ts";

/** Whether somebody else has this page by safemap now. */
function isSafemapped(vm: VmState, entry: number): boolean {
  return (entry & SAFEMAPPED) !== 0 && (vm.references[entry >>> 12] as number) > 1;
}

/** How many frames it takes to share a region: pages in a safemap are not shared any further, but copied. */
export function framesToShare(vm: VmState, space: AddressSpace, region: Region): number {
  let copies = 0;
  if (region.type !== "anon") return 0;
  eachPresent(space, region.first, region.first + region.count, (_table, _index, entry) => {
    if (isSafemapped(vm, entry)) copies++;
  });
  return copies;
}

/**
 * Shares a region with another address space, at the same address: what is copied is page table entries, and who writes first
 * gets a copy of the page (V03). False where memory did not last: then the child has a part, which the caller frees.
 */
export function* shareRegion(vm: VmState, parent: AddressSpace, child: AddressSpace, region: Region): Program<boolean> {
  const { counted, sharedEntry } = memoryTypes[region.type];
  insert(child.regions, region.first, child.records.allocate({ ...region, faults: 0 }));
  const copies: number[] = []; // pairs: from, to
  let to: Table | null = null;
  let toPde = -1;
  let complete = true;
  eachPresent(parent, region.first, region.first + region.count, (table, index, entry, pde) => {
    if (!complete) return;
    if (pde !== toPde) {
      complete = ensureTable(vm, child, pde);
      if (!complete) return;
      to = child.tables.get(pde) as Table;
      toPde = pde;
    }
    const frame = entry >>> 12;
    if (counted && region.type === "anon" && isSafemapped(vm, entry)) {
      const copy = takeOne(vm, region.below);
      complete = copy >= 0;
      if (!complete) return;
      vm.references[copy] = 1;
      copies.push(frame, copy);
      setTableEntry(vm, to as Table, index, (copy << 12) | PRESENT | USER | (region.writable ? WRITABLE : 0));
      return;
    }
    const both = sharedEntry(entry);
    if (counted) vm.references[frame] = (vm.references[frame] as number) + 1;
    setTableEntry(vm, table, index, both);
    setTableEntry(vm, to as Table, index, both);
  });
  for (let i = 0; i < copies.length; i += 2) yield* copyFrame(copies[i] as number, copies[i + 1] as number);
  return complete;
}
