import { MF_FULLVM, RTS_VMINHIBIT } from "@procyon-os/contract-kernel";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";

/** vmassert: what must be true of memory when a process is about to run on the CPU at hand (reference/kernel.md 6.4). */
export function assertMemory(kernel: Kernel, process: Process): void {
  const { local } = kernel;
  const { pageTableOwner, cpu } = local;
  const fail = (text: string): never => {
    throw new Error(`vmassert: ${process.name}(${process.endpoint}) on CPU ${local.id}: ${text}`);
  };
  if (process.rts !== 0 || process.rts & RTS_VMINHIBIT) fail("runs and may not");
  if ((process.misc & MF_FULLVM) !== 0 && process.cr3 === 0) fail("has no page table");
  if (!kernel.vmRunning) return;
  if (pageTableOwner === null || cpu.cr3 !== pageTableOwner.cr3) fail("the table that is loaded is nobody's");
  if (process.cr3 !== 0 && pageTableOwner !== process) fail("another's page table is loaded");
  if (process.staleTlb & local.bit) fail("the TLB is stale");
  for (const other of kernel.cpus) if (other !== local && other.current === process && process.cpu === other.id) fail(`runs on CPU ${other.id} too`);
}
