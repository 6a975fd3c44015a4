import {
  enablePagingArgument, GET_MACHINE, machine, memoryMap, VMCTL_ENABLE_PAGING, VMCTL_I386_FREEPDE, VMCTL_INCSP,
} from "@procyon-os/contract-kernel";
import { decodeRprocPub, RPROCPUB_BYTES } from "@procyon-os/contract-rs";
import { VM_STACKTOP } from "@procyon-os/contract-vm";
import { INIT, NR_BOOT_PROCS, ok, RS, SELF, VM, type Program, type Result } from "@procyon-os/message";
import type { InitInfo } from "@procyon-os/sef";
import { bootParameter, kernelStructure, panic, printf, readGrant, scratchBytes } from "@procyon-os/syslib";
import { freeRun, newFreeMemory } from "../free-memory.ts";
import { BIG_PAGE, bind, FIRST_PROCESS_PDE, newTable, PRESENT, setTableEntry, USER, WRITABLE } from "../page-table.ts";
import { WINDOW_FIRST_PDE, WINDOW_FRAMES } from "../physical.ts";
import { newMap, processAt } from "../processes.ts";
import { Slab } from "../slab.ts";
import type { Region, VmProcess, VmState } from "../state.ts";
import { vmctl } from "../vmctl.ts";
import { bootProcesses, kernelExtent, type BootProcess } from "./boot-image.ts";
import { parseMemory, withoutRange } from "./boot-memory.ts";
import { planKernelHalf } from "./kernel-half.ts";
import { takeOver } from "./take-over.ts";

/** The state before anything is known but how many frames there may be. */
export function emptyState(frames: number, checked = false): VmState {
  return {
    managed: [], free: newFreeMemory(checked), references: new Int32Array(frames), records: new Slab<Region>("regions", checked),
    counters: { faults: 0, copies: 0, refusedFaults: 0, forgotten: 0, shortages: 0 }, failAt: 0, mistake: "none", inhibited: [], processes: [], kernelEntries: [],
    directoryPage: newTable(0, null), sharedTables: [], directoryPde: 0, freePdes: [0, 0], cpus: 1, paging: false, dirty: [],
    staleWindows: false, staleDirectories: false, own: [], yielded: new Map(), dma: [], exits: [],
  };
}

/** The memory that is not in use yet goes into the free list. */
function* findMemory(boots: readonly BootProcess[], kernelMemory: readonly [number, number]): Program<VmState> {
  const parameter = yield* bootParameter("memory");
  if (parameter === null) return yield* panic("the boot parameter memory is missing");
  let chunks = withoutRange(parseMemory(parameter), 0, 1); // frame 0 is never given away
  for (const [start, end] of [kernelMemory, ...boots.map((boot) => [boot.start, boot.end] as const)]) chunks = withoutRange(chunks, start, end);
  const top = Math.max(0, ...chunks.map(({ start, count }) => start + count), ...boots.map(({ end }) => end));
  if (top > WINDOW_FRAMES) yield* printf(`VM: only the first ${WINDOW_FRAMES / 256} MB of memory are used\n`);
  const usable = withoutRange(chunks, WINDOW_FRAMES, Math.max(top, WINDOW_FRAMES));
  const vm = emptyState(Math.min(top, WINDOW_FRAMES), (yield* bootParameter("vm_sanity")) === "1");
  if ((yield* bootParameter("vm_mistake")) === "give-back") vm.mistake = "give-back";
  for (const { start, count } of usable) {
    freeRun(vm.free, start, count);
    vm.managed.push({ start, count });
  }
  return vm;
}

/** VM's own directory shows all of physical memory in a window (see `physical.ts`). */
function mapWindow(vm: VmState, own: VmProcess): void {
  const pages = Math.ceil(vm.references.length / 1024);
  for (let i = 0; i < pages; i++) {
    setTableEntry(vm, own.space.directory, WINDOW_FIRST_PDE + i, (i << 22) | PRESENT | WRITABLE | USER | BIG_PAGE);
  }
}

/** Turns paging on: from the kernel's answer on VM runs in its own address space (reference/vm.md 5.5). */
function* enablePaging(vm: VmState, own: VmProcess): Program<void> {
  yield* bind(vm, own.endpoint, own.slot, own.space);
  for (const pde of vm.freePdes) yield* vmctl(SELF, VMCTL_I386_FREEPDE, pde);
  const map = memoryMap.encode({ text: own.text, data: own.data, stack: own.stack });
  const both = new Uint8Array(map.length + enablePagingArgument.bytes);
  const address = yield* scratchBytes(both);
  both.set(map);
  both.set(enablePagingArgument.encode({ memoryMap: address, dataSegmentLimit: FIRST_PROCESS_PDE * 0x400000 }), map.length);
  yield* scratchBytes(both); // the same place: nobody else used it
  const result = yield* vmctl(SELF, VMCTL_ENABLE_PAGING, address + map.length);
  if (result !== 0) yield* panic(`the kernel cannot turn paging on: ${result}`);
  vm.paging = true;
}

/** Moves a boot process into its own address space. */
function* startPaged(vm: VmState, boot: BootProcess): Program<void> {
  const process = yield* takeOver(vm, boot);
  yield* newMap(process);
  yield* bind(vm, process.endpoint, process.slot, process.space);
  if (!boot.hosted) yield* vmctl(process.endpoint, VMCTL_INCSP, VM_STACKTOP - boot.stackTop);
}

/** Which calls the boot services may make says RS's table; INIT is a user process, and keeps the basic ones. */
function* takeMasks(vm: VmState, info: InitInfo): Program<void> {
  if (info.rprocTable < 0) return;
  const table = yield* readGrant(RS, info.rprocTable, 0, NR_BOOT_PROCS * RPROCPUB_BYTES);
  if (!table.ok) return yield* panic(`cannot read RS's table: ${table.error}`);
  for (let i = 0; i < NR_BOOT_PROCS; i++) {
    const entry = decodeRprocPub(table.value, i * RPROCPUB_BYTES);
    const process = entry.inUse ? processAt(vm, entry.endpoint) : null;
    if (process === null || process.endpoint === INIT) continue;
    process.callMask = [...entry.vmCalls];
    process.service = true;
  }
}

/** A fresh start: finds the memory, turns paging on, gives every boot process an address space (reference/vm.md 5.4). */
export function* bootVm(info: InitInfo): Program<Result<VmState>> {
  const boots = yield* bootProcesses();
  const kernelMemory = yield* kernelExtent();
  const vm = yield* findMemory(boots, kernelMemory);
  const bytes = yield* kernelStructure(GET_MACHINE, machine.bytes);
  if (bytes !== null) vm.cpus = machine.decode(bytes).processors;
  yield* planKernelHalf(vm, Math.max(kernelMemory[1], ...boots.map(({ end }) => end)));
  const ownBoot = boots.find(({ endpoint }) => endpoint === VM);
  if (ownBoot === undefined) return yield* panic("VM is not in the boot image");
  const own = yield* takeOver(vm, ownBoot);
  mapWindow(vm, own);
  yield* enablePaging(vm, own);
  for (const boot of boots) if (boot !== ownBoot) yield* startPaged(vm, boot);
  yield* takeMasks(vm, info);
  vm.managed.sort((a, b) => a.start - b.start);
  return ok(vm);
}
