import { VM_BLOCKID_NONE } from "@procyon-os/contract-vm";
import { fail, ok, type Endpoint, type ErrorName, type Program, type Result } from "@procyon-os/message";
import { dropYielded, enoughFrames, FrameReleaser, releaseFrame, takeSome } from "../frames.ts";
import { noteGivenUp } from "../given-up.ts";
import type { VmHandlers } from "../handlers.ts";
import { dropEmptyTables, entryOf, flushTables, PRESENT, SAFEMAPPED, setEntry, setTableEntry, USER, WRITABLE } from "../page-table.ts";
import { zeroFrames } from "../physical.ts";
import { lookUp, pageOf } from "../processes.ts";
import { eachPresent, regionAt } from "../regions.ts";
import { makeResident } from "../resident.ts";
import type { VmProcess, VmState, YieldedBlock } from "../state.ts";
import { keepBlock, keyOf, takeBlock } from "../yielded.ts";

const isNone = (high: number, low: number): boolean => high === VM_BLOCKID_NONE && low === VM_BLOCKID_NONE;

/** Forgets all that a process has yielded. */
export function dropYieldedOf(vm: VmState, owner: Endpoint): void {
  for (const key of [...(vm.yieldedBy.get(owner) ?? [])]) dropYielded(vm, key, vm.yielded.get(key) as YieldedBlock);
}

/** The pages of a block: within one anonymous, writable region of the caller. */
function blockPages(vm: VmState, process: VmProcess, address: number, length: number): [number, number] | null {
  const first = pageOf(process, address);
  const end = first + Math.ceil(length / 4096);
  const region = regionAt(process.space, first);
  if (address % 4096 !== 0 || length === 0 || region === null || region.type !== "anon" || !region.writable) return null;
  for (let page = first; page < end; page++) {
    const entry = entryOf(process.space, page);
    if ((entry & SAFEMAPPED) !== 0 && (vm.references[entry >>> 12] as number) > 1) return null; // others see it
  }
  return end <= region.first + region.count ? [first, end] : null;
}

/** Takes the block's frames away under an id and puts zeroed ones in their place. */
function* yieldBlock(vm: VmState, process: VmProcess, first: number, end: number, high: number, low: number): Program<Result<null, ErrorName>> {
  const key = keyOf(process.endpoint, high, low);
  if (vm.yielded.has(key)) return fail("EINVAL");
  if ((yield* makeResident(vm, process.space, first, end, true)) !== 0 || !enoughFrames(vm, end - first)) return fail("ENOMEM");
  const frames: number[] = [];
  for (let page = first; page < end; ) {
    const run = takeSome(vm, end - page, 0);
    if (run === null) {
      frames.forEach((frame, i) => { // back as it was
        releaseFrame(vm, entryOf(process.space, first + i) >>> 12);
        setEntry(vm, process.space, first + i, (frame << 12) | PRESENT | WRITABLE | USER);
      });
      return fail("ENOMEM");
    }
    yield* zeroFrames(vm, run.start, run.count);
    for (let i = 0; i < run.count; i++, page++) {
      frames.push(entryOf(process.space, page) >>> 12);
      setEntry(vm, process.space, page, ((run.start + i) << 12) | PRESENT | WRITABLE | USER);
    }
  }
  noteGivenUp(vm, process.space, first, end);
  keepBlock(vm, { owner: process.endpoint, high, low, frames }); // the reference moves with the frame
  return ok(null);
}

/** Puts a yielded block's frames back; what was at the address is freed. */
function getBlock(vm: VmState, process: VmProcess, first: number, end: number, high: number, low: number): Result<null, "ESRCH"> {
  const key = keyOf(process.endpoint, high, low);
  const block = vm.yielded.get(key);
  if (block === undefined || block.frames.length !== end - first) return fail("ESRCH");
  takeBlock(vm, key);
  noteGivenUp(vm, process.space, first, end);
  block.frames.forEach((frame, i) => {
    const old = entryOf(process.space, first + i);
    setEntry(vm, process.space, first + i, (frame << 12) | PRESENT | WRITABLE | USER);
    if ((old & PRESENT) !== 0) releaseFrame(vm, old >>> 12);
  });
  return ok(null);
}

/**
 * The request was under way when an instance of VM ended: nobody knows whether what lies at the address is still the block, so it is as if
 * the block had been yielded and forgotten. No other block is there any more.
 */
function* forgetYielded(vm: VmState, process: VmProcess, first: number, end: number): Program<Result<never, "ESRCH">> {
  const releaser = new FrameReleaser(vm);
  noteGivenUp(vm, process.space, first, end);
  eachPresent(process.space, first, end, (table, index, entry) => {
    setTableEntry(vm, table, index, 0);
    releaser.release(entry >>> 12);
  });
  releaser.end();
  dropEmptyTables(vm, process.space, first, end);
  yield* flushTables(vm);
  return fail("ESRCH");
}

/** VM_YIELDBLOCKGETBLOCK: first yields (its result does not count), then gets; without a get the answer is ESRCH. */
export const yieldblockgetblock: VmHandlers["yieldblockgetblock"] = function* (vm, caller, request) {
  const process = lookUp(vm, caller);
  if (process === null) return fail("EFAULT");
  const pages = blockPages(vm, process, request.address, request.length);
  if (pages === null) return fail("EINVAL");
  const [first, end] = pages;
  if (vm.takenOver !== null) return yield* forgetYielded(vm, process, first, end);
  if (!isNone(request.yieldHigh, request.yieldLow)) {
    yield* yieldBlock(vm, process, first, end, request.yieldHigh, request.yieldLow);
  }
  let result: Result<null, "ESRCH" | "EINVAL"> = fail("ESRCH");
  if (!isNone(request.getHigh, request.getLow)) {
    // The tables are there: a block that was never touched gets its pages first.
    const there = yield* makeResident(vm, process.space, first, end, true);
    result = there === 0 ? getBlock(vm, process, first, end, request.getHigh, request.getLow) : fail("ESRCH");
  }
  yield* flushTables(vm);
  return result.ok ? ok({}) : result;
};

/** VM_FORGETBLOCK. */
export const forgetblock: VmHandlers["forgetblock"] = function* (vm, caller, { high, low }) {
  const key = keyOf(caller, high, low);
  const block = vm.yielded.get(key);
  if (block !== undefined) dropYielded(vm, key, block);
  return ok({});
};

/** VM_FORGETBLOCKS. */
export const forgetblocks: VmHandlers["forgetblocks"] = function* (vm, caller) {
  dropYieldedOf(vm, caller);
  return ok({});
};
