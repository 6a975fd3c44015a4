import { MF_REPLY_PEND, MF_SENDING_FROM_KERNEL, RTS_NO_ENDPOINT, RTS_SENDING } from "@procyon-os/contract-kernel";
import { OK, SEND, SENDNB, SENDREC, errorCode, setMessage, type Message } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import { readMessage } from "../memory/message-copy.ts";
import type { Process } from "../processes/process.ts";
import { setRts } from "../scheduling/run-queues.ts";
import { wouldDeadlock } from "./deadlock.ts";
import { addStatus, completeReceive, willReceive } from "./will-receive.ts";

/** Sends the message at `address` in the caller; blocks it until the target takes it, unless told not to (reference/kernel.md 2.5). */
export function send(kernel: Kernel, caller: Process, target: Process, address: number, nonBlocking: boolean): number {
  if (target.rts & RTS_NO_ENDPOINT) return errorCode("EDEADSRCDST");
  const call = caller.misc & MF_REPLY_PEND ? SENDREC : nonBlocking ? SENDNB : SEND;
  if (willReceive(target, caller.endpoint)) {
    if (!readMessage(kernel, caller, address, target.deliverMessage)) return errorCode("EFAULT");
    addStatus(target, call, false);
    completeReceive(kernel, target, caller.endpoint);
    return OK;
  }
  if (nonBlocking) return errorCode("ENOTREADY");
  if (wouldDeadlock(kernel, caller, true, target.endpoint)) return errorCode("ELOCKED");
  if (!readMessage(kernel, caller, address, caller.sendMessage)) return errorCode("EFAULT");
  block(kernel, caller, target);
  return OK;
}

/** Sends a message that the kernel has made on behalf of a process: page fault, out of quantum. */
export function sendFromKernel(kernel: Kernel, process: Process, target: Process, message: Message): number {
  if (target.rts & RTS_NO_ENDPOINT) return errorCode("EDEADSRCDST");
  if (willReceive(target, process.endpoint)) {
    setMessage(target.deliverMessage, message);
    addStatus(target, SEND, true);
    completeReceive(kernel, target, process.endpoint);
    return OK;
  }
  if (wouldDeadlock(kernel, process, true, target.endpoint)) return errorCode("ELOCKED");
  setMessage(process.sendMessage, message);
  process.misc |= MF_SENDING_FROM_KERNEL;
  block(kernel, process, target);
  return OK;
}

function block(kernel: Kernel, caller: Process, target: Process): void {
  if (caller.queueLink !== null) throw new Error(`${caller.name} is on a caller queue already`);
  caller.sendMessage[0] = caller.endpoint;
  caller.sendTo = target.endpoint;
  setRts(kernel, caller, RTS_SENDING);
  let last = target.callerQueue;
  if (last === null) {
    target.callerQueue = caller;
    return;
  }
  while (last.queueLink !== null) last = last.queueLink;
  last.queueLink = caller;
}

/** Takes a process off the caller queue of the one it sends to. */
export function unlinkSender(target: Process, sender: Process): void {
  let before: Process | null = null;
  let one = target.callerQueue;
  while (one !== null && one !== sender) {
    before = one;
    one = one.queueLink;
  }
  if (one === null) throw new Error(`${sender.name} is not on the caller queue of ${target.name}`);
  if (before === null) target.callerQueue = sender.queueLink;
  else before.queueLink = sender.queueLink;
  sender.queueLink = null;
}
