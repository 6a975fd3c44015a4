import { treeFault, values } from "./avl.ts";
import { memoryTypes } from "./memory-types/memory-type.ts";
import { entryOf, PRESENT, SAFEMAPPED, WRITABLE } from "./page-table.ts";
import { dataBase, PROCESS_BASE } from "./processes.ts";
import { TOP_PAGE } from "./regions.ts";
import type { Region, VmProcess, VmState } from "./state.ts";

/** How many frames each use has; together they are all that VM manages. */
export interface MemoryUse {
  readonly free: number;
  readonly tables: number;
  readonly pages: number; // of processes, each once
  readonly own: number;
  readonly yielded: number;
}

/** Collects every use of every frame, and stops at the first that has two, or none. */
class Collector {
  readonly owner = new Map<number, string>();

  add(start: number, count: number, owner: string): void {
    for (let frame = start; frame < start + count; frame++) {
      const other = this.owner.get(frame);
      if (other !== undefined) throw new Error(`frame ${frame} belongs to ${other} and to ${owner}`);
      this.owner.set(frame, owner);
    }
  }
}

function checkPage(vm: VmState, region: Region, entry: number, where: string): void {
  const references = vm.references[entry >>> 12] as number;
  if ((entry & WRITABLE) !== 0 && !region.writable && !region.loading) throw new Error(`${where} can be written, its region cannot`);
  const together = region.type === "shared" || (entry & SAFEMAPPED) !== 0;
  if (!together && (entry & WRITABLE) !== 0 && references > 1) throw new Error(`${where} can be written and is shared`);
}

/** Checks the regions of a process against its page tables, and counts the references to frames. */
function checkProcess(vm: VmState, process: VmProcess, counted: Map<number, number>): void {
  const { space } = process;
  const name = `process ${process.endpoint}`;
  const fault = treeFault(space.regions);
  if (fault !== null) throw new Error(`${name}: regions: ${fault}`);
  if (dataBase(process) !== PROCESS_BASE) throw new Error(`${name}: its data segment lies elsewhere`);
  let end = PROCESS_BASE + 1; // the first page is nobody's
  let present = 0;
  for (const region of values(space.regions)) {
    const where = `${name}, region at page 0x${region.first.toString(16)}`;
    if (region.first < end || region.count < 1) throw new Error(`${where} overlaps the one before, or is empty`);
    end = region.first + region.count;
    for (let page = region.first; page < end; page++) {
      const table = space.tables.get(page >>> 10);
      if (table === undefined) {
        page |= 1023;
        continue;
      }
      const entry = entryOf(space, page);
      if ((entry & PRESENT) === 0) continue;
      present++;
      if (!memoryTypes[region.type].counted) continue;
      checkPage(vm, region, entry, where);
      counted.set(entry >>> 12, (counted.get(entry >>> 12) ?? 0) + 1);
    }
  }
  if (end > TOP_PAGE) throw new Error(`${name}: regions reach too high`);
  let entries = 0;
  for (const [pde, table] of space.tables) {
    const real = table.entries.reduce((sum, entry) => sum + (entry === 0 ? 0 : 1), 0);
    if (real !== table.used) throw new Error(`${name}: table ${pde} has ${real} entries and says ${table.used}`);
    if ((space.directory.entries[pde] as number) >>> 12 !== table.frame) throw new Error(`${name}: directory entry ${pde} is wrong`);
    entries += real;
  }
  if (entries !== present) throw new Error(`${name}: ${entries} pages are mapped, its regions have ${present}`);
}

function collectFree(vm: VmState, collector: Collector): void {
  const fault = treeFault(vm.free.runs);
  if (fault !== null) throw new Error(`free memory: ${fault}`);
  let end = -1;
  let pages = 0;
  for (const run of values(vm.free.runs)) {
    if (run.start <= end || run.count < 1) throw new Error(`free memory: the run at ${run.start} touches the one before`);
    end = run.start + run.count;
    pages += run.count;
    collector.add(run.start, run.count, "the free memory");
  }
  if (pages !== vm.free.pages) throw new Error(`free memory: ${pages} pages, it says ${vm.free.pages}`);
}

/**
 * Collects every use of memory and proves that each frame that VM manages has exactly one, that references are counted right,
 * and that page tables agree with regions (V12). Throws at the first contradiction.
 */
export function checkVm(vm: VmState): MemoryUse {
  if (vm.dirty.length > 0) throw new Error("page tables were changed and not written");
  if (vm.limbo.length > 0) throw new Error("what was given up is not free");
  const collector = new Collector();
  collectFree(vm, collector);
  const counted = new Map<number, number>();
  if (values(vm.free.runs).length !== vm.free.records.live) throw new Error(`${vm.free.records.live} records of free runs, of which some are lost`);
  const regions = vm.processes.reduce((sum, process) => sum + (process ? values(process.space.regions).length : 0), 0);
  if (regions !== vm.records.live) throw new Error(`${vm.records.live} records of regions, ${regions} regions`);
  let tables = vm.sharedTables.length;
  for (const table of vm.sharedTables) collector.add(table.frame, 1, "the kernel's page tables");
  vm.processes.forEach((process, slot) => {
    if (!process) return;
    if (process.slot !== slot) throw new Error(`slot ${slot} holds a process that says ${process.slot}`);
    checkProcess(vm, process, counted);
    collector.add(process.space.directory.frame, 1, `the directory of ${process.endpoint}`);
    for (const table of process.space.tables.values()) collector.add(table.frame, 1, `a page table of ${process.endpoint}`);
    tables += 1 + process.space.tables.size;
  });
  let yielded = 0;
  for (const block of vm.yielded.values()) {
    yielded += block.frames.length;
    for (const frame of block.frames) counted.set(frame, (counted.get(frame) ?? 0) + 1);
  }
  for (const { held } of vm.dma) for (const frame of held ?? []) counted.set(frame, (counted.get(frame) ?? 0) + 1);
  for (const frame of counted.keys()) collector.add(frame, 1, "processes");
  vm.references.forEach((references, frame) => {
    if (references !== (counted.get(frame) ?? 0)) throw new Error(`frame ${frame} has ${counted.get(frame) ?? 0} users and counts ${references}`);
  });
  let own = 0;
  for (const run of [...vm.own, ...vm.processes.flatMap((process) => process?.own ?? [])]) {
    own += run.count;
    collector.add(run.start, run.count, "VM");
  }
  let managed = 0;
  for (const run of vm.managed) {
    managed += run.count;
    for (let frame = run.start; frame < run.start + run.count; frame++) {
      if (!collector.owner.has(frame)) throw new Error(`frame ${frame} belongs to nobody`);
    }
  }
  if (collector.owner.size !== managed) throw new Error(`${collector.owner.size} frames are in use or free, VM manages ${managed}`);
  return { free: vm.free.pages, tables, pages: counted.size - yielded, own, yielded };
}
