import { EFAULT_DST, EFAULT_SRC, OK } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import { openWindow, refreshWindows, windowState } from "./windows.ts";

/** The linear address, in the space of the process concerned, at which the last copy faulted. */
export let faultAddress = 0;

/** Whether a process with a page table has segments that reach into the kernel's part of it: a copy, which has the kernel's rights, must not. */
function isKernels(kernel: Kernel, process: Process | null, linear: number): boolean {
  if (process === null || process.cr3 === 0 || linear >= kernel.kernelEnd) return false;
  faultAddress = linear;
  return true;
}

/** Copies between two address spaces (null: physical memory), and takes the time of what it has copied. Faults are caught and tell the side (reference/kernel.md 4.3). */
export function copyLinear(kernel: Kernel, source: Process | null, from: number, target: Process | null, to: number, bytes: number): number {
  if (!kernel.vmRunning) return copyPhysical(kernel, from, to, bytes);
  const { cpu } = kernel.local;
  if (isKernels(kernel, source, from)) return EFAULT_SRC;
  if (isKernels(kernel, target, to)) return EFAULT_DST;
  while (bytes > 0) {
    const fromWindow = openWindow(kernel, source, from, bytes, 0);
    const toWindow = openWindow(kernel, target, to, windowState.bytes, 1);
    const chunk = windowState.bytes;
    refreshWindows(kernel);
    const fault = cpu.copyLinear(toWindow, fromWindow, chunk);
    kernel.chargeCopy(cpu.copiedBytes);
    if (fault !== -1) {
      faultAddress = cpu.faultIsWrite ? to + (fault - toWindow) : from + (fault - fromWindow);
      return cpu.faultIsWrite ? EFAULT_DST : EFAULT_SRC;
    }
    bytes -= chunk;
    from += chunk;
    to += chunk;
  }
  return OK;
}

/** Copies memory of a process into a buffer of the kernel. OK or EFAULT_SRC. */
export function readLinear(kernel: Kernel, source: Process | null, from: number, into: Uint8Array, offset: number, bytes: number): number {
  if (!kernel.vmRunning) {
    if (from + bytes > kernel.memory.size) return EFAULT_SRC;
    kernel.chargeCopy(bytes);
    into.set(kernel.memory.bytes.subarray(from, from + bytes), offset);
    return OK;
  }
  if (isKernels(kernel, source, from)) return EFAULT_SRC;
  const { cpu } = kernel.local;
  while (bytes > 0) {
    const at = openWindow(kernel, source, from, bytes, 0);
    const chunk = windowState.bytes;
    refreshWindows(kernel);
    const fault = cpu.readLinear(at, into, offset, chunk, false);
    kernel.chargeCopy(fault === -1 ? chunk : fault - at);
    if (fault !== -1) {
      faultAddress = from + (fault - at);
      return EFAULT_SRC;
    }
    bytes -= chunk;
    from += chunk;
    offset += chunk;
  }
  return OK;
}

/** Copies a buffer of the kernel into memory of a process. OK or EFAULT_DST. */
export function writeLinear(kernel: Kernel, target: Process | null, to: number, from: Uint8Array, offset: number, bytes: number): number {
  if (!kernel.vmRunning) {
    if (to + bytes > kernel.memory.size) return EFAULT_DST;
    kernel.chargeCopy(bytes);
    kernel.memory.write(to, from.subarray(offset, offset + bytes));
    return OK;
  }
  if (isKernels(kernel, target, to)) return EFAULT_DST;
  const { cpu } = kernel.local;
  while (bytes > 0) {
    const at = openWindow(kernel, target, to, bytes, 1);
    const chunk = windowState.bytes;
    refreshWindows(kernel);
    const fault = cpu.writeLinear(at, from, offset, chunk, false);
    kernel.chargeCopy(fault === -1 ? chunk : fault - at);
    if (fault !== -1) {
      faultAddress = to + (fault - at);
      return EFAULT_DST;
    }
    bytes -= chunk;
    to += chunk;
    offset += chunk;
  }
  return OK;
}

/** Fills physical memory, a window at a time. */
export function fillPhysical(kernel: Kernel, base: number, bytes: number, byte: number): number {
  if (base + bytes > kernel.memory.size) return EFAULT_DST;
  kernel.chargeCopy(bytes);
  if (!kernel.vmRunning) {
    kernel.memory.fill(base, bytes, byte);
    return OK;
  }
  while (bytes > 0) {
    const at = openWindow(kernel, null, base, bytes, 0);
    const chunk = windowState.bytes;
    refreshWindows(kernel);
    const fault = kernel.local.cpu.fillLinear(at, chunk, byte);
    if (fault !== -1) return EFAULT_DST;
    bytes -= chunk;
    base += chunk;
  }
  return OK;
}

function copyPhysical(kernel: Kernel, from: number, to: number, bytes: number): number {
  const { memory } = kernel;
  if (from + bytes > memory.size) return EFAULT_SRC;
  if (to + bytes > memory.size) return EFAULT_DST;
  kernel.chargeCopy(bytes);
  memory.write(to, memory.read(from, bytes));
  return OK;
}
