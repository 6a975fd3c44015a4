import { SEG_D } from "@procyon-os/contract-kernel";
import { OK } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import { linearAddress } from "./linear.ts";
import { readLinear, writeLinear } from "./linear-copy.ts";

/** Reads data memory of a process that must be there: nobody waits for VM. False where it is not. */
export function readUser(kernel: Kernel, process: Process, address: number, into: Uint8Array, offset: number, bytes: number): boolean {
  const linear = linearAddress(process, SEG_D, address, bytes);
  return linear !== null && readLinear(kernel, process, linear, into, offset, bytes) === OK;
}

/** Writes data memory of a process that must be there. */
export function writeUser(kernel: Kernel, process: Process, address: number, from: Uint8Array, offset: number, bytes: number): boolean {
  const linear = linearAddress(process, SEG_D, address, bytes);
  return linear !== null && writeLinear(kernel, process, linear, from, offset, bytes) === OK;
}

/** A buffer of `bytes` from data memory of a process, or null. */
export function takeUser(kernel: Kernel, process: Process, address: number, bytes: number): Uint8Array | null {
  const into = new Uint8Array(bytes);
  return readUser(kernel, process, address, into, 0, bytes) ? into : null;
}
