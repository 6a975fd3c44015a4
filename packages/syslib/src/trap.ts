import { LOAD_VECTOR, newFrame, STORE_VECTOR, Trap, TSC_VECTOR, type Frame, type Program, type VirtAddr } from "@procyon-os/message";

/** Traps into the machine. The only `yield` there is: everyone else writes `yield*`. */
export function trap(frame: Frame): Program<Frame> {
  return new Trap(frame, (answer) => answer);
}

/** Reads `length` bytes of the process's own memory. A bad address is a page fault, as for any program. */
export function* load(address: VirtAddr | number, length: number): Program<Uint8Array> {
  if (length === 0) return new Uint8Array(0);
  const frame = newFrame(LOAD_VECTOR);
  frame.eax = address;
  frame.ecx = length;
  const answer: Frame = yield frame;
  if (answer.bytes === null) throw new Error("a load was answered without bytes");
  return answer.bytes;
}

/** Writes bytes into the process's own memory. */
export function* store(address: VirtAddr | number, bytes: Uint8Array): Program<void> {
  if (bytes.length === 0) return;
  const frame = newFrame(STORE_VECTOR);
  frame.eax = address;
  frame.ecx = bytes.length;
  frame.bytes = bytes;
  yield frame;
}

/** Reads one little-endian word, signed. */
export function* load32(address: VirtAddr | number): Program<number> {
  const bytes = yield* load(address, 4);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getInt32(0, true);
}

/** Writes one little-endian word. */
export function* store32(address: VirtAddr | number, value: number): Program<void> {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  yield* store(address, bytes);
}

/** The cycle counter of the CPU, as RDTSC gives it to a guest: for measuring what a call takes. */
export function* readTsc(): Program<number> {
  const answer: Frame = yield newFrame(TSC_VECTOR);
  return (answer.ebx >>> 0) * 0x1_0000_0000 + (answer.eax >>> 0);
}
