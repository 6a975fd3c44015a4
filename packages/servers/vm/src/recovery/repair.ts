import { dropEmptyTables, FIRST_PROCESS_PDE, PRESENT, SAFEMAPPED, setTableEntry, USER, WRITABLE } from "../page-table.ts";
import { values } from "../avl.ts";
import { eachPresent, regionAt, TOP_PAGE } from "../regions.ts";
import { use } from "../slab.ts";
import type { AddressSpace, Region, Table, VmState } from "../state.ts";
import { countFrames } from "./rebuild.ts";

// What a request that was under way has left in the page tables, as a file system check finds what a crash has left on a disk. The
// regions are those before the request (it comes again), so whatever it had mapped beyond them is dropped, and whatever it had taken
// away is missing: the request will take it again. In the order in which VM writes, nothing worse can be there; what is checked beyond
// that is checked all the same.

/** What may stand in a page of a process: frames that VM has to give, and that are no page table. */
class Frames {
  private readonly may: Uint8Array;

  constructor(vm: VmState) {
    this.may = new Uint8Array(vm.references.length);
    for (const { start, count } of vm.managed) this.may.fill(1, start, start + count);
    for (const { frame } of vm.sharedTables) this.may[frame] = 0;
    for (const process of vm.processes) {
      if (!process) continue;
      this.may[process.space.directory.frame] = 0;
      for (const { start, count } of process.own) this.may.fill(0, start, start + count);
    }
  }

  has(frame: number): boolean {
    return this.may[frame] === 1;
  }
  take(frame: number): void {
    this.may[frame] = 0;
  }
}

/** A directory names each table once, and only what can be one. */
function repairDirectory(vm: VmState, space: AddressSpace, frames: Frames): void {
  for (const [pde, { frame }] of space.tables) {
    if (frames.has(frame)) {
      frames.take(frame);
      continue;
    }
    space.tables.delete(pde);
    setTableEntry(vm, space.directory, pde, 0);
  }
}

/** Text of which a part is sealed already is sealed: the program has begun to run. */
function repairText(space: AddressSpace, region: Region): void {
  let sealed = false;
  eachPresent(space, region.first, region.first + region.count, (_table, _index, entry) => void (sealed ||= (entry & USER) !== 0));
  if (!sealed) return;
  use(region, (one) => {
    one.loading = false;
    one.writable = false;
  });
}

/** What an entry should be, by its region. */
export function rightEntry(region: Region | null, entry: number, frames: Pick<Frames, "has">): number {
  if ((entry & PRESENT) === 0 || region === null) return 0;
  if (region.type === "direct") return entry;
  if (!frames.has(entry >>> 12)) return 0;
  let right = entry;
  if (!region.writable && !region.loading) right &= ~WRITABLE;
  if (region.tag === "text" && !region.loading) right |= USER;
  return right;
}

function repairTable(vm: VmState, space: AddressSpace, pde: number, table: Table, frames: Frames): void {
  for (let index = 0; index < 1024; index++) {
    const entry = table.entries[index] as number;
    if (entry !== 0) setTableEntry(vm, table, index, rightEntry(regionAt(space, (pde << 10) + index), entry, frames));
  }
}

/** Whoever shares a page without knowing it may not write it any more: then it gets a copy, as after a fork. */
function partWriters(vm: VmState, space: AddressSpace): void {
  for (const region of values(space.regions)) {
    if (region.type !== "anon") continue;
    eachPresent(space, region.first, region.first + region.count, (table, index, entry) => {
      if ((entry & (WRITABLE | SAFEMAPPED)) === WRITABLE && (vm.references[entry >>> 12] as number) > 1) setTableEntry(vm, table, index, entry & ~WRITABLE);
    });
  }
}

/** Brings the page tables and the regions into agreement, and counts all frames. What changes is written by `flushTables`. */
export function repair(vm: VmState): void {
  const frames = new Frames(vm);
  const spaces = vm.processes.flatMap((process) => (process ? [process.space] : []));
  for (const space of spaces) repairDirectory(vm, space, frames);
  for (const space of spaces) {
    for (const region of values(space.regions)) if (region.loading) repairText(space, region);
    for (const [pde, table] of space.tables) repairTable(vm, space, pde, table, frames);
    dropEmptyTables(vm, space, FIRST_PROCESS_PDE << 10, TOP_PAGE);
  }
  vm.limbo.length = 0; // what was dropped is counted with the rest
  countFrames(vm);
  for (const space of spaces) partWriters(vm, space);
}
