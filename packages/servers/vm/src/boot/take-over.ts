import { basicVmCalls, MINSTACKREGION, vmCallMask, VM_STACKTOP } from "@procyon-os/contract-vm";
import { DATA_START, type Program } from "@procyon-os/message";
import { panic } from "@procyon-os/syslib";
import { freeRun } from "../free-memory.ts";
import { dataPieces, segmentsOf, type Layout } from "../new-program.ts";
import { ensureTable, newSpace, PRESENT, setEntry, USER, WRITABLE } from "../page-table.ts";
import { PROCESS_BASE } from "../processes.ts";
import { addRegion, anonRegion } from "../regions.ts";
import type { AddressSpace, Region, VmProcess, VmState } from "../state.ts";
import type { BootProcess } from "./boot-image.ts";

const FIRST_PAGE: number = DATA_START / 4096;
const STACK_TOP_PAGE: number = VM_STACKTOP / 4096;
const HOSTED_STACK_PAGES = 16;

/** Maps memory that a boot process has already; false where there is no memory for page tables. */
function adopt(vm: VmState, space: AddressSpace, page: number, frame: number, count: number, writable: boolean): boolean {
  for (let i = 0; i < count; i++) {
    if (!ensureTable(vm, space, (page + i) >>> 10)) return false;
    vm.references[frame + i] = 1;
    setEntry(vm, space, page + i, ((frame + i) << 12) | PRESENT | USER | (writable ? WRITABLE : 0));
  }
  return true;
}

/** The parts of a boot process that it keeps. The first page is nobody's; heap and stack are made anew. */
function layoutOf(boot: BootProcess): Layout {
  const dataFirst = Math.max(boot.dataPage, FIRST_PAGE);
  const data: [number, number] = [dataFirst, Math.max(dataFirst, boot.dataPage + boot.dataPages)];
  const text: [number, number] = boot.textPages > 0 ? [boot.textPage, boot.textPage + boot.textPages] : [dataFirst, dataFirst];
  const stackPages = boot.hosted ? HOSTED_STACK_PAGES : MINSTACKREGION / 4096;
  return { hosted: boot.hosted, text, data, stack: [STACK_TOP_PAGE - stackPages, STACK_TOP_PAGE], argsPages: 1 };
}

/** Gives a boot process its address space (not bound yet) and back to the free memory what it has no use of (V16). */
export function* takeOver(vm: VmState, boot: BootProcess): Program<VmProcess> {
  const layout = layoutOf(boot);
  const { text, data, stack, hosted } = layout;
  const space = newSpace(vm);
  if (space === null) return yield* panic(`no memory for the page tables of boot process ${boot.endpoint}`);
  const at = (page: number): number => PROCESS_BASE + page;
  const kept: (readonly [number, number])[] = []; // frames
  let done = true;
  const keep = (piece: readonly [number, number], frame: number, region: Region): void => {
    addRegion(space, region);
    kept.push([frame, frame + piece[1] - piece[0]]);
    done &&= adopt(vm, space, at(piece[0]), frame, piece[1] - piece[0], region.writable);
  };
  if (text[1] > text[0]) keep(text, boot.textFrame, { ...anonRegion(at(text[0]), text[1] - text[0], "text"), writable: false });
  for (const piece of dataPieces(layout)) {
    const tag = piece[1] === data[1] ? "heap" : "none";
    keep(piece, boot.dataFrame + piece[0] - boot.dataPage, anonRegion(at(piece[0]), piece[1] - piece[0], tag));
  }
  if (!done) yield* panic(`no memory for the page tables of boot process ${boot.endpoint}`);
  addRegion(space, anonRegion(at(stack[0]), stack[1] - stack[0], "stack"));

  vm.managed.push({ start: boot.start, count: boot.end - boot.start });
  kept.sort((a, b) => a[0] - b[0]);
  let from = boot.start;
  for (const [keptFrom, keptTo] of [...kept, [boot.end, boot.end] as const]) {
    if (keptFrom > from) freeRun(vm.free, from, keptFrom - from);
    from = keptTo;
  }
  const process: VmProcess = {
    slot: boot.slot, endpoint: boot.endpoint, flags: 0, service: false, hosted, space, ...segmentsOf(layout), callMask: vmCallMask(basicVmCalls), own: [],
  };
  vm.processes[boot.slot] = process;
  return process;
}
