import { errorCode, type Program } from "@procyon-os/message";
import { releaseFrame, takeOne } from "../frames.ts";
import { ensureTable, entryOf, flushTables, PRESENT, SAFEMAPPED, setEntry, USER, WRITABLE } from "../page-table.ts";
import { copyFrame, zeroFrames } from "../physical.ts";
import type { AddressSpace, Region, VmState } from "../state.ts";
import type { MemoryType } from "./memory-type.ts";

/** The bits of a page of a region that nobody else uses. While it is loaded only the kernel may touch it. */
export function privateBits(region: Region): number {
  if (region.loading) return PRESENT | WRITABLE;
  return region.writable ? PRESENT | WRITABLE | USER : PRESENT | USER;
}

function* takeFrameFor(vm: VmState, region: Region): Program<number> {
  const frame = takeOne(vm, region.below);
  if (frame >= 0) vm.references[frame] = 1;
  return frame;
}

/**
 * The mistake that MINIX made twice (reference/vm.md 3.3): the page is let go, and its last owner may write it again, before the copy
 * is made. Only with `mistake`.
 */
function* copyTooLate(vm: VmState, space: AddressSpace, region: Region, page: number, old: number, frame: number): Program<number> {
  setEntry(vm, space, page, (frame << 12) | privateBits(region));
  releaseFrame(vm, old);
  for (const other of vm.references[old] === 1 ? vm.processes : []) {
    if (!other || other.space === space) continue;
    const entry = entryOf(other.space, page);
    if (entry >>> 12 === old && (entry & PRESENT) !== 0) setEntry(vm, other.space, page, entry | WRITABLE);
  }
  yield* flushTables(vm);
  yield* copyFrame(old, frame);
  return 0;
}

/** Memory that is zero at first, comes when it is touched, and is copied on write where fork has shared it. */
export const anon: MemoryType = {
  name: "anon",
  counted: true,
  sharedEntry: (entry) => entry & ~(WRITABLE | SAFEMAPPED),

  *pageIn(vm: VmState, space: AddressSpace, region: Region, page: number, write: boolean) {
    const entry = entryOf(space, page);
    if ((entry & PRESENT) === 0) {
      const frame = yield* takeFrameFor(vm, region);
      if (frame < 0) return errorCode("ENOMEM");
      if (!ensureTable(vm, space, page >>> 10)) {
        releaseFrame(vm, frame);
        return errorCode("ENOMEM");
      }
      yield* zeroFrames(vm, frame, 1);
      setEntry(vm, space, page, (frame << 12) | privateBits(region)); // writable at once (V05)
      return 0;
    }
    if (!write || (entry & WRITABLE) !== 0) return 0;
    const old = entry >>> 12;
    if (vm.references[old] === 1) {
      setEntry(vm, space, page, (entry | WRITABLE) & ~SAFEMAPPED); // the others have gone
      return 0;
    }
    if ((entry & SAFEMAPPED) !== 0) return errorCode("EFAULT"); // mapped to be read
    const frame = yield* takeFrameFor(vm, region);
    if (frame < 0) return errorCode("ENOMEM");
    vm.counters.copies++;
    if (vm.mistake === "give-back") return yield* copyTooLate(vm, space, region, page, old, frame);
    yield* copyFrame(old, frame); // before anybody else may write the old page again (V04)
    setEntry(vm, space, page, (frame << 12) | privateBits(region));
    releaseFrame(vm, old);
    return 0;
  },
};
