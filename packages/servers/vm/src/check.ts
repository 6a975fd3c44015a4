import { treeFault, values } from "./avl.ts";
import { memoryTypes } from "./memory-types/memory-type.ts";
import { PRESENT, SAFEMAPPED, WRITABLE } from "./page-table.ts";
import { dataBase, PROCESS_BASE } from "./processes.ts";
import { TOP_PAGE } from "./regions.ts";
import type { Region, Table, VmProcess, VmState } from "./state.ts";
import { checkYielded } from "./yielded.ts";

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
  /** By frame: 0, or the place of its owner in `names`. */
  private readonly owner: Int32Array;
  private readonly names = ["nobody"];
  used = 0;

  constructor(frames: number) {
    this.owner = new Int32Array(frames);
  }

  add(start: number, count: number, owner: string): void {
    const { names } = this;
    if (names[names.length - 1] !== owner) names.push(owner);
    for (let frame = start; frame < start + count; frame++) {
      if (frame < 0 || frame >= this.owner.length) throw new Error(`frame ${frame} of ${owner} is no memory`);
      const other = this.owner[frame] as number;
      if (other !== 0) throw new Error(`frame ${frame} belongs to ${names[other]} and to ${owner}`);
      this.owner[frame] = names.length - 1;
      this.used++;
    }
  }

  has(frame: number): boolean {
    return this.owner[frame] !== 0;
  }
}

/** How often each frame of process memory is used. */
class Counted {
  readonly users: Int32Array; // by frame
  frames = 0;

  constructor(frames: number) {
    this.users = new Int32Array(frames);
  }
  add(frame: number): void {
    if (frame >= this.users.length) throw new Error(`frame ${frame} of a process is no memory`);
    if (this.users[frame] === 0) this.frames++;
    this.users[frame] = (this.users[frame] as number) + 1;
  }
}

const placeOf = (process: VmProcess, region: Region): string => `process ${process.endpoint}, region at page 0x${region.first.toString(16)}`;

function checkPage(vm: VmState, process: VmProcess, region: Region, entry: number): void {
  if ((entry & WRITABLE) === 0) return;
  if (!region.writable && !region.loading) throw new Error(`${placeOf(process, region)} can be written, its region cannot`);
  const together = region.type === "shared" || (entry & SAFEMAPPED) !== 0;
  if (!together && (vm.references[entry >>> 12] as number) > 1) throw new Error(`${placeOf(process, region)} can be written and is shared`);
}

/** Checks the pages of a region, and counts the references to frames; gives how many are present. */
function checkRegion(vm: VmState, process: VmProcess, region: Region, counted: Counted): number {
  const end = region.first + region.count;
  const isCounted = memoryTypes[region.type].counted;
  let present = 0;
  for (let first = region.first; first < end; ) {
    const stop = Math.min(end, (first | 1023) + 1);
    const entries = process.space.tables.get(first >>> 10)?.entries;
    for (let page = first; entries !== undefined && page < stop; page++) {
      const entry = entries[page & 1023] as number;
      if ((entry & PRESENT) === 0) continue;
      present++;
      if (!isCounted) continue;
      checkPage(vm, process, region, entry);
      counted.add(entry >>> 12);
    }
    first = stop;
  }
  return present;
}

/** How many entries a table has: counted, not what it says. */
function usedEntries({ entries }: Table): number {
  let used = 0;
  for (let i = 0; i < entries.length; i++) if (entries[i] !== 0) used++;
  return used;
}

/** Checks the regions of a process against its page tables, and counts the references to frames. */
function checkProcess(vm: VmState, process: VmProcess, counted: Counted): void {
  const { space } = process;
  const name = `process ${process.endpoint}`;
  const fault = treeFault(space.regions);
  if (fault !== null) throw new Error(`${name}: regions: ${fault}`);
  if (dataBase(process) !== PROCESS_BASE) throw new Error(`${name}: its data segment lies elsewhere`);
  let end = PROCESS_BASE + 1; // the first page is nobody's
  let present = 0;
  for (const region of values(space.regions)) {
    if (region.first < end || region.count < 1) throw new Error(`${placeOf(process, region)} overlaps the one before, or is empty`);
    end = region.first + region.count;
    present += checkRegion(vm, process, region, counted);
  }
  if (end > TOP_PAGE) throw new Error(`${name}: regions reach too high`);
  let entries = 0;
  for (const [pde, table] of space.tables) {
    const real = usedEntries(table);
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
  const frames = vm.references.length;
  const collector = new Collector(frames);
  collectFree(vm, collector);
  const counted = new Counted(frames);
  if (values(vm.free.runs).length !== vm.free.records.live) throw new Error(`${vm.free.records.live} records of free runs, of which some are lost`);
  const regions = vm.processes.reduce((sum, process) => sum + (process ? process.space.regions.size : 0), 0); // sizes are checked with the trees
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
  checkYielded(vm);
  let yielded = 0;
  for (const block of vm.yielded.values()) {
    yielded += block.frames.length;
    for (const frame of block.frames) counted.add(frame);
  }
  for (const { held } of vm.dma) for (const frame of held ?? []) counted.add(frame);
  for (let frame = 0; frame < frames; frame++) {
    const users = counted.users[frame] as number;
    if (users > 0) collector.add(frame, 1, "processes");
    if (vm.references[frame] !== users) throw new Error(`frame ${frame} has ${users} users and counts ${vm.references[frame]}`);
  }
  let own = 0;
  for (const run of [...vm.own, ...vm.processes.flatMap((process) => process?.own ?? [])]) {
    own += run.count;
    collector.add(run.start, run.count, "VM");
  }
  let managed = 0;
  for (const run of vm.managed) {
    managed += run.count;
    for (let frame = run.start; frame < run.start + run.count; frame++) {
      if (!collector.has(frame)) throw new Error(`frame ${frame} belongs to nobody`);
    }
  }
  if (collector.used !== managed) throw new Error(`${collector.used} frames are in use or free, VM manages ${managed}`);
  return { free: vm.free.pages, tables, pages: counted.frames - yielded, own, yielded };
}
