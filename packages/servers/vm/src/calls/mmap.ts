import { MAP_ALIGN64K, MAP_ANON, MAP_CONTIG, MAP_IPC_SHARED, MAP_LOWER16M, MAP_LOWER1M, MAP_PREALLOC, VM_STACKTOP } from "@procyon-os/contract-vm";
import { fail, ok, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { enoughFrames, releaseFrame, takeContiguous } from "../frames.ts";
import type { VmHandlers } from "../handlers.ts";
import { privateBits } from "../memory-types/anon.ts";
import { ensureTable, flushTables, missingTables, setEntry } from "../page-table.ts";
import { zeroFrames } from "../physical.ts";
import { pageOf, processAt, textBase, userAddress } from "../processes.ts";
import { addRegion, anonRegion, placeFor, regionAt, TOP_PAGE, unmapRange } from "../regions.ts";
import { reserveFor } from "../reserve.ts";
import { makeResident } from "../resident.ts";
import { use } from "../slab.ts";
import type { AddressSpace, Region, VmProcess, VmState } from "../state.ts";

const FRAMES_64K = 16;

/** First frame that new memory must stay below; 0: anywhere. */
function frameLimit(flags: number): number {
  if ((flags & MAP_LOWER1M) !== 0) return 0x100000 / 4096;
  return (flags & MAP_LOWER16M) !== 0 ? 0x1000000 / 4096 : 0;
}

/** Gives a region all its memory in one piece; false where there is no such piece. */
function* fillContiguous(vm: VmState, space: AddressSpace, region: Region, align: number): Program<boolean> {
  const { first, count, below } = region;
  if (!enoughFrames(vm, count + missingTables(space, first, first + count))) return false;
  const start = takeContiguous(vm, count, below, align);
  if (start < 0) return false;
  yield* zeroFrames(vm, start, count);
  const bits = privateBits(region);
  for (let page = 0; page < count; page++) {
    if (!ensureTable(vm, space, (first + page) >>> 10)) {
      for (let rest = page; rest < count; rest++) releaseFrame(vm, start + rest);
      return false;
    }
    setEntry(vm, space, first + page, ((start + page) << 12) | bits);
  }
  return true;
}

/** Gives a region all its memory now. */
function* fill(vm: VmState, space: AddressSpace, region: Region, flags: number): Program<boolean> {
  if ((flags & (MAP_CONTIG | MAP_ALIGN64K)) !== 0) {
    return yield* fillContiguous(vm, space, region, (flags & MAP_ALIGN64K) !== 0 ? FRAMES_64K : 1);
  }
  return (yield* makeResident(vm, space, region.first, region.first + region.count, true)) === 0;
}

/** Where a user address asks for `count` pages: the page to try, or why not. Address 0 is the top of the stack. */
export function wantedPage(process: VmProcess, address: number): Result<number, "EINVAL" | "ENOMEM"> {
  if (address % 4096 !== 0) return fail("EINVAL");
  const page = pageOf(process, address === 0 ? VM_STACKTOP : address);
  return page < TOP_PAGE ? ok(page) : fail("ENOMEM");
}

/** VM_MMAP: anonymous memory. Protection, MAP_PRIVATE and the offset are ignored, as MINIX does. */
export const mmap: VmHandlers["mmap"] = function* (vm, caller, request) {
  const process = processAt(vm, caller);
  if (process === null) return fail("ENXIO");
  const { flags } = request;
  if (request.file !== -1 && (flags & MAP_ANON) === 0) return fail("ENOSYS");
  if (request.file !== -1 || request.length === 0) return fail("EINVAL");
  if ((flags & (MAP_CONTIG | MAP_ALIGN64K)) !== 0 && (flags & MAP_PREALLOC) === 0) return fail("EINVAL");
  const sharing = (flags & MAP_IPC_SHARED) !== 0;
  if (sharing && ((flags & MAP_PREALLOC) === 0 || (flags & MAP_ANON) === 0)) return fail("EINVAL");
  const wanted = wantedPage(process, request.address);
  if (!wanted.ok) return wanted;
  const { space } = process;
  const count = Math.ceil(request.length / 4096);
  const first = placeFor(space, wanted.value, count);
  if (first < 0) return fail("ENOMEM");
  if ((flags & MAP_PREALLOC) !== 0 && !enoughFrames(vm, count + reserveFor(vm, process))) return fail("ENOMEM");

  const region = addRegion(space, { ...anonRegion(first, count), below: frameLimit(flags) });
  if ((flags & MAP_PREALLOC) !== 0 && !(yield* fill(vm, space, region, flags))) {
    unmapRange(vm, space, first, first + count);
    yield* flushTables(vm);
    return fail("ENOMEM");
  }
  if (sharing) use(region, (one) => (one.type = "shared"));
  yield* flushTables(vm);
  return ok({ address: userAddress(process, first) as VirtAddr });
};

/** Checks a range to unmap: all of it is mapped. */
function checkRange(space: AddressSpace, first: number, end: number): boolean {
  for (let page = first; page < end; ) {
    const region = regionAt(space, page);
    if (region === null) return false;
    page = region.first + region.count;
  }
  return first < end;
}

function* unmap(vm: VmState, process: VmProcess, base: number, address: number, length: number): Program<Result<{}, "EFAULT">> {
  const first = base + address / 4096;
  const end = first + Math.ceil(length / 4096);
  if (address % 4096 !== 0 || !checkRange(process.space, first, end)) return fail("EFAULT");
  unmapRange(vm, process.space, first, end);
  yield* flushTables(vm);
  return ok({});
}

/** VM_MUNMAP: any pages that are mapped, in whatever regions. The length is rounded up. */
export const munmap: VmHandlers["munmap"] = function* (vm, caller, { address, length }) {
  const process = processAt(vm, caller);
  return process === null ? fail("ENXIO") : yield* unmap(vm, process, pageOf(process, 0), address, length);
};

/** VM_MUNMAP_TEXT. */
export const munmapText: VmHandlers["munmapText"] = function* (vm, caller, { address, length }) {
  const process = processAt(vm, caller);
  return process === null ? fail("ENXIO") : yield* unmap(vm, process, textBase(process), address, length);
};
