import type { Endpoint } from "@procyon-os/message";
import type { AvlTree } from "./avl.ts";
import type { FreeMemory, Run } from "./free-memory.ts";
import type { SavedVm } from "./recovery/saved.ts";
import type { Slab } from "./slab.ts";

/** A page directory or page table: its frame, and what VM wrote there. VM never needs to read one back. */
export interface Table {
  readonly frame: number;
  readonly entries: Int32Array; // 1024, as in memory but for the bits that the MMU sets
  used: number; // entries that are not 0 (of a directory: of the process's part)
  from: number; // entries [from, to) are not in memory yet
  to: number;
  /** Whose it is; null: all directories', the kernel's. */
  readonly owner: AddressSpace | null;
  /** Of what is not in memory yet, something takes rights or a page away: TLBs may know better. */
  reduced: boolean;
}

/** What stands behind the pages of a region; each is a file in `memory-types/`. */
export type MemoryTypeName = "anon" | "shared" | "direct";
export type RegionTag = "text" | "heap" | "stack" | "none";

/** Pages of a process that were mapped together. Which frames they have says its page table. */
export interface Region {
  first: number; // linear address / 4096
  count: number; // pages
  type: MemoryTypeName; // shared memory is anonymous until it is filled
  readonly tag: RegionTag;
  writable: boolean;
  /** Text that is being loaded: only the kernel may touch it. The first access of the process makes it read-only. */
  loading: boolean;
  /** New frames lie below this one; 0: anywhere. */
  readonly below: number;
  /** Page faults that were resolved here. */
  faults: number;
}

/** The memory of a process. Exec makes a new one and throws the old one away. */
export interface AddressSpace {
  directory: Table;
  readonly tables: Map<number, Table>; // by directory index
  readonly regions: AvlTree<Region>; // by first page
  readonly records: Slab<Region>; // where its regions come from
  /** A safemap has shown it something: the kernel hears of what it gives up. */
  sees: boolean;
  /** In which round (`VmState.round`) something was last written into its directory or tables in memory. */
  written: number;
}

/** Pages [first, end) that an address space has given up. */
export interface GivenUp {
  readonly space: AddressSpace;
  readonly first: number;
  readonly end: number;
}

/** A segment in clicks (pages); `phys` is linear / 4096. */
export interface Segment {
  vir: number;
  phys: number;
  length: number;
}

export const VMF_EXITING = 0x008;
export const VMF_HAS_DMA = 0x010;
export const VMF_WATCHEXIT = 0x020;

/** One process (reference/vm.md 1.1). */
export interface VmProcess {
  slot: number;
  endpoint: Endpoint;
  flags: number;
  /** A system service, or the child of one: it may use the memory that is kept in reserve. */
  service: boolean;
  /** Runs a hosted program: it has no use of a stack, and nothing to inherit at an update. */
  hosted: boolean;
  space: AddressSpace;
  text: Segment;
  data: Segment; // its length follows brk
  stack: Segment;
  /** Which calls it may make: bit n of two words. */
  callMask: [number, number];
  /** Memory that an instance of VM has had for itself, once it has ended: its successor may still read there. */
  own: Run[];
}

/** Pages that a process gave to VM for a while. Maps keep the order of insertion: the first is the oldest. */
export interface YieldedBlock {
  readonly owner: Endpoint;
  readonly high: number;
  readonly low: number;
  readonly frames: number[];
}

/** Memory that a device uses. */
export interface DmaEntry {
  readonly process: Endpoint;
  readonly base: number;
  readonly size: number;
  /** Frames held after the process's exit, until the driver says that the device has stopped. */
  held: number[] | null;
}

/** How often things happened since VM has started. */
export interface VmCounters {
  faults: number;
  /** Pages that were copied because somebody wrote one that was shared. */
  copies: number;
  /** Page faults that ended with SIGSEGV. */
  refusedFaults: number;
  /** Yielded blocks that were forgotten because memory was short. */
  forgotten: number;
  /** Times that memory was asked for and was not there, after all yielded blocks were gone. */
  shortages: number;
}

/** Mistakes that VM makes when it is told to, so that tests prove that they would be found. */
export type PlantedMistake = "none" | "give-back";

/** What an instance that has just taken over still has to know, until it has handled its first message. */
export interface TakenOver {
  /** The instances that the one before had let change places, without having said so: source and target. */
  readonly swapped: readonly Endpoint[];
}

/**
 * All of VM. Nothing survives between two requests outside of it. What of it has to survive VM itself is in `saved`; the rest follows
 * from that and from the page tables in memory (`recovery/`).
 */
export interface VmState {
  /** Frames that VM has to give: the memory of the machine without the kernel's. */
  readonly managed: Run[];
  readonly free: FreeMemory;
  /** How many regions and yielded blocks use a frame of process memory. */
  readonly references: Int32Array;
  /** Where regions come from. */
  readonly records: Slab<Region>;
  readonly counters: VmCounters;
  /** For tests: which allocation from now on fails, and all that follow in that call; 0: none. */
  failAt: number;
  mistake: PlantedMistake;
  /** Processes that are stopped for the length of a change already. */
  readonly inhibited: Endpoint[];
  readonly processes: (VmProcess | null)[]; // by slot
  /** Directory entries that every address space has: [index, entry, index, entry …]. */
  readonly kernelEntries: number[];
  /** The page table through which the kernel sees every directory: entry n is that of slot n. */
  directoryPage: Table;
  /** Frames of page tables that all directories share. */
  readonly sharedTables: Table[];
  /** Directory index of the directory page, and the two that the kernel may change. */
  directoryPde: number;
  freePdes: [number, number];
  /** How many CPUs run processes. */
  cpus: number;
  /** Paging is on: VM reaches physical memory through its own window. */
  paging: boolean;
  /** Entries of tables that are gone, all 0: new tables take them. */
  readonly spareEntries: Int32Array[];
  /** Tables with entries that are not in memory yet. Empty between two requests. */
  readonly dirty: Table[];
  /** Tables were written since VM last told the kernel to forget what it cached of them. */
  staleWindows: boolean;
  staleDirectories: boolean;
  /** Frames that were given up, to be free when the request is through: until then an instance that follows may need what is in them. */
  readonly limbo: Run[];
  /** What was given up where a safemap may have been, and the kernel has not heard of. Empty between two requests. */
  readonly givenUp: GivenUp[];
  /** Runs that VM took for itself, and the frame in which their list lies. */
  readonly own: Run[];
  ownDirectory: number;
  readonly yielded: Map<string, YieldedBlock>;
  /** Whose they are: exit and exec look at no others. */
  readonly yieldedBy: Map<Endpoint, Set<string>>;
  readonly dma: DmaEntry[];
  /** Watched processes with an exit or a signal to report, oldest first. */
  readonly exits: Endpoint[];
  saved: SavedVm;
  /** Messages that this instance has received. */
  round: number;
  /** Slots whose process may not be as it is saved. */
  readonly changedSlots: Set<number>;
  takenOver: TakenOver | null;
}
