import { kernPhysmapReply, VMCTL_KERN_MAP_REPLY, VMCTL_KERN_PHYSMAP, VMMF_UNCACHED } from "@procyon-os/contract-kernel";
import { messageType, SELF, type Program } from "@procyon-os/message";
import { panic } from "@procyon-os/syslib";
import { takeOne } from "../frames.ts";
import { BIG_PAGE, FIRST_PROCESS_PDE, GLOBAL, newTable, PRESENT, setTableEntry, UNCACHED, WRITABLE } from "../page-table.ts";
import type { Table, VmState } from "../state.ts";
import { vmctl, vmctlMessage } from "../vmctl.ts";

const FRAMES_4M = 1024;
const MAX_KERNEL_MAPPINGS = 10;

function* sharedTable(vm: VmState): Program<Table> {
  const frame = takeOne(vm, 0);
  if (frame < 0) yield* panic("no memory for the kernel's page tables");
  const table = newTable(frame, null);
  table.from = 0;
  table.to = FRAMES_4M;
  vm.dirty.push(table);
  vm.sharedTables.push(table);
  return table;
}

/** Maps what the kernel asks for, one device after another in one page table (reference/vm.md 5.2). */
function* mapDevices(vm: VmState, pde: number): Program<void> {
  let table: Table | null = null;
  let next = 0;
  for (let index = 0; ; index++) {
    const asked = yield* vmctlMessage(SELF, VMCTL_KERN_PHYSMAP, index, 0);
    if (messageType(asked) !== 0) return;
    if (index === MAX_KERNEL_MAPPINGS) yield* panic("the kernel asks for too many mappings");
    const physical = kernPhysmapReply.physical.read(asked);
    const length = kernPhysmapReply.length.read(asked);
    const uncached = (kernPhysmapReply.flags.read(asked) & VMMF_UNCACHED) !== 0;
    const frame = physical >>> 12;
    const pages = Math.ceil((physical + length) / 4096) - frame;
    if (next + pages > FRAMES_4M) yield* panic("the kernel asks for too large mappings");
    table ??= yield* sharedTable(vm);
    vm.kernelEntries.push(pde, (table.frame << 12) | PRESENT | WRITABLE);
    for (let i = 0; i < pages; i++) {
      setTableEntry(vm, table, next + i, ((frame + i) << 12) | PRESENT | WRITABLE | GLOBAL | (uncached ? UNCACHED : 0));
    }
    yield* vmctl(SELF, VMCTL_KERN_MAP_REPLY, index, pde * 0x400000 + next * 4096 + (physical % 4096));
    next += pages;
  }
}

/** The first 4 MB of the kernel, by small pages: the very first one is not mapped, so that no null pointer of the kernel hits. */
function* mapFirstPages(vm: VmState): Program<void> {
  const table = yield* sharedTable(vm);
  for (let frame = 1; frame < FRAMES_4M; frame++) setTableEntry(vm, table, frame, (frame << 12) | PRESENT | WRITABLE | GLOBAL);
  vm.kernelEntries.push(0, (table.frame << 12) | PRESENT | WRITABLE);
}

/**
 * Decides what lies below the processes in every directory: all memory used at boot as it is, by 4 MB pages that are global and
 * the supervisor's alone, but for the first page, which is not there (K14); the kernel's devices; the page of directories (K13); two slots for the kernel's windows.
 * @param end first frame above the memory used at boot
 */
export function* planKernelHalf(vm: VmState, end: number): Program<void> {
  const identity = Math.ceil(end / FRAMES_4M);
  const devices = identity;
  if (devices + 4 > FIRST_PROCESS_PDE) yield* panic("the boot image reaches too high in memory");
  yield* mapFirstPages(vm);
  for (let pde = 1; pde < identity; pde++) vm.kernelEntries.push(pde, (pde << 22) | PRESENT | WRITABLE | BIG_PAGE | GLOBAL);
  yield* mapDevices(vm, devices);
  vm.directoryPage = yield* sharedTable(vm);
  vm.directoryPde = devices + 1;
  vm.kernelEntries.push(vm.directoryPde, (vm.directoryPage.frame << 12) | PRESENT | WRITABLE);
  vm.freePdes = [devices + 2, devices + 3];
}
