import { RTS_SIGNALED, kernelContract } from "@procyon-os/contract-kernel";
import { NONE, OK } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import { clearRts } from "../scheduling/run-queues.ts";

const { reply } = kernelContract.calls.getksig;

/** SYS_GETKSIG: the first process in table order that has signals for this manager. */
export const getksig: KernelCall = (kernel, caller, message) => {
  for (const process of kernel.processes.slots) {
    if (process.isFree || process.isTask || !(process.rts & RTS_SIGNALED)) continue;
    if (process.privileges === null || process.privileges.signalManager !== caller.endpoint) continue;
    reply.process.write(message, process.endpoint);
    reply.signals.write(message, process.pendingSignals);
    process.takenSignals |= process.pendingSignals; // kept until ENDKSIG: the manager may die over them
    process.pendingSignals = 0;
    clearRts(kernel, process, RTS_SIGNALED); // SIG_PENDING keeps it stopped
    return OK;
  }
  reply.process.write(message, NONE);
  return OK;
};
