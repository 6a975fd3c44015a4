import type { Program } from "@procyon-os/message";
import { values } from "../avl.ts";
import type { AddressSpace, VmProcess, VmState } from "../state.ts";
import { countProcess, readProcess, readTable, rebuild } from "./rebuild.ts";
import { isSame, type FactName, type SavedFacts, type SavedVm } from "./saved.ts";

// A new version goes through all page tables while the old one serves. What the old one has written meanwhile it reads once more when it has
// the place: the processes of which something else is saved, and those into whose tables it wrote in a round after the last one that
// the saved state told of. Whatever was read of those before may have been anything.

/** What a new version has made of the state while the old one serves. */
export interface Ahead {
  readonly vm: VmState;
  /** What was saved then. */
  readonly processes: readonly (Int32Array | undefined)[];
  readonly facts: ReadonlyMap<FactName, Int32Array>;
  /** How often each frame is a directory or a table of a process. */
  readonly tables: Int32Array;
  /** Messages that the old version had received when it last saved something: its round. */
  readonly round: number;
}

/** Facts that all page tables hang on, and that do not change while an instance lives. */
const lasting = ["machine", "kernel", "shared", "managed"] as const satisfies readonly FactName[];

/** Makes the state from what the old version has saved by now, and counts what its processes have. Changes nothing in memory. */
export function* lookAhead(saved: SavedVm, round: number): Program<Ahead> {
  const seen = { processes: [...saved.processes], facts: new Map(saved.facts) };
  const { vm } = yield* rebuild(saved);
  const tables = new Int32Array(vm.references.length);
  for (const process of vm.processes) if (process) countProcess(vm, process, tables, 1);
  return { vm, ...seen, tables, round };
}

/** Whether what was made ahead can be brought up to date. */
export function isOfUse({ facts }: Ahead, saved: SavedVm): boolean {
  return lasting.every((name) => isSame(facts.get(name), saved.facts.get(name)));
}

/** Takes a process out again. */
function forget(vm: VmState, process: VmProcess, tables: Int32Array): void {
  countProcess(vm, process, tables, -1);
  for (const region of values(process.space.regions)) vm.records.free(region);
  vm.processes[process.slot] = null;
}

/** Brings the processes up to date, and gives the address spaces that were read once more. */
export function* catchUp({ vm, processes, tables, round }: Ahead, saved: SavedVm, { written }: SavedFacts): Program<AddressSpace[]> {
  const stale: number[] = [];
  for (let slot = 0; slot < Math.max(processes.length, saved.processes.length); slot++) {
    if (!isSame(saved.processes[slot], processes[slot]) || (written.get(slot) ?? 0) > round) stale.push(slot);
  }
  for (const slot of stale) {
    const process = vm.processes[slot];
    if (process) forget(vm, process, tables);
  }
  for (const table of vm.sharedTables) yield* readTable(table);
  const spaces: AddressSpace[] = [];
  for (const slot of stale) {
    const words = saved.processes[slot];
    if (words === undefined) continue;
    const process = yield* readProcess(vm, slot, words);
    countProcess(vm, process, tables, 1);
    spaces.push(process.space);
  }
  return spaces;
}
