import { VMCTL_FLUSHTLB, VMCTL_SETADDRSPACE, VMCTL_VMINHIBIT_CLEAR, VMCTL_VMINHIBIT_SET } from "@procyon-os/contract-kernel";
import { SELF, VM, type Endpoint, type Program } from "@procyon-os/message";
import { panic } from "@procyon-os/syslib";
import { newTree } from "./avl.ts";
import { FrameReleaser, giveUp, takeOne } from "./frames.ts";
import { storePhysical } from "./physical.ts";
import type { AddressSpace, Table, VmState } from "./state.ts";
import { vmctl } from "./vmctl.ts";

// Entries of page directories and tables: Intel 80386 manual, "Page Translation"; 4 MB and global pages: Pentium.
export const PRESENT = 0x001;
export const WRITABLE = 0x002;
export const USER = 0x004;
export const UNCACHED = 0x018;
export const BIG_PAGE = 0x080;
export const GLOBAL = 0x100;
/** Ours, a bit that the MMU leaves to systems: the page is shared by safemap, or was; see `safemap.ts`. */
export const SAFEMAPPED = 0x200;
/** An entry of a directory that points to a table: what a page may do says the table. */
const TABLE_BITS = PRESENT | WRITABLE | USER;
/** First directory index of processes; below is the kernel's (reference/vm.md 5.2). */
export const FIRST_PROCESS_PDE = 100;
const ENTRIES = 1024;

/** How many entry arrays of tables that are gone are kept for new ones. */
const MOST_SPARE = 256;

export function newTable(frame: number, owner: AddressSpace | null, entries: Int32Array = new Int32Array(ENTRIES)): Table {
  return { frame, entries, used: 0, from: ENTRIES, to: 0, owner, reduced: false };
}

/** A table that goes away: nothing of it is written any more, and its entries, which must all be 0, serve another one. */
function retire(vm: VmState, table: Table): void {
  forgetWrites(vm, table);
  if (vm.spareEntries.length < MOST_SPARE) vm.spareEntries.push(table.entries);
}

/** Notes that an entry must go to memory. */
function touch(vm: VmState, table: Table, from: number, to: number): void {
  if (table.from >= table.to) vm.dirty.push(table);
  if (from < table.from) table.from = from;
  if (to > table.to) table.to = to;
}

/** Sets an entry of a table; it is in memory after `flushTables`. */
export function setTableEntry(vm: VmState, table: Table, index: number, entry: number): void {
  const old = table.entries[index] as number;
  if (old === entry) return;
  table.entries[index] = entry;
  if (old === 0) table.used++;
  else if (entry === 0) table.used--;
  // Less than it was: gone, another frame, or no longer writable. More is safe: an MMU looks again before it refuses.
  if ((old & PRESENT) !== 0 && ((old ^ entry) & ~0xfff) !== 0) table.reduced = true;
  else if ((old & ~entry & (PRESENT | WRITABLE | USER)) !== 0) table.reduced = true;
  touch(vm, table, index, index + 1);
}

/** The page table entry of a page (linear address / 4096), or 0. */
export function entryOf(space: AddressSpace, page: number): number {
  const table = space.tables.get(page >>> 10);
  return table === undefined ? 0 : (table.entries[page & 1023] as number);
}

/** Sets the entry of a page whose table exists. */
export function setEntry(vm: VmState, space: AddressSpace, page: number, entry: number): void {
  const table = space.tables.get(page >>> 10);
  if (table === undefined) throw new Error(`page ${page} has no page table`);
  setTableEntry(vm, table, page & 1023, entry);
}

/** Makes the page table of a directory index where there is none; false where memory is full. */
export function ensureTable(vm: VmState, space: AddressSpace, pde: number): boolean {
  if (space.tables.has(pde)) return true;
  const frame = takeOne(vm, 0);
  if (frame < 0) return false;
  const table = newTable(frame, space, vm.spareEntries.pop());
  touch(vm, table, 0, ENTRIES);
  space.tables.set(pde, table);
  setTableEntry(vm, space.directory, pde, (frame << 12) | TABLE_BITS);
  return true;
}

/** How many page tables the pages [first, end) lack. */
export function missingTables(space: AddressSpace, first: number, end: number): number {
  let missing = 0;
  for (let pde = first >>> 10; pde <= (end - 1) >>> 10; pde++) if (!space.tables.has(pde)) missing++;
  return missing;
}

/** Gives back the tables of [first, end) that have no entry left. */
export function dropEmptyTables(vm: VmState, space: AddressSpace, first: number, end: number): void {
  for (let pde = first >>> 10; pde <= (end - 1) >>> 10; pde++) {
    const table = space.tables.get(pde);
    if (table === undefined || table.used > 0) continue;
    setTableEntry(vm, space.directory, pde, 0);
    space.tables.delete(pde);
    retire(vm, table);
    giveUp(vm, table.frame, 1);
  }
}

/** A table that goes away is not written any more: its frame may soon be somebody's page. */
function forgetWrites(vm: VmState, table: Table): void {
  if (table.from >= table.to) return;
  const at = vm.dirty.indexOf(table);
  if (at >= 0) vm.dirty.splice(at, 1);
  table.from = ENTRIES;
  table.to = 0;
  table.reduced = false;
}

/** In the place of the directory of an address space that has none yet, or none any more. */
const NO_TABLE: Table = newTable(-1, null);

/** An address space that maps the kernel and nothing else, or null where memory is full. */
export function newSpace(vm: VmState): AddressSpace | null {
  const frame = takeOne(vm, 0);
  if (frame < 0) return null;
  const space: AddressSpace = { directory: NO_TABLE, tables: new Map(), regions: newTree(), records: vm.records, sees: false, written: 0 };
  const directory = newTable(frame, space, vm.spareEntries.pop());
  space.directory = directory;
  for (let i = 0; i < vm.kernelEntries.length; i += 2) {
    directory.entries[vm.kernelEntries[i] as number] = vm.kernelEntries[i + 1] as number;
  }
  touch(vm, directory, 0, ENTRIES);
  return space;
}

/** Gives back the directory and the tables of an address space; its regions are gone already. */
export function freeSpaceTables(vm: VmState, space: AddressSpace, releaser: FrameReleaser): void {
  const { frame } = space.directory;
  for (const table of space.tables.values()) {
    table.entries.fill(0);
    retire(vm, table);
    releaser.free(table.frame);
  }
  space.tables.clear();
  space.directory.entries.fill(0);
  retire(vm, space.directory);
  space.directory = NO_TABLE;
  releaser.free(frame);
}

/** Stops the processes that lose something by what is about to be written, but for those that are stopped already. */
function* stopLosers(vm: VmState): Program<Endpoint[]> {
  const stopped: Endpoint[] = [];
  const spaces: AddressSpace[] = [];
  for (const { owner, reduced } of vm.dirty) if (reduced && owner !== null && !spaces.includes(owner)) spaces.push(owner);
  for (const process of vm.processes) {
    if (!process || !spaces.includes(process.space) || process.endpoint === VM || vm.inhibited.includes(process.endpoint)) continue;
    if ((yield* vmctl(process.endpoint, VMCTL_VMINHIBIT_SET)) === 0) stopped.push(process.endpoint);
  }
  return stopped;
}

const isDirectory = (table: Table): boolean => table.owner !== null && table.owner.directory === table;

/**
 * Writes all changed entries to memory, each table's in one piece: the only place where page tables are written. On a
 * machine with several CPUs, who loses a page or a right by it is stopped meanwhile, and all TLBs forget what they know (K19).
 */
export function* flushTables(vm: VmState): Program<void> {
  const { dirty } = vm;
  // Tables before the directories that name them: what a directory in memory shows is always a table, whenever VM ends.
  if (dirty.length > 1) dirty.sort((a, b) => Number(isDirectory(a)) - Number(isDirectory(b)));
  const stopped = vm.cpus > 1 && vm.paging && dirty.some(({ reduced }) => reduced) ? yield* stopLosers(vm) : [];
  for (let i = 0; i < dirty.length; i++) {
    const table = dirty[i] as Table;
    const { from, to, entries } = table;
    table.from = ENTRIES;
    table.to = 0;
    table.reduced = false;
    if (table.owner !== null) table.owner.written = vm.round;
    yield* storePhysical(vm, table.frame * 4096 + from * 4, new Uint8Array(entries.buffer, from * 4, (to - from) * 4));
  }
  if (dirty.length > 0) vm.staleWindows = true;
  dirty.length = 0;
  for (const endpoint of stopped) yield* vmctl(endpoint, VMCTL_VMINHIBIT_CLEAR);
}

/** Lets the kernel see the directory of a slot, or (null) no longer. */
export function showDirectory(vm: VmState, slot: number, space: AddressSpace | null): void {
  setTableEntry(vm, vm.directoryPage, slot, space === null ? 0 : (space.directory.frame << 12) | PRESENT | WRITABLE);
  vm.staleDirectories = true;
}

/** Gives an address space to a process: the kernel learns where its directory is, and it may run. */
export function* bind(vm: VmState, endpoint: Endpoint, slot: number, space: AddressSpace): Program<void> {
  showDirectory(vm, slot, space);
  yield* flushTables(vm);
  const seenAt = vm.directoryPde * 0x400000 + slot * 4096;
  const result = yield* vmctl(endpoint, VMCTL_SETADDRSPACE, space.directory.frame << 12, seenAt);
  if (result !== 0) yield* panic(`the kernel refuses the page directory of ${endpoint}: ${result}`);
}

/**
 * The kernel's windows in VM's own directory show other processes' tables. After those were changed the windows are closed,
 * so that the kernel opens them anew and drops what the TLB knows (reference/vm.md 3.5).
 */
export function* closeWindows(vm: VmState, own: AddressSpace): Program<void> {
  if (vm.staleWindows) {
    vm.staleWindows = false;
    yield* storePhysical(vm, own.directory.frame * 4096 + vm.freePdes[0] * 4, NO_ENTRIES);
  }
  if (vm.staleDirectories) {
    vm.staleDirectories = false;
    yield* vmctl(SELF, VMCTL_FLUSHTLB, 0, 0);
  }
}

const NO_ENTRIES = new Uint8Array(8);
