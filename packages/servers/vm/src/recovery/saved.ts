import { VM_PAGEFAULT } from "@procyon-os/contract-vm";
import { isFromKernel, messageType, NR_PROCS, type Endpoint } from "@procyon-os/message";
import { changed, stateSpec, type StateSpec } from "@procyon-os/sef";
import { values } from "../avl.ts";
import { PROCESS_BASE } from "../processes.ts";
import { addRegion } from "../regions.ts";
import type { Run } from "../free-memory.ts";
import type { AddressSpace, DmaEntry, MemoryTypeName, Region, RegionTag, Segment, VmProcess, VmState, YieldedBlock } from "../state.ts";

/**
 * What is saved of VM (README, "Its own end"): what does not follow from the page tables in memory. Words, since they are many and
 * change often. A process: see `encodeProcess`. Facts by name: machine, kernel, shared, managed, dma, exits; and for a live update
 * alone yielded, counters and written.
 */
export interface SavedVm {
  readonly processes: (Int32Array | undefined)[]; // by slot
  readonly facts: Map<FactName, Int32Array>;
}
export type FactName = "machine" | "kernel" | "shared" | "managed" | "dma" | "exits" | "yielded" | "counters" | "written";
/** Those for a live update. */
const updateFacts = ["yielded", "counters", "written"] as const;

/** VM's state as SEF saves it, between two requests. */
export const vmState: StateSpec<SavedVm> = stateSpec<SavedVm>({
  name: "vm", version: 1, saved: true, parts: ["processes", "facts"], once: true,
  comesAgain: (message, status) => messageType(message) === VM_PAGEFAULT && isFromKernel(status), // see VMCTL_RAISE_AGAIN
});

export function newSaved(): SavedVm {
  return { processes: new Array<undefined>(NR_PROCS).fill(undefined), facts: new Map() };
}

const types: readonly MemoryTypeName[] = ["anon", "shared", "direct"];
const tags: readonly RegionTag[] = ["none", "text", "heap", "stack"];
const mistakes: readonly VmState["mistake"][] = ["none", "give-back"];
const runs = (list: readonly Run[]): number[] => list.flatMap(({ start, count }) => [start, count]);

// Bits of a process's first word above its flags; the number of runs is above them.
const SERVICE = 1 << 8;
const HOSTED = 1 << 9;
const SEES = 1 << 10;
const RUNS_SHIFT = 16;
/** Words of a process before its runs and regions. */
const HEAD_WORDS = 11;
// Bits of a region's last word: what it is, and what may be done with it. With LIMITED another word follows.
const TYPE_SHIFT = 0;
const TAG_SHIFT = 2;
const WRITABLE = 1 << 4;
const LOADING = 1 << 5;
const LIMITED = 1 << 6;

/**
 * A process: flags, endpoint, frame of the directory, begin and length of text, data and stack, the call mask, runs of an instance of VM
 * that has ended; then the regions: first, count, kind, and the limit where there is one.
 */
export function encodeProcess(process: VmProcess): Int32Array {
  const { endpoint, flags, service, hosted, space, text, data, stack, callMask, own } = process;
  const regions = values(space.regions);
  const limited = regions.reduce((sum, { below }) => sum + (below === 0 ? 0 : 1), 0);
  const words = new Int32Array(HEAD_WORDS + 2 * own.length + 3 * regions.length + limited); // at nearly every request: no list in between
  words[0] = flags | (service ? SERVICE : 0) | (hosted ? HOSTED : 0) | (space.sees ? SEES : 0) | (own.length << RUNS_SHIFT);
  words[1] = endpoint;
  words[2] = space.directory.frame;
  words[3] = text.vir;
  words[4] = text.length;
  words[5] = data.vir;
  words[6] = data.length;
  words[7] = stack.vir;
  words[8] = stack.length;
  words[9] = callMask[0];
  words[10] = callMask[1];
  let at = HEAD_WORDS;
  for (const { start, count } of own) {
    words[at++] = start;
    words[at++] = count;
  }
  for (const { first, count, type, tag, writable, loading, below } of regions) {
    const kind = (types.indexOf(type) << TYPE_SHIFT) | (tags.indexOf(tag) << TAG_SHIFT) | (writable ? WRITABLE : 0) | (loading ? LOADING : 0);
    words[at++] = first;
    words[at++] = count;
    words[at++] = below === 0 ? kind : kind | LIMITED;
    if (below !== 0) words[at++] = below;
  }
  return words;
}

/** Reads words one after another. */
class Words {
  private readonly words: Int32Array;
  private at = 0;

  constructor(words: Int32Array) {
    this.words = words;
  }
  get left(): number {
    return this.words.length - this.at;
  }
  next(): number {
    if (this.left === 0) throw new Error("vm: the saved state ends too early");
    return this.words[this.at++] as number;
  }
  segment(): Segment {
    const vir = this.next();
    return { vir, phys: PROCESS_BASE + vir, length: this.next() };
  }
  runs(count: number): Run[] {
    return Array.from({ length: count }, () => ({ start: this.next(), count: this.next() }));
  }
  numbers(count: number): number[] {
    return Array.from({ length: count }, () => this.next());
  }
}

/** The process of these words, in a space whose tables are still to be read. */
export function decodeProcess(slot: number, words: Int32Array, makeSpace: (directory: number) => AddressSpace): VmProcess {
  const from = new Words(words);
  const [first, endpoint, directory] = from.numbers(3) as [number, number, number];
  const process: VmProcess = {
    slot, endpoint: endpoint as Endpoint, flags: first & (SERVICE - 1), service: (first & SERVICE) !== 0, hosted: (first & HOSTED) !== 0,
    space: makeSpace(directory), text: from.segment(), data: from.segment(), stack: from.segment(), callMask: [from.next(), from.next()],
    own: from.runs(first >>> RUNS_SHIFT),
  };
  process.space.sees = (first & SEES) !== 0;
  while (from.left > 0) addRegion(process.space, decodeRegion(from));
  return process;
}

function decodeRegion(from: Words): Region {
  const [first, count, kind] = from.numbers(3) as [number, number, number];
  return {
    first, count, type: types[(kind >>> TYPE_SHIFT) & 3] as MemoryTypeName, tag: tags[(kind >>> TAG_SHIFT) & 3] as RegionTag,
    writable: (kind & WRITABLE) !== 0, loading: (kind & LOADING) !== 0, below: (kind & LIMITED) !== 0 ? from.next() : 0, faults: 0,
  };
}

function encodeDma(list: readonly DmaEntry[]): number[] {
  return list.flatMap(({ process, base, size, held }) => [process, base | 0, size | 0, held === null ? -1 : held.length, ...(held ?? [])]);
}

function encodeYielded(blocks: Iterable<YieldedBlock>): number[] {
  const words: number[] = [];
  for (const { owner, high, low, frames } of blocks) words.push(owner, high, low, frames.length, ...frames);
  return words;
}

/** The facts, each from the state as it is. */
const facts: { readonly [Name in FactName]: (vm: VmState) => readonly number[] } = {
  machine: (vm) => [
    vm.references.length, vm.directoryPde, ...vm.freePdes, vm.cpus, vm.records.checked ? 1 : 0, mistakes.indexOf(vm.mistake), vm.directoryPage.frame, vm.ownDirectory,
  ],
  kernel: (vm) => vm.kernelEntries,
  shared: (vm) => vm.sharedTables.map(({ frame }) => frame),
  managed: (vm) => runs(vm.managed),
  dma: (vm) => encodeDma(vm.dma),
  exits: (vm) => vm.exits,
  yielded: (vm) => encodeYielded(vm.yielded.values()),
  written: (vm) => vm.processes.flatMap((process) => (process && process.space.written > 0 ? [process.slot, process.space.written] : [])),
  counters: ({ counters }) => [counters.faults, counters.copies, counters.refusedFaults, counters.forgotten, counters.shortages],
};

/** Brings what is saved up to date in a fact. */
export function saveFact(vm: VmState, name: FactName): void {
  vm.saved.facts.set(name, Int32Array.from(facts[name](vm)));
  changed("facts", name);
}

/** Brings what is saved up to date in all that a request may have changed; SEF takes it from there. */
export function saveChanged(vm: VmState): void {
  for (const slot of vm.changedSlots) {
    const process = vm.processes[slot] ?? null;
    vm.saved.processes[slot] = process === null ? undefined : encodeProcess(process);
    changed("processes", slot);
  }
  vm.changedSlots.clear();
}

/** All of it: at the beginning of an instance. */
export function saveAll(vm: VmState): void {
  for (let slot = 0; slot < NR_PROCS; slot++) vm.changedSlots.add(slot);
  saveChanged(vm);
  for (const name of ["machine", "kernel", "shared", "managed", "dma", "exits"] as const) saveFact(vm, name);
}

/** What does not survive a crash but does a live update: what could be had again, or is only counted. */
export function saveForUpdate(vm: VmState): void {
  saveAll(vm);
  for (const name of updateFacts) saveFact(vm, name);
}

/** After a live update: what the version before has saved is what this one has saved, but for what has changed since. */
export function saveUpdated(vm: VmState, saved: SavedVm): void {
  vm.saved = saved;
  for (const name of updateFacts) {
    saved.facts.delete(name);
    changed("facts", name);
  }
  saveFact(vm, "machine");
  saveChanged(vm);
}

/** Throws where something that is saved is not as it is: somebody has changed it and not said so. */
export function checkSaved(vm: VmState): void {
  for (let slot = 0; slot < NR_PROCS; slot++) {
    const process = vm.processes[slot] ?? null;
    if (vm.changedSlots.has(slot)) continue; // of the request that is under way
    if (!isSame(vm.saved.processes[slot], process === null ? undefined : encodeProcess(process))) throw new Error(`what is saved of slot ${slot} is out of date`);
  }
  for (const [name, words] of vm.saved.facts) {
    if (!updateFacts.some((one) => one === name) && !isSame(words, Int32Array.from(facts[name](vm)))) throw new Error(`what is saved of "${name}" is out of date`);
  }
}

/** Whether the words are the same; undefined is no words at all. */
export function isSame(a: Int32Array | undefined, b: Int32Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The parts of a saved state that are not processes. */
export interface SavedFacts {
  readonly frames: number;
  readonly directoryPde: number;
  readonly freePdes: [number, number];
  readonly cpus: number;
  readonly checked: boolean;
  readonly mistake: VmState["mistake"];
  readonly directoryPage: number;
  readonly ownDirectory: number;
  readonly kernelEntries: number[];
  readonly shared: number[];
  readonly managed: Run[];
  readonly dma: DmaEntry[];
  readonly exits: Endpoint[];
  readonly yielded: YieldedBlock[];
  readonly counters: number[] | null;
  /** By slot: in which round its tables were last written; of others that was before this instance had received anything. */
  readonly written: ReadonlyMap<number, number>;
}

export function decodeFacts({ facts: saved }: SavedVm): SavedFacts {
  const words = (name: FactName): Words => new Words(saved.get(name) ?? new Int32Array(0));
  const machine = words("machine");
  const [frames, directoryPde, low, high, cpus, checked, mistake, directoryPage, ownDirectory] = machine.numbers(9) as [number, number, number, number, number, number, number, number, number];
  const managed = words("managed");
  const dma: DmaEntry[] = [];
  for (const from = words("dma"); from.left > 0; ) {
    const [process, base, size, held] = from.numbers(4) as [number, number, number, number];
    dma.push({ process: process as Endpoint, base: base >>> 0, size: size >>> 0, held: held < 0 ? null : from.numbers(held) });
  }
  const yielded: YieldedBlock[] = [];
  for (const from = words("yielded"); from.left > 0; ) {
    const [owner, blockHigh, blockLow, count] = from.numbers(4) as [number, number, number, number];
    yielded.push({ owner: owner as Endpoint, high: blockHigh >>> 0, low: blockLow >>> 0, frames: from.numbers(count) });
  }
  const counters = saved.get("counters");
  const written = new Map<number, number>();
  for (const from = words("written"); from.left > 0; ) written.set(from.next(), from.next());
  return {
    frames, directoryPde, freePdes: [low, high], cpus, checked: checked === 1, mistake: mistakes[mistake] ?? "none", directoryPage, ownDirectory,
    kernelEntries: Array.from(saved.get("kernel") ?? []), shared: Array.from(saved.get("shared") ?? []), managed: managed.runs(managed.left / 2), dma,
    exits: Array.from(saved.get("exits") ?? []) as Endpoint[], yielded, counters: counters === undefined ? null : Array.from(counters), written,
  };
}
