import { VM_DATATOP } from "@procyon-os/contract-vm";
import { atOrAbove, atOrBelow, insert, remove } from "./avl.ts";
import { FrameReleaser } from "./frames.ts";
import { noteGivenUp } from "./given-up.ts";
import { memoryTypes } from "./memory-types/memory-type.ts";
import { dropEmptyTables, PRESENT, setTableEntry } from "./page-table.ts";
import { use } from "./slab.ts";
import type { AddressSpace, Region, Table, VmState } from "./state.ts";

/** First page that no mapping may reach. */
export const TOP_PAGE: number = VM_DATATOP / 4096;

/** The region that covers a page, or null. */
export function regionAt(space: AddressSpace, page: number): Region | null {
  const region = atOrBelow(space.regions, page);
  return region !== null && page < region.first + region.count ? region : null;
}

/** The first region that reaches beyond a page, or null. */
export function regionFrom(space: AddressSpace, page: number): Region | null {
  return regionAt(space, page) ?? atOrAbove(space.regions, page);
}

/** Whether no region has a page of [first, end), and all of it may be mapped. */
export function isFree(space: AddressSpace, first: number, end: number): boolean {
  if (end > TOP_PAGE || first >= end) return false;
  const next = regionFrom(space, first);
  return next === null || next.first >= end;
}

/** The lowest gap of `count` pages at or above a page, or -1. */
export function findGap(space: AddressSpace, from: number, count: number): number {
  for (let at = from; at + count <= TOP_PAGE; ) {
    const next = regionFrom(space, at);
    if (next === null || next.first >= at + count) return at;
    at = next.first + next.count;
  }
  return -1;
}

/** The place of a new mapping: where it is asked for, if that is free; else the first gap above; -1 where there is none. */
export function placeFor(space: AddressSpace, wanted: number, count: number): number {
  return isFree(space, wanted, wanted + count) ? wanted : findGap(space, wanted, count);
}

/** Adds a region; whoever calls has checked that the place is free. */
export function addRegion(space: AddressSpace, region: Region): Region {
  if (!isFree(space, region.first, region.first + region.count)) throw new Error(`a region at page ${region.first} overlaps another`);
  const record = space.records.allocate(region);
  insert(space.regions, record.first, record);
  return record;
}

/** An anonymous, writable region, as most are. */
export function anonRegion(first: number, count: number, tag: Region["tag"] = "none"): Region {
  return { first, count, type: "anon", tag, writable: true, loading: false, below: 0, faults: 0 };
}

/** Removes a region whose pages are gone. */
export function removeRegion(space: AddressSpace, region: Region): void {
  remove(space.regions, region.first);
  space.records.free(region);
}

/** Cuts a region in two, so that one begins at `page`. */
function splitAt(space: AddressSpace, page: number): void {
  const region = regionAt(space, page);
  if (region === null || region.first === page) return;
  insert(space.regions, page, space.records.allocate({ ...region, first: page, count: region.first + region.count - page }));
  use(region, (one) => (one.count = page - one.first));
}

/** Calls back for each present page of [first, end): its table, the index in it, the entry, and the index of the table. */
export function eachPresent(
  space: AddressSpace, first: number, end: number, visit: (table: Table, index: number, entry: number, pde: number) => void,
): void {
  for (let pde = first >>> 10; pde <= (end - 1) >>> 10; pde++) {
    const table = space.tables.get(pde);
    if (table === undefined) continue;
    const from = Math.max(first - (pde << 10), 0);
    const to = Math.min(end - (pde << 10), 1024);
    for (let index = from; index < to; index++) {
      const entry = table.entries[index] as number;
      if ((entry & PRESENT) !== 0) visit(table, index, entry, pde);
    }
  }
}

/** Takes the pages of a region out of the page table and lets their frames go. */
function dropPages(vm: VmState, space: AddressSpace, region: Region, releaser: FrameReleaser): void {
  const { counted } = memoryTypes[region.type];
  eachPresent(space, region.first, region.first + region.count, (table, index, entry) => {
    setTableEntry(vm, table, index, 0);
    if (counted) releaser.release(entry >>> 12);
  });
}

/** Unmaps whatever lies in [first, end); regions that reach beyond are cut. */
export function unmapRange(vm: VmState, space: AddressSpace, first: number, end: number): void {
  if (first >= end) return;
  noteGivenUp(vm, space, first, end);
  splitAt(space, first);
  splitAt(space, end);
  const releaser = new FrameReleaser(vm);
  for (let region = regionFrom(space, first); region !== null && region.first < end; region = regionFrom(space, first)) {
    dropPages(vm, space, region, releaser);
    removeRegion(space, region);
  }
  releaser.end();
  dropEmptyTables(vm, space, first, end);
}
