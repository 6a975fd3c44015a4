import { MF_DELIVERMSG, MF_REPLY_PEND, REG_EBX, RTS_RECEIVING, RTS_SENDING } from "@procyon-os/contract-kernel";
import { ANY, STATUS_FROM_KERNEL, setMessage, type Endpoint } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import { clearRts } from "../scheduling/run-queues.ts";

/** Whether a process waits for a message from this source, and not for its own to be taken. */
export function willReceive(target: Process, source: Endpoint): boolean {
  return (target.rts & (RTS_RECEIVING | RTS_SENDING)) === RTS_RECEIVING && (target.getFrom === ANY || target.getFrom === source);
}

/** Notes in the status register how a message came; not in the middle of a SENDREC, whose register it would spoil. */
export function addStatus(target: Process, call: number, fromKernel: boolean): void {
  if (target.misc & MF_REPLY_PEND) return;
  target.frame[REG_EBX] = (target.frame[REG_EBX] as number) | call | (fromKernel ? STATUS_FROM_KERNEL : 0);
}

/** The message in `deliverMessage` of a waiting process is complete: it gets it before it runs next. */
export function completeReceive(kernel: Kernel, target: Process, source: Endpoint): void {
  target.deliverMessage[0] = source;
  target.deliverAsked = false;
  if (target.noting) {
    target.noting = false;
    setMessage(target.noted, target.deliverMessage);
    target.notedStatus = target.frame[REG_EBX] as number;
    target.notedCount++;
  }
  target.misc = (target.misc | MF_DELIVERMSG) & ~MF_REPLY_PEND;
  kernel.noteDelivery(target);
  clearRts(kernel, target, RTS_RECEIVING);
}
