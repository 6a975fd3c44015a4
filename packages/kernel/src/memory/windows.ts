import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";

const BIG_PAGE = 0x400000;
const PDE_PRESENT_WRITE_USER_BIG = 0x87;
/** All of an entry but what the CPU itself writes there: accessed and dirty change no translation. */
const PDE_TRANSLATION = ~0x60;

/** What `openWindow` gives besides the address: kept here so that a copy allocates nothing. */
export const windowState = {
  /** How many bytes of the request the window shows. */
  bytes: 0,
  /** Whether a directory entry was changed since this was last cleared. */
  changed: false,
};

/**
 * Makes memory of a process (or physical memory, for null) visible to this CPU, and gives the linear address at which it
 * is: as it stands where the loaded page table has it, else through one of the two directory slots that VM lends the
 * kernel (reference/kernel.md 4.3). The caller loads CR3 anew where `windowState.changed` says so.
 */
export function openWindow(kernel: Kernel, process: Process | null, linear: number, bytes: number, window: 0 | 1): number {
  const { local } = kernel;
  if (process !== null && (process.staleTlb & local.bit) !== 0) {
    process.staleTlb &= ~local.bit;
    windowState.changed = true;
  }
  const loaded = local.pageTableOwner;
  if (process !== null && (process.cr3 === 0 || process === loaded)) {
    windowState.bytes = bytes;
    return linear;
  }
  const slot = kernel.windowSlots[window];
  if (slot === undefined) throw new Error("VM has not given the kernel its window slots");
  if (loaded === null || loaded.pageDirectory === 0) throw new Error("the kernel does not see the loaded page directory");

  const { cpu } = local;
  let entry: number;
  if (process === null) entry = ((linear & ~(BIG_PAGE - 1)) | PDE_PRESENT_WRITE_USER_BIG) >>> 0;
  else {
    if (process.pageDirectory === 0) throw new Error(`the kernel does not see the page directory of ${process.name}`);
    entry = cpu.readLinear32(process.pageDirectory + (linear >>> 22) * 4) >>> 0;
    if (cpu.faulted) throw new Error(`the page directory of ${process.name} is not mapped`);
  }
  const slotAddress = loaded.pageDirectory + slot * 4;
  const before = cpu.readLinear32(slotAddress) >>> 0;
  const same = ((before ^ entry) & PDE_TRANSLATION) === 0;
  if (!same) {
    cpu.writeLinear32(slotAddress, entry);
    if (cpu.faulted) throw new Error(`the page directory of ${loaded.name} is not writable`);
  }
  if (!same || (((local.windowEntries[window] as number) ^ entry) & PDE_TRANSLATION) !== 0) {
    windowState.changed = true;
    kernel.counters.windowChanges++;
  } else kernel.counters.windowReuses++;
  local.windowEntries[window] = entry;
  const offset = linear & (BIG_PAGE - 1);
  windowState.bytes = Math.min(bytes, BIG_PAGE - offset);
  return slot * BIG_PAGE + offset;
}

/** Drops translations after a window has changed: the table is the same, its entries are not. */
export function refreshWindows(kernel: Kernel): void {
  if (!windowState.changed) return;
  windowState.changed = false;
  kernel.reloadPageTable();
}
