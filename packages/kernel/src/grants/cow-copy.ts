import { MF_KCALL_RESUME, SEG_D, VMPTYPE_COWMAP } from "@procyon-os/contract-kernel";
import { OK, VM, VMSUSPEND, type Endpoint } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import { linearAddress } from "../memory/linear.ts";
import { virtualCopy, type VirtualAddress } from "../memory/virtual-copy.ts";
import type { Process } from "../processes/process.ts";
import { askVm } from "./map-request.ts";

const PAGE = 4096;
/** Whole pages that are shared rather than copied are at least so many bytes: below, VM takes longer than a copy (docs/safeperf.svg). */
export const COW_FROM_BYTES = 0x8000;

/** The boot parameter `cowcopy`: "off", or from how many bytes of whole pages on they are shared. */
function threshold(kernel: Kernel): number {
  const parameter = kernel.params["cowcopy"];
  if (parameter === undefined) return COW_FROM_BYTES;
  return parameter === "off" ? Infinity : Math.max(PAGE, Number(parameter) || COW_FROM_BYTES);
}

/** A call that asked VM to share pages runs again: they are done, or have to be copied after all. To be called first. */
export function takeCowAnswer({ misc, vmRequest }: Process): void {
  if (!(misc & MF_KCALL_RESUME) || vmRequest.type !== VMPTYPE_COWMAP) return;
  if (vmRequest.result === OK) vmRequest.done += vmRequest.length;
  else vmRequest.plain = true;
  vmRequest.type = 0;
  vmRequest.result = OK;
}

/** Bytes up to the first whole page and in whole pages, or null where they are copied. */
function split(kernel: Kernel, from: VirtualAddress, to: VirtualAddress, bytes: number): { head: number; pages: number } | null {
  if (!kernel.vmRunning || bytes < threshold(kernel)) return null;
  const source = kernel.processes.find(from.process);
  const target = kernel.processes.find(to.process);
  if (source === null || target === null || source === target || source.endpoint === VM || target.endpoint === VM) return null;
  if (source.cr3 === 0 || target.cr3 === 0 || source.knownFrames || target.knownFrames) return null;
  const at = linearAddress(source, from.segment, from.address, bytes);
  const there = linearAddress(target, to.segment, to.address, bytes);
  if (at === null || there === null || at % PAGE !== there % PAGE) return null;
  const head = (PAGE - (at % PAGE)) % PAGE;
  const pages = bytes - head - ((bytes - head) % PAGE);
  return pages >= threshold(kernel) ? { head, pages } : null;
}

/**
 * Copies, and lets both sides share the whole pages of a long copy until one of them writes (K24): the part before them is copied,
 * VM is asked for them, and when it has answered the call runs again and copies the rest. `vmRequest.done` says how far it came.
 */
export function copyOrShare(kernel: Kernel, caller: Process, from: VirtualAddress, to: VirtualAddress, bytes: number): number {
  const parts = split(kernel, from, to, bytes);
  if (parts === null) return virtualCopy(kernel, caller, from, to, bytes);
  const { vmRequest } = caller;
  const { head, pages } = parts;
  const upTo = (end: number): number => {
    const { done } = vmRequest;
    if (done >= end) return OK;
    const result = virtualCopy(kernel, caller, { ...from, address: from.address + done }, { ...to, address: to.address + done }, end - done);
    if (result === OK) vmRequest.done = end;
    return result;
  };
  const before = upTo(head);
  if (before !== OK) return before;
  if (vmRequest.done === head && !vmRequest.plain) return share(kernel, caller, from, to, head, pages);
  const middle = upTo(head + pages); // only where VM would not share them
  return middle === OK ? upTo(bytes) : middle;
}

function share(kernel: Kernel, caller: Process, from: VirtualAddress, to: VirtualAddress, head: number, pages: number): number {
  const linear = ({ process, segment, address }: VirtualAddress): number =>
    linearAddress(kernel.processes.find(process as Endpoint) as Process, segment ?? SEG_D, address + head, pages) as number;
  askVm(kernel, caller, VMPTYPE_COWMAP, to.process, linear(to), from.process, linear(from), pages, true);
  kernel.counters.bytesShared += pages;
  return VMSUSPEND;
}
