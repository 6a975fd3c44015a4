import { ANYWHERE, freeRun, takeFrame, takePiece, takeRun, type Run } from "./free-memory.ts";
import type { VmState, YieldedBlock } from "./state.ts";

/** Takes a reference away from a frame of process memory; the last one frees it. */
export function releaseFrame(vm: VmState, frame: number): void {
  const left = (vm.references[frame] as number) - 1;
  if (left < 0) throw new Error(`frame ${frame} is released more often than it is used`);
  vm.references[frame] = left;
  if (left === 0) freeRun(vm.free, frame, 1);
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
    if (this.count > 0) freeRun(this.vm.free, this.start, this.count);
    this.count = 0;
  }
}

/** Drops a yielded block for good. */
export function dropYielded(vm: VmState, key: string, block: YieldedBlock): void {
  vm.yielded.delete(key);
  for (const frame of block.frames) releaseFrame(vm, frame);
}

/** Drops the oldest yielded block that has a frame below a limit (0: any); false where there is none. */
function dropOldest(vm: VmState, below: number): boolean {
  for (const [key, block] of vm.yielded) {
    if (below !== 0 && !block.frames.some((frame) => frame < below)) continue;
    dropYielded(vm, key, block);
    return true;
  }
  return false;
}

/** Whether so many frames can be had, after forgetting yielded blocks where they are needed. */
export function enoughFrames(vm: VmState, frames: number): boolean {
  while (vm.free.pages < frames) if (!dropOldest(vm, 0)) return false;
  return true;
}

/** A frame for VM's own use, below a limit (0: anywhere); -1 where memory is full. Its content is what was there. */
export function takeOne(vm: VmState, below: number): number {
  for (;;) {
    const frame = below === 0 ? takeFrame(vm.free) : takeRun(vm.free, 1, { below, align: 1 });
    if (frame >= 0 || !dropOldest(vm, below)) return frame;
  }
}

/** At most `most` frames in one piece, each with one reference; null where memory is full. */
export function takeSome(vm: VmState, most: number, below: number): Run | null {
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
    if (!dropOldest(vm, below)) return -1;
  }
}
