import { instanceLocal, type Program, type VirtAddr } from "@procyon-os/message";
import { allocate, free } from "./heap.ts";
import { store } from "./trap.ts";

/** A buffer for the arguments of one call, kept for the next. Nothing may lie in it across another call of this library. */
const buffer = instanceLocal<{ address: VirtAddr; length: number }>("scratch", () => ({ address: 0 as VirtAddr, length: 0 }));

/** An address of at least `length` bytes of the process, good until the next use of scratch memory. */
export function* scratch(length: number): Program<VirtAddr> {
  const here = buffer();
  if (here.length < length) {
    if (here.length > 0) free(here.address);
    here.length = 0;
    const size = Math.max(256, Math.ceil(length / 256) * 256);
    here.address = yield* allocate(size);
    here.length = size;
  }
  return here.address;
}

/** Puts bytes into scratch memory and gives their address. */
export function* scratchBytes(bytes: Uint8Array): Program<VirtAddr> {
  const address = yield* scratch(Math.max(1, bytes.length));
  yield* store(address, bytes);
  return address;
}
