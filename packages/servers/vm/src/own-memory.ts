import type { Program } from "@procyon-os/message";
import { load, panic, store } from "@procyon-os/syslib";
import { takeLowRun, type Run } from "./free-memory.ts";
import { enoughFrames, takeOne } from "./frames.ts";
import { WINDOW_START } from "./physical.ts";
import type { VmState } from "./state.ts";

// VM's own memory is a list of runs. The list itself lies in a frame of its own, whose number is saved: so the instance that comes after
// knows exactly what this one has, and leaves it alone for as long as it may be read.
const RUN_BYTES = 8;
/** Memory below is for those who need just that. */
const LOWEST = 0x100000 / 4096;
const MOST_RUNS = 4096 / RUN_BYTES - 1;

/** Writes a run into the list in memory: first the run, then that there is one more. */
function* note(vm: VmState, run: Run): Program<void> {
  const at = WINDOW_START + vm.ownDirectory * 4096;
  if (vm.own.length === MOST_RUNS) yield* panic(`VM has ${MOST_RUNS} runs of memory for itself`);
  vm.own.push(run);
  yield* store(at + vm.own.length * RUN_BYTES, new Uint8Array(Int32Array.of(run.start, run.count).buffer));
  yield* store(at, new Uint8Array(Int32Array.of(vm.own.length).buffer));
}

/** Begins the list of this instance; before that it has none. */
export function* beginOwnMemory(vm: VmState): Program<void> {
  const frame = takeOne(vm, 0);
  if (frame < 0) yield* panic("no memory for VM's own list");
  vm.ownDirectory = frame;
  yield* note(vm, { start: frame, count: 1 });
}

/**
 * More memory for VM's own library: frames in one piece, seen through the window. Nothing has to be mapped for it, so VM can
 * always ask itself (V17).
 */
export function* ownMemory(vm: VmState, bytes: number): Program<{ address: number; length: number } | null> {
  const count = Math.ceil(bytes / 4096);
  const start = enoughFrames(vm, count) ? takeLowRun(vm.free, LOWEST, count) : -1;
  if (start < 0) return null;
  yield* note(vm, { start, count });
  return { address: WINDOW_START + start * 4096, length: count * 4096 };
}

/** The runs of an instance that has ended, by the frame of its list. */
export function* readOwnRuns(directory: number): Program<Run[]> {
  const bytes = yield* load(WINDOW_START + directory * 4096, 4096);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 4096);
  const count = Math.min(view.getInt32(0, true), MOST_RUNS);
  return Array.from({ length: count }, (_, i) => ({ start: view.getInt32((i + 1) * RUN_BYTES, true), count: view.getInt32((i + 1) * RUN_BYTES + 4, true) }));
}
