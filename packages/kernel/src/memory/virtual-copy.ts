import { BIOS_SEG, LOCAL_SEG, LOCAL_VM_SEG, MF_KCALL_RESUME, NR_LOCAL_SEGS, PHYS_SEG, RTS_VMINHIBIT, RTS_VMREQUEST, SEGMENT_INDEX, SEGMENT_TYPE, SEG_D, VMSTYPE_KERNELCALL } from "@procyon-os/contract-kernel";
import { EFAULT_SRC, NONE, OK, VM, VMSUSPEND, errorCode, type Endpoint } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import { setRts } from "../scheduling/run-queues.ts";
import { copyLinear, readLinear, writeLinear } from "./linear-copy.ts";
import { linearAddress } from "./linear.ts";
import { requestMemory } from "./vm-request.ts";

/** One side of a virtual copy: a process (NONE for physical memory), a segment word and an address in it. */
export interface VirtualAddress {
  readonly process: Endpoint;
  readonly segment: number;
  readonly address: number;
}

interface Side {
  readonly process: Process | null;
  readonly linear: number;
}

/**
 * Copies between segments of processes. With a caller, memory that is not there suspends it until VM has answered
 * (VMSUSPEND); without one, the copy fails with EFAULT (reference/kernel.md 3.4).
 */
export function virtualCopy(kernel: Kernel, caller: Process | null, source: VirtualAddress, target: VirtualAddress, bytes: number): number {
  if (bytes === 0) return errorCode("EDOM");
  const from = side(kernel, source, bytes);
  if (typeof from === "number") return from;
  const to = side(kernel, target, bytes);
  if (typeof to === "number") return to;
  if (to.process !== null && to.process.isTask) return errorCode("EFAULT"); // the kernel's own memory
  const waits = vmAnswer(kernel, caller, from, to);
  if (waits !== OK) return waits;
  const result = copyLinear(kernel, from.process, from.linear, to.process, to.linear, bytes);
  return result === OK ? OK : missing(kernel, caller, result === EFAULT_SRC ? from : to, bytes, result !== EFAULT_SRC);
}

/** Copies data memory of a process into a buffer of the kernel, as `virtualCopy` does. */
export function copyIn(kernel: Kernel, caller: Process | null, process: Process, address: number, into: Uint8Array): number {
  return copyInSegment(kernel, caller, process, SEG_D, address, into);
}

/** Copies a buffer of the kernel into data memory of a process. */
export function copyOut(kernel: Kernel, caller: Process | null, process: Process, address: number, from: Uint8Array): number {
  return copyOutSegment(kernel, caller, process, SEG_D, address, from);
}

/** As `copyIn`, from any segment. */
export function copyInSegment(kernel: Kernel, caller: Process | null, process: Process, segment: number, address: number, into: Uint8Array): number {
  const linear = linearAddress(process, segment, address, into.length);
  if (linear === null) return errorCode("EFAULT");
  const from = { process, linear };
  const waits = vmAnswer(kernel, caller, from, null);
  if (waits !== OK) return waits;
  if (readLinear(kernel, process, linear, into, 0, into.length) === OK) return OK;
  return missing(kernel, caller, from, into.length, false);
}

/** As `copyOut`, to any segment. */
export function copyOutSegment(kernel: Kernel, caller: Process | null, process: Process, segment: number, address: number, from: Uint8Array): number {
  const linear = linearAddress(process, segment, address, from.length);
  if (linear === null) return errorCode("EFAULT");
  const to = { process, linear };
  const waits = vmAnswer(kernel, caller, null, to);
  if (waits !== OK) return waits;
  if (writeLinear(kernel, process, linear, from, 0, from.length) === OK) return OK;
  return missing(kernel, caller, to, from.length, true);
}

/** A call that runs again gets what VM has answered; memory that VM is changing is waited for. */
function vmAnswer(kernel: Kernel, caller: Process | null, from: Side | null, to: Side | null): number {
  if (caller === null) return OK;
  if (caller.misc & MF_KCALL_RESUME && caller.vmRequest.result !== OK) {
    const { result } = caller.vmRequest;
    return result;
  }
  const changing = inhibited(from) ?? inhibited(to);
  if (changing === null || caller.endpoint === VM || caller === changing) return OK;
  caller.waitsForInhibit = changing;
  caller.vmRequest.kind = VMSTYPE_KERNELCALL;
  caller.vmRequest.result = OK;
  setRts(kernel, caller, RTS_VMREQUEST);
  return VMSUSPEND;
}

function inhibited(side: Side | null): Process | null {
  const process = side?.process ?? null;
  return process !== null && process.cr3 !== 0 && process.rts & RTS_VMINHIBIT ? process : null;
}

function missing(kernel: Kernel, caller: Process | null, side: Side, bytes: number, write: boolean): number {
  if (caller === null || side.process === null || !kernel.vmRunning || caller.endpoint === VM) return errorCode("EFAULT");
  // Without a page table of its own there is nothing that VM could add.
  if (side.process.cr3 === 0) return errorCode("EFAULT");
  requestMemory(kernel, caller, side.process.endpoint, side.linear, bytes, write);
  return VMSUSPEND;
}

function side(kernel: Kernel, { process: endpoint, segment, address }: VirtualAddress, bytes: number): Side | number {
  const type = segment & SEGMENT_TYPE;
  // Behind the end of memory nobody answers; before paging and for MEMSET that is EFAULT too.
  if (type === PHYS_SEG) return address + bytes <= kernel.memory.size ? { process: null, linear: address } : errorCode("EFAULT");
  if (type === BIOS_SEG) return biosRange(address, bytes) ? { process: null, linear: address } : errorCode("EFAULT");
  if (type !== LOCAL_SEG && type !== LOCAL_VM_SEG) return errorCode("EINVAL");
  const index = segment & SEGMENT_INDEX;
  if (index >= NR_LOCAL_SEGS) return errorCode("EINVAL");
  const process = endpoint === NONE ? null : kernel.processes.find(endpoint);
  if (process === null) return errorCode("EDEADSRCDST");
  const linear = linearAddress(process, index, address, bytes);
  return linear === null ? errorCode("EFAULT") : { process, linear };
}

/** Whether a range is BIOS memory: the interrupt vectors and data area, or the upper part of the first megabyte. */
export function biosRange(address: number, bytes: number): boolean {
  const last = address + bytes - 1;
  return bytes > 0 && (last <= 0x4ff || (address >= 0x90000 && last <= 0xfffff));
}
