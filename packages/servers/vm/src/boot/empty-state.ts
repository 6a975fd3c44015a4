import { newFreeMemory } from "../free-memory.ts";
import { newTable } from "../page-table.ts";
import { newSaved } from "../recovery/saved.ts";
import { Slab } from "../slab.ts";
import type { Region, VmState } from "../state.ts";

/** The state before anything is known but how many frames there may be. */
export function emptyState(frames: number, checked = false): VmState {
  return {
    managed: [], free: newFreeMemory(checked), references: new Int32Array(frames), records: new Slab<Region>("regions", checked),
    counters: { faults: 0, copies: 0, refusedFaults: 0, forgotten: 0, shortages: 0 }, failAt: 0, mistake: "none", inhibited: [], processes: [], kernelEntries: [],
    directoryPage: newTable(0, null), sharedTables: [], directoryPde: 0, freePdes: [0, 0], cpus: 1, paging: false, spareEntries: [], dirty: [], limbo: [], givenUp: [],
    staleWindows: false, staleDirectories: false, own: [], ownDirectory: 0, yielded: new Map(), yieldedBy: new Map(), dma: [], exits: [], saved: newSaved(), round: 0, changedSlots: new Set(),
    takenOver: null,
  };
}
