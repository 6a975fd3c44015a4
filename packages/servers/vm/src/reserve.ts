import { enoughFrames } from "./frames.ts";
import type { VmProcess, VmState } from "./state.ts";

// Whoever uses up memory shall feel it, and not the innocent process that happens to touch a page next (V19). So the last part of
// memory is kept from user processes that ask for more at once (fork, exec, mmap with PREALLOC), and from large ones that
// touch new pages. What small processes and the services need comes out of it.
const RESERVED_PART = 1 / 32;
const LARGE_PART = 1 / 16;

const partOf = (vm: VmState, part: number): number => Math.floor(vm.managed.reduce((sum, run) => sum + run.count, 0) * part);

/** Frames that must stay free after a process has got what it asks for. */
export function reserveFor(vm: VmState, process: VmProcess): number {
  return process.service ? 0 : partOf(vm, RESERVED_PART);
}

function residentPages({ space }: VmProcess): number {
  let pages = 0;
  for (const table of space.tables.values()) pages += table.used;
  return pages;
}

/** Whether a process may have another page: a large one only while more than the reserve is free. */
export function mayGrow(vm: VmState, process: VmProcess): boolean {
  if (process.service || enoughFrames(vm, reserveFor(vm, process) + 1)) return true;
  return residentPages(process) <= partOf(vm, LARGE_PART);
}
