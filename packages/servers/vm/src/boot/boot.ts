import {
  enablePagingArgument, GET_MACHINE, machine, memoryMap, VMCTL_ENABLE_PAGING, VMCTL_I386_FREEPDE, VMCTL_INCSP,
} from "@procyon-os/contract-kernel";
import { decodeRprocPub, RPROCPUB_BYTES } from "@procyon-os/contract-rs";
import { VM_STACKTOP } from "@procyon-os/contract-vm";
import { INIT, NR_BOOT_PROCS, ok, RS, SELF, VM, type Program, type Result } from "@procyon-os/message";
import type { InitInfo } from "@procyon-os/sef";
import { bootParameter, kernelStructure, panic, printf, readGrant, scratchBytes } from "@procyon-os/syslib";
import { freeRun } from "../free-memory.ts";
import { beginOwnMemory } from "../own-memory.ts";
import { bind, FIRST_PROCESS_PDE } from "../page-table.ts";
import { WINDOW_FRAMES } from "../physical.ts";
import { lookUp, newMap } from "../processes.ts";
import type { VmProcess, VmState } from "../state.ts";
import { vmctl } from "../vmctl.ts";
import { bootProcesses, kernelExtent, type BootProcess } from "./boot-image.ts";
import { parseMemory, withoutRange } from "./boot-memory.ts";
import { emptyState } from "./empty-state.ts";
import { planKernelHalf } from "./kernel-half.ts";
import { mapWindow } from "./map-window.ts";
import { takeOver } from "./take-over.ts";

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
    const process = entry.inUse ? lookUp(vm, entry.endpoint) : null;
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
  mapWindow(vm, own.space);
  yield* enablePaging(vm, own);
  for (const boot of boots) if (boot !== ownBoot) yield* startPaged(vm, boot);
  yield* takeMasks(vm, info);
  vm.managed.sort((a, b) => a.start - b.start);
  yield* beginOwnMemory(vm);
  return ok(vm);
}
