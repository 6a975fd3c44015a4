import { MF_REPLY_PEND, MF_SENDA_VM_MISS, RTS_VMINHIBIT, SYS_PROC } from "@procyon-os/contract-kernel";
import { AMF_DONE, AMF_NOREPLY, ANY, OK, SENDA, errorCode, type Endpoint } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import type { Privileges } from "../privileges/privileges.ts";
import type { Process } from "../processes/process.ts";
import { entry, finishEntry, notifyDone, readEntry } from "./asynchronous-table.ts";
import { addStatus, completeReceive } from "./will-receive.ts";

/** Takes at most one asynchronous message for a receiver, lowest privilege id first. */
export function takeAsynchronous(kernel: Kernel, receiver: Process, source: Endpoint): boolean {
  const pending = receiver.privileges?.asynPending;
  if (pending === undefined || pending.empty) return false;
  for (const privileges of kernel.privileges.all) {
    const { owner } = privileges;
    if (owner === null || !pending.has(privileges.id)) continue;
    if (source !== ANY && owner.endpoint !== source) continue;
    if (owner.rts & RTS_VMINHIBIT && kernel.debug.plant !== "inhibited") {
      // Its memory is changing; the end of that delivers what was passed over here.
      if (kernel.debug.plant !== "forgetAsync") owner.misc |= MF_SENDA_VM_MISS;
      continue;
    }
    if (takeFrom(kernel, receiver, owner, privileges)) return true;
  }
  return false;
}

function takeFrom(kernel: Kernel, receiver: Process, sender: Process, privileges: Privileges): boolean {
  const pending = (receiver.privileges as Privileges).asynPending;
  if (!(privileges.flags & SYS_PROC) || privileges.asynSize === 0) {
    pending.delete(privileges.id);
    return false;
  }
  if (!privileges.ipcTo.has((receiver.privileges as Privileges).id)) {
    pending.delete(privileges.id); // the permission is gone; other receivers of the table are not concerned
    return false;
  }
  const { asynTable: table, asynSize: count } = privileges;
  let wantsNotify = false;
  let left = false;
  let taken = false;
  for (let index = 0; index < count && !(taken && left); index++) {
    if (!readEntry(kernel, sender, table, index)) {
      left = true; // not there at the moment: look again next time
      continue;
    }
    const { flags } = entry;
    if (flags === 0 || flags & AMF_DONE) continue;
    if (!entry.wellFormed) {
      if (finishEntry(kernel, sender, table, index, errorCode("EINVAL"))) wantsNotify = true;
      continue;
    }
    if (taken || entry.to !== receiver.endpoint || (flags & AMF_NOREPLY && receiver.misc & MF_REPLY_PEND)) {
      left = true;
      continue;
    }
    entry.copyMessage(receiver.deliverMessage);
    addStatus(receiver, SENDA, false);
    completeReceive(kernel, receiver, sender.endpoint);
    if (finishEntry(kernel, sender, table, index, OK)) wantsNotify = true;
    taken = true;
  }
  if (wantsNotify) notifyDone(kernel, sender);
  if (left) return taken; // the bit stays: there may be more for this receiver
  pending.delete(privileges.id);
  privileges.asynTable = 0xffffffff;
  privileges.asynSize = 0;
  return taken;
}

/** The destination of asynchronous messages is gone: its entries end with EDEADSRCDST, the others stay. */
export function cancelAsynchronous(kernel: Kernel, dead: Process, privileges: Privileges): void {
  const sender = privileges.owner;
  const receivers = dead.privileges;
  if (sender === null || receivers === null) return;
  let wantsNotify = false;
  let left = false;
  let othersLeft = false; // entries for processes that share the privileges of the dead one
  const { asynTable: table, asynSize: count } = privileges;
  for (let index = 0; index < count; index++) {
    if (!readEntry(kernel, sender, table, index)) {
      left = true;
      continue;
    }
    const { flags } = entry;
    if (flags === 0 || flags & AMF_DONE || !entry.wellFormed) continue;
    if (entry.to === dead.endpoint) {
      if (finishEntry(kernel, sender, table, index, errorCode("EDEADSRCDST"))) wantsNotify = true;
      continue;
    }
    left = true;
    if (kernel.processes.find(entry.to)?.privileges === receivers) othersLeft = true;
  }
  if (!othersLeft) receivers.asynPending.delete(privileges.id);
  if (!left) {
    privileges.asynTable = 0xffffffff;
    privileges.asynSize = 0;
  }
  if (wantsNotify) notifyDone(kernel, sender);
}
