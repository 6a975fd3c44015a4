import { atOrAbove, atOrBelow, insert, newTree, remove, values, type AvlTree } from "./avl.ts";

/** Physical pages one after another; a frame is a physical address divided by 4096. */
export interface Run {
  start: number;
  count: number;
}

/** The free memory: maximal runs by start. No two touch (reference/vm.md 6.1). */
export interface FreeMemory {
  readonly runs: AvlTree<Run>;
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

export function newFreeMemory(): FreeMemory {
  return { runs: newTree(), pages: 0 };
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
    remove(free.runs, after.start);
  }
  if (before !== null && before.start + before.count === start) before.count = end - before.start;
  else insert(free.runs, start, { start, count: end - start });
}

/** Takes `count` frames out of the middle of a run. */
function takeOut(free: FreeMemory, run: Run, start: number, count: number): void {
  const end = run.start + run.count;
  free.pages -= count;
  if (start + count < end) insert(free.runs, start + count, { start: start + count, count: end - start - count });
  if (start > run.start) run.count = start - run.start;
  else remove(free.runs, run.start);
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

/** Takes one frame from the high end of memory, or -1. */
export function takeFrame(free: FreeMemory): number {
  const run = atOrBelow(free.runs, EVERY_FRAME);
  if (run === null) return -1;
  free.pages--;
  run.count--;
  if (run.count === 0) remove(free.runs, run.start);
  return run.start + run.count;
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
