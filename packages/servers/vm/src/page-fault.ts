import { VMCTL_CLEAR_PAGEFAULT } from "@procyon-os/contract-kernel";
import { PFERR_WRITE } from "@procyon-os/contract-vm";
import { errorCode, SIGSEGV, type Program } from "@procyon-os/message";
import { kernel } from "@procyon-os/syslib";
import { memoryTypes } from "./memory-types/memory-type.ts";
import { flushTables, PRESENT, setTableEntry, USER } from "./page-table.ts";
import { eachPresent, regionAt } from "./regions.ts";
import { mayGrow } from "./reserve.ts";
import { use } from "./slab.ts";
import type { Region, VmProcess, VmState } from "./state.ts";
import { vmctl } from "./vmctl.ts";

/** The program is loaded and begins to run: its text becomes readable for it, and read-only for everybody. */
function seal(vm: VmState, { slot, space }: VmProcess, region: Region): void {
  vm.changedSlots.add(slot);
  use(region, (one) => {
    one.loading = false;
    one.writable = false;
  });
  eachPresent(space, region.first, region.first + region.count, (table, index, entry) => {
    setTableEntry(vm, table, index, (entry & ~0xfff) | PRESENT | USER);
  });
}

function* resolve(vm: VmState, process: VmProcess, page: number, write: boolean): Program<number> {
  const { space } = process;
  const region = regionAt(space, page);
  if (region === null) return errorCode("EFAULT");
  if (region.loading) seal(vm, process, region);
  if (write && !region.writable) return errorCode("EFAULT");
  if (!mayGrow(vm, process)) return errorCode("ENOMEM");
  use(region, (one) => one.faults++);
  return yield* memoryTypes[region.type].pageIn(vm, space, region, page, write);
}

/** A page fault of a process: the page comes, or SIGSEGV; then the process may go on (reference/vm.md 3.2). */
export function* handlePageFault(vm: VmState, process: VmProcess, address: number, errorBits: number): Program<void> {
  vm.counters.faults++;
  const result = yield* resolve(vm, process, address >>> 12, (errorBits & PFERR_WRITE) !== 0);
  yield* flushTables(vm);
  if (result !== 0) {
    vm.counters.refusedFaults++;
    yield* kernel.kill({ process: process.endpoint, signal: SIGSEGV });
  }
  yield* vmctl(process.endpoint, VMCTL_CLEAR_PAGEFAULT);
}
