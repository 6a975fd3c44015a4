import { MF_REPLY_PEND } from "@procyon-os/contract-kernel";
import { HARDWARE, NOTIFY, NOTIFY_MESSAGE, SYSTEM, type Endpoint } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import { addStatus, completeReceive, willReceive } from "./will-receive.ts";

/** Notifies a process; never blocks, and several from one source are one (reference/kernel.md 2.5). */
export function notify(kernel: Kernel, source: Process, target: Process): void {
  const { privileges } = target;
  // A boot process that RS has not set up yet has no privileges to note this in: it hears nothing.
  if (privileges === null || source.privileges === null) return;
  if (willReceive(target, source.endpoint) && !(target.misc & MF_REPLY_PEND)) {
    buildNotification(kernel, source.endpoint, target);
    addStatus(target, NOTIFY, false);
    completeReceive(kernel, target, source.endpoint);
    return;
  }
  privileges.notifyPending.add(source.privileges.id);
}

/** Notifies a process from one of the kernel's tasks. */
export function notifyFromTask(kernel: Kernel, task: Endpoint, target: Process): void {
  notify(kernel, kernel.processes.at(task), target);
}

/** Writes a notification into the message that the target gets; what HARDWARE and SYSTEM have to say is taken now. */
export function buildNotification(kernel: Kernel, source: Endpoint, target: Process): void {
  const message = target.deliverMessage;
  message.fill(0);
  message[0] = source;
  message[1] = NOTIFY_MESSAGE;
  message[6] = kernel.clock.uptime; // m2_l2
  const { privileges } = target;
  if (privileges === null) return;
  if (source === HARDWARE) {
    message[5] = privileges.intPending; // m2_l1
    privileges.intPending = 0;
  } else if (source === SYSTEM) {
    message[5] = privileges.signalsPending;
    privileges.signalsPending = 0;
  }
}
