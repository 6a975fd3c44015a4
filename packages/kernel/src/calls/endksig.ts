import { RTS_SIGNALED, RTS_SIG_PENDING, kernelContract } from "@procyon-os/contract-kernel";
import { OK, errorCode } from "@procyon-os/message";
import { releaseTable } from "../ipc/held-table.ts";
import type { KernelCall } from "../kernel-call.ts";
import { clearRts } from "../scheduling/run-queues.ts";

const { request } = kernelContract.calls.endksig;

/** SYS_ENDKSIG. */
export const endksig: KernelCall = (kernel, caller, message) => {
  const process = kernel.processes.find(request.process.read(message));
  if (process === null) return errorCode("EINVAL");
  if (process.privileges?.signalManager !== caller.endpoint) return errorCode("EPERM");
  if (!(process.rts & RTS_SIG_PENDING)) return errorCode("EINVAL");
  process.takenSignals = 0;
  // A new signal came while the manager dealt with the old ones: it stays stopped for a second round.
  if (process.rts & RTS_SIGNALED) return OK;
  releaseTable(kernel, process);
  clearRts(kernel, process, RTS_SIG_PENDING);
  return OK;
};
