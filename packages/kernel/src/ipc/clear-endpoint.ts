import { MF_REPLY_PEND, MF_SENDING_FROM_KERNEL, REG_EAX, RTS_NO_ENDPOINT, RTS_RECEIVING, RTS_SENDING } from "@procyon-os/contract-kernel";
import { errorCode } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import { clearRts, setRts } from "../scheduling/run-queues.ts";
import { cancelAsynchronous } from "./asynchronous-receive.ts";
import { blockedOn } from "./deadlock.ts";
import { unlinkSender } from "./send.ts";

/** A process disappears: nothing of it stays in anyone's IPC (reference/kernel.md 2.10). */
export function clearEndpoint(kernel: Kernel, process: Process): void {
  setRts(kernel, process, RTS_NO_ENDPOINT);
  const { privileges } = process;
  if (privileges !== null && privileges.owner === process) {
    privileges.asynTable = 0xffffffff;
    privileges.asynSize = 0;
  }
  clearIpc(kernel, process);
  clearReferences(kernel, process);
}

/** Ends what a process is doing: it neither sends nor receives any more. */
export function clearIpc(kernel: Kernel, process: Process): void {
  if (process.rts & RTS_SENDING) {
    const target = kernel.processes.find(process.sendTo);
    if (target === null) throw new Error(`${process.name} sends to a process that is gone`);
    unlinkSender(target, process);
    process.misc &= ~MF_SENDING_FROM_KERNEL;
  }
  process.misc &= ~MF_REPLY_PEND;
  clearRts(kernel, process, RTS_SENDING | RTS_RECEIVING);
}

/** Releases everyone who waits for a process, with EDEADSRCDST, and forgets its notifications and asynchronous messages. */
export function clearReferences(kernel: Kernel, process: Process): void {
  const { privileges } = process;
  if (privileges !== null) {
    for (const sender of kernel.privileges.all) {
      if (sender.owner !== null && privileges.asynPending.has(sender.id)) cancelAsynchronous(kernel, process, sender);
    }
  }
  if (privileges !== null && privileges.owner === process) kernel.privileges.forgetPending(privileges.id);
  for (const other of kernel.processes.slots) {
    if (other.isFree) continue;
    if (other === process || blockedOn(other) !== process.endpoint) continue;
    other.frame[REG_EAX] = errorCode("EDEADSRCDST");
    clearIpc(kernel, other);
  }
}
