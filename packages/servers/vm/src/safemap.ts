import { errorCode, type Program } from "@procyon-os/message";
import { enoughFrames, releaseFrame, takeOne } from "./frames.ts";
import { ensureTable, entryOf, missingTables, PRESENT, SAFEMAPPED, setEntry, USER, WRITABLE } from "./page-table.ts";
import { copyFrame } from "./physical.ts";
import { regionAt } from "./regions.ts";
import { makeResident } from "./resident.ts";
import type { AddressSpace, Region, VmState } from "./state.ts";

// A page in a safemap has several owners that see each other's writes (reference/vm.md 7.3). Its entries carry SAFEMAPPED: while it
// has more than one owner, whoever may not write it gets SIGSEGV instead of a copy, and fork copies it. With one owner left
// the mark means nothing any more.

const bitsOf = (region: Region): number => PRESENT | USER | (region.writable ? WRITABLE : 0);

/** Replaces a page by a copy of it that is the owner's alone; its memory has been counted. */
function* makeOwn(vm: VmState, space: AddressSpace, region: Region, page: number): Program<void> {
  const old = entryOf(space, page) >>> 12;
  const frame = takeOne(vm, region.below);
  if (frame < 0) throw new Error("safemap: memory that was counted is not there");
  vm.references[frame] = 1;
  yield* copyFrame(old, frame);
  setEntry(vm, space, page, (frame << 12) | bitsOf(region));
  releaseFrame(vm, old);
}

const references = (vm: VmState, entry: number): number => vm.references[entry >>> 12] as number;

/** Whether a page is shared copy-on-write: then a safemap must first part it from those. */
function isCopyOnWrite(vm: VmState, region: Region, entry: number): boolean {
  return region.type === "anon" && (entry & SAFEMAPPED) === 0 && references(vm, entry) > 1;
}

/** Whether all of [first, first + count) is memory that VM has to give. */
function isMappable(space: AddressSpace, first: number, count: number): boolean {
  for (let page = first; page < first + count; page++) {
    const region = regionAt(space, page);
    if (region === null || region.type === "direct" || region.loading) return false;
  }
  return true;
}

/** Whether others see what is written to a page: then it must not be replaced by a copy, but written. */
function isSeenByOthers(vm: VmState, region: Region, entry: number): boolean {
  return region.type === "shared" || ((entry & SAFEMAPPED) !== 0 && references(vm, entry) > 1);
}

/** Whether the pages of a target may be replaced by a map, or (for a copy) replaced or written. */
function isTarget(vm: VmState, space: AddressSpace, first: number, count: number, copy: boolean): boolean {
  for (let page = first; page < first + count; page++) {
    const region = regionAt(space, page) as Region;
    const entry = entryOf(space, page);
    if (!region.writable || (!copy && region.type !== "anon")) return false;
    if (copy && isSeenByOthers(vm, region, entry) && (entry & WRITABLE) === 0) return false; // mapped to be read
  }
  return true;
}

/** Puts a frame in the place of what a page had; the reference is the caller's. */
function replace(vm: VmState, space: AddressSpace, page: number, entry: number): void {
  const old = entryOf(space, page);
  setEntry(vm, space, page, entry);
  if ((old & PRESENT) !== 0) releaseFrame(vm, old >>> 12);
}

/** One page, shared to be read or written. */
function* sharePage(vm: VmState, from: AddressSpace, page: number, to: AddressSpace, target: number, write: boolean): Program<void> {
  const region = regionAt(from, page) as Region;
  if (isCopyOnWrite(vm, region, entryOf(from, page))) yield* makeOwn(vm, from, region, page);
  if (region.type === "anon") {
    // Nobody else has it by fork now, so its owner may write it at once; who got it by safemap has the rights of that.
    const entry = entryOf(from, page);
    const owned = references(vm, entry) === 1 && region.writable ? WRITABLE : 0;
    setEntry(vm, from, page, entry | SAFEMAPPED | owned);
  }
  const frame = entryOf(from, page) >>> 12;
  vm.references[frame] = (vm.references[frame] as number) + 1;
  replace(vm, to, target, (frame << 12) | PRESENT | USER | SAFEMAPPED | (write ? WRITABLE : 0));
}

/** One page, shared copy-on-write where that is possible, else copied at once (V14). */
function* copyPage(vm: VmState, from: AddressSpace, page: number, to: AddressSpace, target: number): Program<void> {
  const region = regionAt(from, page) as Region;
  const entry = entryOf(from, page);
  const frame = entry >>> 12;
  const old = entryOf(to, target);
  if ((old & PRESENT) !== 0 && isSeenByOthers(vm, regionAt(to, target) as Region, old)) {
    if (old >>> 12 !== frame) yield* copyFrame(frame, old >>> 12);
    return;
  }
  const together = isSeenByOthers(vm, region, entry);
  vm.references[frame] = (vm.references[frame] as number) + 1;
  replace(vm, to, target, (frame << 12) | PRESENT | USER);
  if (together) yield* makeOwn(vm, to, regionAt(to, target) as Region, target);
  else setEntry(vm, from, page, entry & ~(WRITABLE | SAFEMAPPED));
}

/** Lets pages of one process be seen in the place of pages of another: SMAP ("read", "write") and COWMAP ("copy"). */
export function* mapPages(
  vm: VmState, from: AddressSpace, first: number, to: AddressSpace, target: number, count: number, kind: "read" | "write" | "copy",
): Program<number> {
  const overlap = from === to && first < target + count && target < first + count;
  if (overlap || !isMappable(from, first, count) || !isMappable(to, target, count)) return errorCode("EFAULT");
  if (!isTarget(vm, to, target, count, kind === "copy")) return errorCode("EFAULT");
  const there = yield* makeResident(vm, from, first, first + count, false);
  if (there !== 0) return there;
  for (let page = first; kind === "write" && page < first + count; page++) {
    const entry = entryOf(from, page);
    const readOnly = (entry & (WRITABLE | SAFEMAPPED)) === SAFEMAPPED && references(vm, entry) > 1;
    if (readOnly || !(regionAt(from, page) as Region).writable) return errorCode("EFAULT");
  }
  if (!enoughFrames(vm, count + missingTables(to, target, target + count))) return errorCode("ENOMEM");

  for (let i = 0; i < count; i++) {
    if (!ensureTable(vm, to, (target + i) >>> 10)) throw new Error("safemap: memory that was counted is not there");
    if (kind === "copy") yield* copyPage(vm, from, first + i, to, target + i);
    else yield* sharePage(vm, from, first + i, to, target + i, kind === "write");
  }
  return 0;
}

/** Ends a mapping: the grantee keeps what the pages hold now, for itself. Pages that it has unmapped itself are no error. */
export function* unmapPages(vm: VmState, space: AddressSpace, first: number, end: number): Program<number> {
  let needed = 0;
  for (let page = first; page < end; page++) if (isShared(vm, entryOf(space, page))) needed++;
  if (!enoughFrames(vm, needed)) return errorCode("ENOMEM");
  for (let page = first; page < end; page++) {
    const region = regionAt(space, page);
    if (region?.type === "anon" && isShared(vm, entryOf(space, page))) yield* makeOwn(vm, space, region, page);
  }
  return 0;
}

const isShared = (vm: VmState, entry: number): boolean => (entry & SAFEMAPPED) !== 0 && references(vm, entry) > 1;
