import { OK } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import { readLinear } from "./linear-copy.ts";

const PRESENT = 0x001;
const BIG_PAGE = 0x080;
const buffer = new Uint8Array(4);
const view = new DataView(buffer.buffer);

/** The physical address behind a linear one, by the page table of a process; null where nothing is mapped. */
export function lookUp(kernel: Kernel, process: Process, linear: number): number | null {
  if (process.cr3 === 0) return linear;
  const directory = readEntry(kernel, process.cr3 + (linear >>> 22) * 4);
  if (directory === null || !(directory & PRESENT)) return null;
  if (directory & BIG_PAGE) return ((directory & 0xffc00000) >>> 0) + (linear & 0x3fffff);
  const entry = readEntry(kernel, ((directory & 0xfffff000) >>> 0) + ((linear >>> 12) & 0x3ff) * 4);
  if (entry === null || !(entry & PRESENT)) return null;
  return ((entry & 0xfffff000) >>> 0) + (linear & 0xfff);
}

/** The same for a range, which has to be contiguous in physical memory. */
export function lookUpRange(kernel: Kernel, process: Process, linear: number, bytes: number): number | null {
  const start = lookUp(kernel, process, linear);
  if (start === null) return null;
  for (let offset = 4096 - (linear & 0xfff); offset < bytes; offset += 4096) {
    if (lookUp(kernel, process, linear + offset) !== start + offset) return null;
  }
  return start;
}

function readEntry(kernel: Kernel, physical: number): number | null {
  return readLinear(kernel, null, physical, buffer, 0, 4) === OK ? view.getUint32(0, true) : null;
}
