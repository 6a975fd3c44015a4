import type { Program } from "@procyon-os/message";
import { load } from "@procyon-os/syslib";
import { newTree, values } from "../avl.ts";
import { emptyState } from "../boot/empty-state.ts";
import { freeRun, type Run } from "../free-memory.ts";
import { memoryTypes } from "../memory-types/memory-type.ts";
import { BIG_PAGE, FIRST_PROCESS_PDE, newTable, PRESENT, SAFEMAPPED } from "../page-table.ts";
import { WINDOW_START } from "../physical.ts";
import { eachPresent } from "../regions.ts";
import type { AddressSpace, Table, VmProcess, VmState } from "../state.ts";
import { decodeFacts, decodeProcess, type SavedFacts, type SavedVm } from "./saved.ts";

/** What the MMU writes into entries by itself: accessed, dirty. */
const WRITTEN_BY_MMU = 0x60;
const ENTRIES = 1024;

// These two go through all page tables while nobody is served: they are no generators, so that the host compiles them at once.
/** Gives the bits that any of the entries has. */
function takeEntries(table: Table, bytes: Uint8Array, from: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 4096);
  const { entries } = table;
  let used = 0;
  let bits = 0;
  for (let index = from; index < ENTRIES; index++) {
    const entry = view.getInt32(index * 4, true) & ~WRITTEN_BY_MMU;
    entries[index] = entry;
    if (entry !== 0) used++;
    bits |= entry;
  }
  table.used += used;
  return bits;
}

/** Directory indices of a process's page tables. */
function tablesIn(entries: Int32Array): number[] {
  const found: number[] = [];
  for (let pde = FIRST_PROCESS_PDE; pde < ENTRIES; pde++) if (((entries[pde] as number) & (PRESENT | BIG_PAGE)) === PRESENT) found.push(pde);
  return found;
}

/** Reads a directory or table back from memory; gives the bits that any of its entries has. */
export function* readTable(table: Table, from = 0): Program<number> {
  table.used = 0;
  return takeEntries(table, yield* load(WINDOW_START + table.frame * 4096, 4096), from);
}

function spaceWith(vm: VmState, directory: number): AddressSpace {
  const space: AddressSpace = { directory: newTable(directory, null), tables: new Map(), regions: newTree(), records: vm.records, sees: false, written: 0 };
  space.directory = newTable(directory, space);
  return space;
}

/** Reads the directory of a process, and all tables that it names. Below the processes' part it has what all have. */
function* readSpace(vm: VmState, space: AddressSpace): Program<void> {
  const { directory } = space;
  yield* readTable(directory, FIRST_PROCESS_PDE);
  for (let i = 0; i < vm.kernelEntries.length; i += 2) directory.entries[vm.kernelEntries[i] as number] = vm.kernelEntries[i + 1] as number;
  for (const pde of tablesIn(directory.entries)) {
    const table = newTable((directory.entries[pde] as number) >>> 12, space);
    // Of a directory that is being thrown away anything may be read; `repair` knows such a table by its frame.
    const bits = table.frame < vm.references.length ? yield* readTable(table) : 0;
    // A map that is newer than what is saved: its mark is there, since marks go only with requests that save.
    space.sees ||= (bits & SAFEMAPPED) !== 0;
    space.tables.set(pde, table);
  }
}

/** Everything that is not a process, a page table or free memory. */
function restoreFacts(vm: VmState, facts: SavedFacts): void {
  Object.assign(vm, { directoryPde: facts.directoryPde, freePdes: facts.freePdes, cpus: facts.cpus, mistake: facts.mistake, paging: true });
  vm.managed.push(...facts.managed);
  vm.kernelEntries.push(...facts.kernelEntries);
  vm.dma.push(...facts.dma);
  vm.exits.push(...facts.exits);
  for (const frame of facts.shared) vm.sharedTables.push(newTable(frame, null));
  vm.directoryPage = vm.sharedTables.find(({ frame }) => frame === facts.directoryPage) ?? vm.directoryPage;
}

/** A process as it was saved, with its tables as they are in memory. */
export function* readProcess(vm: VmState, slot: number, words: Int32Array): Program<VmProcess> {
  const process = decodeProcess(slot, words, (directory) => spaceWith(vm, directory));
  vm.processes[slot] = process;
  yield* readSpace(vm, process.space);
  return process;
}

/**
 * The state that an instance has left: regions from what it saved, frames from the page tables as they are in memory. Changes nothing
 * in memory. References and free memory are counted afterwards (`countFrames`).
 */
export function* rebuild(saved: SavedVm): Program<{ vm: VmState; facts: SavedFacts }> {
  const facts = decodeFacts(saved);
  const vm = emptyState(facts.frames, facts.checked);
  restoreFacts(vm, facts);
  for (const table of vm.sharedTables) yield* readTable(table);
  for (const [slot, words] of saved.processes.entries()) {
    if (words !== undefined) yield* readProcess(vm, slot, words);
  }
  return { vm, facts };
}

/** Counts who uses which frame, and gives what nobody uses to the free memory. */
export function countFrames(vm: VmState): void {
  vm.references.fill(0);
  const tables = new Int32Array(vm.references.length);
  for (const process of vm.processes) if (process) countProcess(vm, process, tables, 1);
  countRest(vm, tables);
}

/**
 * Counts what a process has, or takes it out of the count again.
 * @param tables counts how often a frame is a directory or a table
 */
export function countProcess(vm: VmState, { space }: VmProcess, tables: Int32Array, by: 1 | -1): void {
  add(tables, space.directory.frame, by);
  for (const { frame } of space.tables.values()) add(tables, frame, by);
  for (const region of values(space.regions)) {
    if (!memoryTypes[region.type].counted) continue;
    eachPresent(space, region.first, region.first + region.count, (_table, _index, entry) => add(vm.references, entry >>> 12, by));
  }
}

/** Counts what no page table of a process says, when those are counted; what nobody uses then is free. */
export function countRest(vm: VmState, tables: Int32Array): void {
  for (const { frame } of vm.sharedTables) add(tables, frame, 1);
  for (const process of vm.processes) {
    for (const { start, count } of process?.own ?? []) for (let frame = start; frame < start + count; frame++) add(tables, frame, 1);
  }
  for (const { held } of vm.dma) for (const frame of held ?? []) add(vm.references, frame, 1);
  for (const { frames } of vm.yielded.values()) for (const frame of frames) add(vm.references, frame, 1);
  for (const run of vm.managed) freeUnused(vm, run, tables);
}

/** A frame beyond memory is counted nowhere. */
function add(counts: Int32Array, frame: number, by: 1 | -1): void {
  if (frame < counts.length) counts[frame] = (counts[frame] as number) + by;
}

function freeUnused({ free, references }: VmState, run: Run, tables: Int32Array): void {
  const end = run.start + run.count;
  for (let frame = run.start; frame < end; ) {
    let next = frame;
    while (next < end && tables[next] === 0 && references[next] === 0) next++;
    if (next > frame) freeRun(free, frame, next - frame);
    frame = next + 1;
  }
}
