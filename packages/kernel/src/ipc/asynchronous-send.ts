import { MAX_ASYN_ENTRIES, MF_REPLY_PEND, RTS_NO_ENDPOINT, SYS_PROC } from "@procyon-os/contract-kernel";
import { AMF_DONE, AMF_NOREPLY, OK, SENDA, errorCode } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import type { Privileges } from "../privileges/privileges.ts";
import type { Process } from "../processes/process.ts";
import { entry, finishEntry, notifyDone, readEntry } from "./asynchronous-table.ts";
import { addStatus, completeReceive, willReceive } from "./will-receive.ts";

/** SENDA: registers a table of messages in place of the one before and delivers what can be delivered (reference/kernel.md 2.7). */
export function sendAsynchronous(kernel: Kernel, caller: Process, count: number, table: number): number {
  const { privileges } = caller;
  caller.ipcAsync++;
  if (privileges === null || !(privileges.flags & SYS_PROC)) return errorCode("EPERM");
  if (count < 0 || count > MAX_ASYN_ENTRIES) return errorCode("EDOM");
  deliverTable(kernel, caller, privileges, table, count);
  return OK;
}

/** Delivers what can be delivered of a table; registers it while anything is left. */
export function deliverTable(kernel: Kernel, caller: Process, privileges: Privileges, table: number, count: number): void {
  privileges.asynTable = 0xffffffff;
  privileges.asynSize = 0;
  let wantsNotify = false;
  let left = false;
  for (let index = 0; index < count; index++) {
    if (!readEntry(kernel, caller, table, index)) {
      kernel.print(`kernel: ${caller.name}(${caller.endpoint}): asynchronous table entry ${index} is not readable\n`);
      continue;
    }
    const { flags } = entry;
    if (flags === 0 || flags & AMF_DONE) continue;
    if (!entry.wellFormed) {
      kernel.print(`kernel: ${caller.name}(${caller.endpoint}): asynchronous table entry ${index} has flags 0x${flags.toString(16)}\n`);
      continue;
    }
    const result = tryDeliver(kernel, caller, privileges, flags);
    if (result === null) left = true;
    else if (finishEntry(kernel, caller, table, index, result)) wantsNotify = true;
  }
  if (wantsNotify) notifyDone(kernel, caller);
  if (left) {
    privileges.asynTable = table;
    privileges.asynSize = count;
  }
}

/** The result of the entry read last, or null where its receiver is not ready; then the receiver is told to look here. */
function tryDeliver(kernel: Kernel, caller: Process, privileges: Privileges, flags: number): number | null {
  const target = kernel.processes.find(entry.to);
  if (target === null) return errorCode("EDEADSRCDST");
  if (target.isTask || target.privileges === null || !privileges.ipcTo.has(target.privileges.id)) return errorCode("ECALLDENIED");
  if (target.rts & RTS_NO_ENDPOINT) return errorCode("EDEADSRCDST");
  if (willReceive(target, caller.endpoint) && !(flags & AMF_NOREPLY && target.misc & MF_REPLY_PEND)) {
    entry.copyMessage(target.deliverMessage);
    addStatus(target, SENDA, false);
    completeReceive(kernel, target, caller.endpoint);
    return OK;
  }
  target.privileges.asynPending.add(privileges.id);
  return null;
}
