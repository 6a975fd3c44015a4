import { MF_REPLY_PEND, MF_SENDING_FROM_KERNEL, MF_SIG_DELAY, REG_EBX, RTS_NO_ENDPOINT, RTS_RECEIVING, RTS_SENDING } from "@procyon-os/contract-kernel";
import { ANY, NOTIFY, OK, SEND, SENDREC, errorCode, setMessage, type Endpoint } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import { clearRts, setRts } from "../scheduling/run-queues.ts";
import { endSignalDelay } from "../signals/signal-delay.ts";
import { takeAsynchronous } from "./asynchronous-receive.ts";
import { wouldDeadlock } from "./deadlock.ts";
import { buildNotification } from "./notify.ts";
import { unlinkSender } from "./send.ts";
import { addStatus, completeReceive } from "./will-receive.ts";

/** Gets a message into the buffer at `address`, or blocks until there is one (reference/kernel.md 2.5). */
export function receive(kernel: Kernel, caller: Process, source: Endpoint, address: number): number {
  if (source !== ANY) {
    const partner = kernel.processes.find(source);
    if (partner === null || partner.rts & RTS_NO_ENDPOINT) return errorCode("EDEADSRCDST");
  }
  caller.deliverAddress = address;
  // The send half of a SENDREC has blocked: the answer cannot be there yet.
  if (!(caller.rts & RTS_SENDING)) {
    if (takeNotification(kernel, caller, source) || takeAsynchronous(kernel, caller, source) || takeFromQueue(kernel, caller, source)) {
      return OK;
    }
  }
  if (wouldDeadlock(kernel, caller, false, source)) return errorCode("ELOCKED");
  caller.getFrom = source;
  setRts(kernel, caller, RTS_RECEIVING);
  return OK;
}

/** Clears the status register: at the start of RECEIVE, never in SENDREC. */
export function clearStatus(caller: Process): void {
  caller.frame[REG_EBX] = 0;
}

function takeNotification(kernel: Kernel, caller: Process, source: Endpoint): boolean {
  const { privileges } = caller;
  if (privileges === null || caller.misc & MF_REPLY_PEND || privileges.notifyPending.empty) return false;
  for (const { id, owner } of kernel.privileges.all) {
    if (!privileges.notifyPending.has(id) || owner === null) continue;
    if (source !== ANY && owner.endpoint !== source) continue;
    privileges.notifyPending.delete(id);
    buildNotification(kernel, owner.endpoint, caller);
    addStatus(caller, NOTIFY, false);
    completeReceive(kernel, caller, owner.endpoint);
    return true;
  }
  return false;
}

function takeFromQueue(kernel: Kernel, caller: Process, source: Endpoint): boolean {
  for (let sender = caller.callerQueue; sender !== null; sender = sender.queueLink) {
    if (source !== ANY && sender.endpoint !== source) continue;
    unlinkSender(caller, sender);
    const call = sender.misc & MF_REPLY_PEND ? SENDREC : SEND;
    const fromKernel = (sender.misc & MF_SENDING_FROM_KERNEL) !== 0;
    sender.misc &= ~MF_SENDING_FROM_KERNEL;
    setMessage(caller.deliverMessage, sender.sendMessage);
    // A from-kernel message is not the sender's SENDREC, whatever it was doing.
    addStatus(caller, fromKernel ? SEND : call, fromKernel);
    completeReceive(kernel, caller, sender.endpoint);
    clearRts(kernel, sender, RTS_SENDING);
    if (sender.misc & MF_SIG_DELAY) endSignalDelay(kernel, sender);
    return true;
  }
  return false;
}
