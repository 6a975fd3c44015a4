import { SYS_PRIV_QUERY_MEM } from "@procyon-os/contract-kernel";
import { VM_STACKTOP } from "@procyon-os/contract-vm";
import { fail, MEM, ok, TTY, type Endpoint, type PhysAddr, type Program, type VirtAddr } from "@procyon-os/message";
import { kernel } from "@procyon-os/syslib";
import { enoughFrames } from "../frames.ts";
import type { VmHandlers } from "../handlers.ts";
import { ensureTable, flushTables, missingTables, PRESENT, setEntry, USER, WRITABLE } from "../page-table.ts";
import { findProcess, pageOf, userAddress } from "../processes.ts";
import { addRegion, findGap, regionAt, unmapRange } from "../regions.ts";

/**
 * Who may map what: TTY anything for anyone, the memory driver anything for itself, everybody else for itself what the kernel
 * has on its list (V09, K28).
 */
function* mayMap(caller: Endpoint, target: Endpoint, start: number, length: number): Program<boolean> {
  if (caller === TTY) return true;
  if (target !== caller) return false;
  if (caller === MEM) return true;
  const asked = yield* kernel.privctl({
    process: target, request: SYS_PRIV_QUERY_MEM, argument: 0 as VirtAddr, physStart: start as PhysAddr, physLength: length,
  });
  return asked.ok;
}

/** VM_MAP_PHYS: whole pages, cached; the address given back has the offset in the first one. */
export const mapPhys: VmHandlers["mapPhys"] = function* (vm, caller, request) {
  const { physical, length } = request;
  if (length === 0) return fail("EINVAL");
  const found = findProcess(vm, caller, request.process);
  if (!found.ok) return found;
  const process = found.value;
  if (physical + length > 0x100000000) return fail("EPERM");
  if (!(yield* mayMap(caller, process.endpoint, physical, length))) return fail("EPERM");
  const { space } = process;
  const frame = physical >>> 12;
  const count = Math.ceil((physical + length) / 4096) - frame;
  const first = findGap(space, pageOf(process, VM_STACKTOP), count);
  if (first < 0 || !enoughFrames(vm, missingTables(space, first, first + count))) return fail("ENOMEM");

  addRegion(space, { first, count, type: "direct", tag: "none", writable: true, loading: false, below: 0, faults: 0 });
  for (let page = 0; page < count; page++) {
    if (!ensureTable(vm, space, (first + page) >>> 10)) throw new Error("map_phys: memory that was counted is not there");
    setEntry(vm, space, first + page, ((frame + page) << 12) | PRESENT | WRITABLE | USER);
  }
  yield* flushTables(vm);
  return ok({ address: (userAddress(process, first) + (physical % 4096)) as VirtAddr });
};

/** VM_UNMAP_PHYS: the whole mapping; one's own, or (TTY) anybody's. */
export const unmapPhys: VmHandlers["unmapPhys"] = function* (vm, caller, request) {
  const found = findProcess(vm, caller, request.process);
  if (!found.ok) return found;
  const process = found.value;
  if (process.endpoint !== caller && caller !== TTY) return fail("EPERM");
  const region = regionAt(process.space, pageOf(process, request.address));
  if (region === null || region.type !== "direct") return fail("EINVAL");
  unmapRange(vm, process.space, region.first, region.first + region.count);
  yield* flushTables(vm);
  return ok({});
};
