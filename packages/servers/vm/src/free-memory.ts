import { atOrAbove, atOrBelow, insert, newTree, remove, values, type AvlTree } from "./avl.ts";
import { Slab, use } from "./slab.ts";

/** Physical pages one after another; a frame is a physical address divided by 4096. */
export interface Run {
  start: number;
  count: number;
}

/** The free memory: maximal runs by start. No two touch (reference/vm.md 6.1). */
export interface FreeMemory {
  readonly runs: AvlTree<Run>;
  readonly records: Slab<Run>;
  pages: number;
}

/** Where an allocation must lie. */
export interface Placement {
  /** First frame that must not be part of it; 0: anywhere. */
  readonly below: number;
  /** The start is a multiple of this many frames. */
  readonly align: number;
}

export const ANYWHERE: Placement = { below: 0, align: 1 };

export function newFreeMemory(checked = false): FreeMemory {
  return { runs: newTree(), records: new Slab<Run>("free runs", checked), pages: 0 };
}

function addRun(free: FreeMemory, start: number, count: number): void {
  insert(free.runs, start, free.records.allocate({ start, count }));
}

function removeRun(free: FreeMemory, run: Run): void {
  remove(free.runs, run.start);
  free.records.free(run);
}

const EVERY_FRAME = 0x100000;

/** Gives a run back. Runs that touch become one; memory that is free already is a bug of the caller. */
export function freeRun(free: FreeMemory, start: number, count: number): void {
  const before = atOrBelow(free.runs, start);
  const after = atOrAbove(free.runs, start);
  const overlaps = (before !== null && before.start + before.count > start) || (after !== null && after.start < start + count);
  if (overlaps || count < 1) throw new Error(`free of ${count} frames at ${start}, which are free already`);
  free.pages += count;
  let end = start + count;
  if (after !== null && after.start === end) {
    end = after.start + after.count;
    removeRun(free, after);
  }
  if (before !== null && before.start + before.count === start) use(before, (run) => (run.count = end - run.start));
  else addRun(free, start, end - start);
}

/** Takes `count` frames out of the middle of a run. */
function takeOut(free: FreeMemory, run: Run, start: number, count: number): void {
  const end = run.start + run.count;
  free.pages -= count;
  if (start + count < end) addRun(free, start + count, end - start - count);
  if (start > run.start) use(run, (one) => (one.count = start - one.start));
  else removeRun(free, run);
}

/** Takes one run, or -1. Anywhere: from the high end of the highest run that is long enough; else from the lowest place. */
export function takeRun(free: FreeMemory, count: number, { below, align }: Placement): number {
  if (count > free.pages) return -1;
  if (below === 0) {
    for (let run = atOrBelow(free.runs, EVERY_FRAME); run !== null; run = atOrBelow(free.runs, run.start - 1)) {
      if (run.count < count) continue;
      const at = run.start + run.count - count;
      const start = at - (at % align);
      if (start < run.start) continue;
      takeOut(free, run, start, count);
      return start;
    }
    return -1;
  }
  for (let run = atOrAbove(free.runs, 0); run !== null && run.start < below; run = atOrAbove(free.runs, run.start + 1)) {
    const start = Math.ceil(run.start / align) * align;
    if (start + count > run.start + run.count) continue;
    if (start + count > below) return -1;
    takeOut(free, run, start, count);
    return start;
  }
  return -1;
}

/** Takes one run at the lowest place at or above a frame, or -1: apart from what comes and goes at the high end. */
export function takeLowRun(free: FreeMemory, from: number, count: number): number {
  for (let run = atOrBelow(free.runs, from) ?? atOrAbove(free.runs, from); run !== null; run = atOrAbove(free.runs, run.start + 1)) {
    const start = Math.max(run.start, from);
    if (start + count > run.start + run.count) continue;
    takeOut(free, run, start, count);
    return start;
  }
  return -1;
}

/** Takes one frame from the high end of memory, or -1. */
export function takeFrame(free: FreeMemory): number {
  const run = atOrBelow(free.runs, EVERY_FRAME);
  if (run === null) return -1;
  free.pages--;
  const frame = run.start + run.count - 1;
  if (frame === run.start) removeRun(free, run);
  else use(run, (one) => one.count--);
  return frame;
}

/** Takes at most `most` frames in one piece, as it comes; null where nothing is free. */
export function takePiece(free: FreeMemory, most: number): Run | null {
  const run = atOrBelow(free.runs, EVERY_FRAME);
  if (run === null) return null;
  const count = Math.min(most, run.count);
  const start = run.start + run.count - count;
  takeOut(free, run, start, count);
  return { start, count };
}

/** Length of the longest free run. */
export function longestRun(free: FreeMemory): number {
  return values(free.runs).reduce((longest, run) => Math.max(longest, run.count), 0);
}
