import { values } from "./avl.ts";
import { ANYWHERE, freeRun, newFreeMemory, takeFrame, takePiece, takeRun, type Run } from "./free-memory.ts";
import type { VmState, YieldedBlock } from "./state.ts";
import { takeBlock } from "./yielded.ts";

/** Takes a reference away from a frame of process memory; the last one frees it. */
export function releaseFrame(vm: VmState, frame: number): void {
  const left = (vm.references[frame] as number) - 1;
  if (left < 0) throw new Error(`frame ${frame} is released more often than it is used`);
  vm.references[frame] = left;
  if (left === 0) giveUp(vm, frame, 1);
}

/** Frames that nobody uses any more. They are free when the request is through (`endLimbo`). */
export function giveUp(vm: VmState, start: number, count: number): void {
  vm.limbo.push({ start, count });
}

/** The request is through, and no table in memory names what it gave up: that is free now. */
export function endLimbo(vm: VmState): void {
  for (const { start, count } of vm.limbo) freeRun(vm.free, start, count);
  vm.limbo.length = 0;
}

/** As `releaseFrame`, for many: neighbors that become free are given back together. */
export class FrameReleaser {
  private readonly vm: VmState;
  private start = 0;
  private count = 0;

  constructor(vm: VmState) {
    this.vm = vm;
  }

  release(frame: number): void {
    const { references } = this.vm;
    const left = (references[frame] as number) - 1;
    if (left < 0) throw new Error(`frame ${frame} is released more often than it is used`);
    references[frame] = left;
    if (left === 0) this.free(frame);
  }

  /** A frame that is not counted: a page table. */
  free(frame: number): void {
    if (frame === this.start + this.count && this.count > 0) {
      this.count++;
    } else if (frame === this.start - 1 && this.count > 0) {
      this.start--;
      this.count++;
    } else {
      this.end();
      this.start = frame;
      this.count = 1;
    }
  }

  end(): void {
    if (this.count > 0) giveUp(this.vm, this.start, this.count);
    this.count = 0;
  }
}

/** Drops a yielded block for good. No table names its frames, so they are free at once: memory may be short right now. */
export function dropYielded(vm: VmState, key: string, block: YieldedBlock): void {
  takeBlock(vm, key);
  for (const frame of block.frames) {
    const left = (vm.references[frame] as number) - 1;
    vm.references[frame] = left;
    if (left === 0) freeRun(vm.free, frame, 1);
  }
}

/** Drops the oldest yielded block that has a frame below a limit (0: any); false where there is none. */
function dropOldest(vm: VmState, below: number): boolean {
  for (const [key, block] of vm.yielded) {
    if (below !== 0 && !block.frames.some((frame) => frame < below)) continue;
    dropYielded(vm, key, block);
    vm.counters.forgotten++;
    return true;
  }
  return false;
}

/** Whether this allocation is to fail because a test wants it, as all after it. */
function isInjected(vm: VmState): boolean {
  if (vm.failAt <= 1) return vm.failAt === 1;
  vm.failAt--;
  return false;
}

function short<T>(vm: VmState, result: T): T {
  vm.counters.shortages++;
  return result;
}

/** Frames that forgetting all yielded blocks would set free. */
function yieldedFrames(vm: VmState): number[] {
  const frames: number[] = [];
  for (const block of vm.yielded.values()) for (const frame of block.frames) if (vm.references[frame] === 1) frames.push(frame);
  return frames;
}

/** Whether forgetting yielded blocks would set so many frames free; looks no further than it has to. */
function couldFree(vm: VmState, frames: number): boolean {
  let found = 0;
  for (const block of vm.yielded.values()) {
    for (const frame of block.frames) if (vm.references[frame] === 1) found++;
    if (found >= frames) return true;
  }
  return found >= frames;
}

/** Whether there were such a piece if no block were yielded: what could not help is not forgotten (D32). */
function couldFit(vm: VmState, count: number, below: number, align: number): boolean {
  if (vm.yielded.size === 0) return false;
  const all = newFreeMemory();
  for (const run of values(vm.free.runs)) freeRun(all, run.start, run.count);
  for (const frame of yieldedFrames(vm)) freeRun(all, frame, 1);
  return takeRun(all, count, { below, align }) >= 0;
}

/** Whether so many frames can be had, after forgetting yielded blocks where they are needed; none is forgotten in vain. */
export function enoughFrames(vm: VmState, frames: number): boolean {
  if (isInjected(vm)) return false;
  if (vm.free.pages < frames && !couldFree(vm, frames - vm.free.pages)) return short(vm, false);
  while (vm.free.pages < frames) if (!dropOldest(vm, 0)) return short(vm, false);
  return true;
}

/** A frame for VM's own use, below a limit (0: anywhere); -1 where memory is full. Its content is what was there. */
export function takeOne(vm: VmState, below: number): number {
  if (isInjected(vm)) return -1;
  for (;;) {
    const frame = below === 0 ? takeFrame(vm.free) : takeRun(vm.free, 1, { below, align: 1 });
    if (frame >= 0) return frame;
    if (!dropOldest(vm, below)) return short(vm, -1);
  }
}

/** At most `most` frames in one piece, each with one reference; null where memory is full. */
export function takeSome(vm: VmState, most: number, below: number): Run | null {
  if (isInjected(vm)) return null;
  let run: Run | null;
  if (below === 0) {
    enoughFrames(vm, 1);
    run = takePiece(vm.free, most);
  } else {
    const frame = takeOne(vm, below);
    run = frame < 0 ? null : { start: frame, count: 1 };
  }
  if (run !== null) vm.references.fill(1, run.start, run.start + run.count);
  return run;
}

/** Exactly `count` frames in one piece, each with one reference; -1 where there is no such piece. */
export function takeContiguous(vm: VmState, count: number, below: number, align: number): number {
  if (!enoughFrames(vm, count)) return -1;
  const placement = below === 0 && align === 1 ? ANYWHERE : { below, align };
  for (;;) {
    const start = takeRun(vm.free, count, placement);
    if (start >= 0) {
      vm.references.fill(1, start, start + count);
      return start;
    }
    if (!couldFit(vm, count, below, align) || !dropOldest(vm, below)) return short(vm, -1);
  }
}
