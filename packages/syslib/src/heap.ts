import { DATA_START, currentInstance, instanceLocal, type Program, type VirtAddr } from "@procyon-os/message";
import { store } from "./trap.ts";

// First fit over free runs in address order. Bookkeeping lies outside the emulated memory: what a service stores there is
// payload only, and a wild store cannot break its allocator.
interface Run {
  start: number;
  length: number;
}

interface Heap {
  free: Run[]; // sorted by start; no two touch
  readonly sizes: Map<number, number>; // of live allocations
}

const ALIGNMENT = 16;
/** Memory is asked from VM in pieces of at least this many bytes. */
const MORE_BYTES = 64 * 1024;

const heap = instanceLocal<Heap>("heap", () => ({
  free: [{ start: DATA_START, length: currentInstance().image.dataBytes }],
  sizes: new Map(),
}));

/** Gets more memory from the system: an address and its length in bytes, or null where there is none. */
export type MoreMemory = (bytes: number) => Program<{ address: number; length: number } | null>;

const more = instanceLocal<{ source: MoreMemory | null }>("heap source", () => ({ source: null }));

/** Says where `allocate` gets memory when the data segment is full: VM's mmap, or VM's own way in VM. */
export function setMoreMemory(source: MoreMemory): void {
  more().source = source;
}

function take(bytes: number, alignment: number): number | null {
  const { free, sizes } = heap();
  for (let i = 0; i < free.length; i++) {
    const run = free[i] as Run;
    const start = Math.ceil(run.start / alignment) * alignment;
    const end = start + bytes;
    if (end > run.start + run.length) continue;
    const pieces: Run[] = [];
    if (start > run.start) pieces.push({ start: run.start, length: start - run.start });
    if (end < run.start + run.length) pieces.push({ start: end, length: run.start + run.length - end });
    free.splice(i, 1, ...pieces);
    sizes.set(start, bytes);
    return start;
  }
  return null;
}

function give(start: number, length: number): void {
  const { free } = heap();
  let at = free.findIndex((run) => run.start > start);
  if (at < 0) at = free.length;
  free.splice(at, 0, { start, length });
  const next = free[at + 1];
  const here = free[at] as Run;
  if (next !== undefined && here.start + here.length === next.start) {
    here.length += next.length;
    free.splice(at + 1, 1);
  }
  const before = free[at - 1];
  if (before !== undefined && before.start + before.length === here.start) {
    before.length += here.length;
    free.splice(at, 1);
  }
}

/**
 * Allocates memory of the process: an address, or null where there is no memory. Contents are what was there before.
 * @param bytes at least 1
 * @param alignment a power of two, in bytes
 */
export function* tryAllocate(bytes: number, alignment: number = ALIGNMENT): Program<VirtAddr | null> {
  const size = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
  const at = take(size, alignment);
  if (at !== null) return at as VirtAddr;
  const { source } = more();
  if (source === null) return null;
  const got = yield* source(Math.max(size + alignment, MORE_BYTES));
  if (got === null) return null;
  give(got.address, got.length);
  return take(size, alignment) as VirtAddr | null;
}

/** Like `tryAllocate`, for what a service cannot do without: an empty heap ends the service with a clear report. */
export function* allocate(bytes: number, alignment: number = ALIGNMENT): Program<VirtAddr> {
  const address = yield* tryAllocate(bytes, alignment);
  if (address === null) throw new Error(`out of memory: ${bytes} bytes asked for`);
  return address;
}

/** Gives an allocation back. Freeing what was never allocated is a bug of the service and ends it. */
export function free(address: VirtAddr | number): void {
  const { sizes } = heap();
  const length = sizes.get(address);
  if (length === undefined) throw new Error(`free of 0x${address.toString(16)}, which is not allocated`);
  sizes.delete(address);
  give(address, length);
}

/** Writes zeros to memory that `allocate` will give, from its beginning on: its pages are mapped then, and nobody has to wait for VM. */
export function* touchHeap(bytes: number): Program<void> {
  let left = bytes;
  for (const { start, length } of [...heap().free]) {
    if (left <= 0) return;
    yield* store(start, new Uint8Array(Math.min(length, left)));
    left -= length;
  }
}

/** Bytes of live allocations, for tests and dumps. */
export function heapInUse(): number {
  let sum = 0;
  for (const bytes of heap().sizes.values()) sum += bytes;
  return sum;
}
