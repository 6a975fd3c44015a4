import { VM_PROCSTART } from "@procyon-os/contract-vm";
import { endpointSlot, fail, NR_PROCS, ok, SELF, type Endpoint, type Program, type Result } from "@procyon-os/message";
import { memoryMap, type MemoryMap } from "@procyon-os/contract-kernel";
import { kernel, panic, scratchBytes } from "@procyon-os/syslib";
import { clear, values } from "./avl.ts";
import { FrameReleaser } from "./frames.ts";
import { memoryTypes } from "./memory-types/memory-type.ts";
import { freeSpaceTables } from "./page-table.ts";
import { eachPresent } from "./regions.ts";
import type { AddressSpace, Segment, VmProcess, VmState } from "./state.ts";

/** The process of an endpoint, or null: a bad slot, an old generation, nobody there. Only to be looked at: what is saved of it stays. */
export function lookUp(vm: VmState, endpoint: Endpoint): VmProcess | null {
  const slot = endpointSlot(endpoint);
  if (slot < 0 || slot >= NR_PROCS) return null;
  const process = vm.processes[slot] ?? null;
  return process !== null && process.endpoint === endpoint ? process : null;
}

/** The same for a request that may change it, or its regions. */
export function processAt(vm: VmState, endpoint: Endpoint): VmProcess | null {
  const process = lookUp(vm, endpoint);
  if (process !== null) vm.changedSlots.add(process.slot);
  return process;
}

/** The process that a request names; SELF is the caller. */
export function findProcess(vm: VmState, caller: Endpoint, endpoint: Endpoint): Result<VmProcess, "EINVAL"> {
  const process = processAt(vm, endpoint === SELF ? caller : endpoint);
  return process === null ? fail("EINVAL") : ok(process);
}

/** Linear page where the data segment's address 0 lies. */
export function dataBase(process: VmProcess): number {
  return process.data.phys - process.data.vir;
}
/** The same of the text segment. */
export function textBase(process: VmProcess): number {
  return process.text.length === 0 ? dataBase(process) : process.text.phys - process.text.vir;
}
/** Linear page of a user address, which need not be a multiple of 4096. May be beyond the end of memory. */
export function pageOf(process: VmProcess, address: number): number {
  return dataBase(process) + Math.floor(address / 4096);
}
/** User address of a linear page. */
export function userAddress(process: VmProcess, page: number): number {
  return (page - dataBase(process)) * 4096;
}
/** Linear page where the segments of every process begin. */
export const PROCESS_BASE: number = VM_PROCSTART / 4096;

const entry = ({ vir, phys, length }: Segment): MemoryMap["text"] => ({ vir, phys, length });

/** The process's memory map as it lies in memory for kernel calls: its address in VM. */
export function* mapArgument(process: VmProcess): Program<number> {
  return yield* scratchBytes(memoryMap.encode({ text: entry(process.text), data: entry(process.data), stack: entry(process.stack) }));
}

/** Tells the kernel the segments of a process. */
export function* newMap(process: VmProcess): Program<void> {
  const told = yield* kernel.newmap({ process: process.endpoint, memoryMap: (yield* mapArgument(process)) as never });
  if (!told.ok) yield* panic(`the kernel refuses the memory map of ${process.endpoint}: ${told.error}`);
}

/** Frees everything that an address space holds. No CPU may have it loaded. */
export function freeSpace(vm: VmState, space: AddressSpace): void {
  const releaser = new FrameReleaser(vm);
  for (const region of values(space.regions)) {
    if (memoryTypes[region.type].counted) {
      eachPresent(space, region.first, region.first + region.count, (_table, _index, entry) => releaser.release(entry >>> 12));
    }
    space.records.free(region);
  }
  clear(space.regions);
  freeSpaceTables(vm, space, releaser);
  releaser.end();
}
