import { VM_PROCSTART } from "@procyon-os/contract-vm";
import { PHYS_SEG, SEG_D } from "@procyon-os/contract-kernel";
import { NONE, SELF, type Program } from "@procyon-os/message";
import { kernel, load, panic, scratchBytes, store } from "@procyon-os/syslib";
import type { VmState } from "./state.ts";

// VM sees all physical memory in a window of its own address space, mapped by 4 MB pages that no other directory has. So
// it reaches every table without first having to map it, and never recurses (V17).
/** User address of the window. */
export const WINDOW_START = 0x80000000;
export const WINDOW_FIRST_PDE: number = (VM_PROCSTART + WINDOW_START) / 0x400000;
/** Frames that the window can show: up to the last directory entry but one. */
export const WINDOW_FRAMES: number = (1023 - WINDOW_FIRST_PDE) * 1024;

const PAGE = 4096;
const ZEROS: Uint8Array = new Uint8Array(16 * PAGE);

/** Writes physical memory. Before paging is on the kernel's copy does it. */
export function* storePhysical(vm: VmState, address: number, bytes: Uint8Array): Program<void> {
  if (vm.paging) return yield* store(WINDOW_START + address, bytes);
  const copied = yield* kernel.physcopy({
    source: SELF, sourceSegment: SEG_D, sourceAddress: yield* scratchBytes(bytes),
    target: NONE, targetSegment: PHYS_SEG, targetAddress: address, bytes: bytes.length,
  });
  if (!copied.ok) yield* panic(`cannot write physical memory at 0x${address.toString(16)}: ${copied.error}`);
}

/** Fills frames with zeros. */
export function* zeroFrames(vm: VmState, frame: number, count: number): Program<void> {
  for (let done = 0; done < count; ) {
    const now = Math.min(count - done, ZEROS.length / PAGE);
    yield* storePhysical(vm, (frame + done) * PAGE, now * PAGE === ZEROS.length ? ZEROS : ZEROS.subarray(0, now * PAGE));
    done += now;
  }
}

/** Copies one frame; paging is on. */
export function* copyFrame(from: number, to: number): Program<void> {
  yield* store(WINDOW_START + to * PAGE, yield* load(WINDOW_START + from * PAGE, PAGE));
}
