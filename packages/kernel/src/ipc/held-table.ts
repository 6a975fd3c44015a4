import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import { deliverTable } from "./asynchronous-send.ts";

/** Nobody takes asynchronous messages from a process any more: its table is kept for whoever follows it. */
export function holdTable(process: Process): void {
  const { privileges } = process;
  if (privileges === null || privileges.asynSize === 0) return;
  process.heldTable = [privileges.asynTable, privileges.asynSize];
  privileges.asynTable = 0xffffffff;
  privileges.asynSize = 0;
}

/** The process goes on after all: what it had to send is on its way again. */
export function releaseTable(kernel: Kernel, process: Process): void {
  const { privileges, heldTable: [table, entries] } = process;
  process.heldTable = [0, 0];
  if (privileges !== null && entries > 0 && privileges.asynSize === 0) deliverTable(kernel, process, privileges, table, entries);
}
