import type { Program } from "@procyon-os/message";
import { takeRun, ANYWHERE } from "./free-memory.ts";
import { enoughFrames } from "./frames.ts";
import { WINDOW_START } from "./physical.ts";
import type { VmState } from "./state.ts";

/**
 * More memory for VM's own library: frames in one piece, seen through the window. Nothing has to be mapped for it, so VM can
 * always ask itself (V17).
 */
export function* ownMemory(vm: VmState, bytes: number): Program<{ address: number; length: number } | null> {
  const count = Math.ceil(bytes / 4096);
  const start = enoughFrames(vm, count) ? takeRun(vm.free, count, ANYWHERE) : -1;
  if (start < 0) return null;
  vm.own.push({ start, count });
  return { address: WINDOW_START + start * 4096, length: count * 4096 };
}
