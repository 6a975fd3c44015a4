import { MF_SC_DEFER, MF_SIG_DELAY, RC_DELAY, RC_RESUME, RC_STOP, RTS_PROC_STOP, RTS_SENDING, kernelContract } from "@procyon-os/contract-kernel";
import { OK, errorCode } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import { clearRts, setRts } from "../scheduling/run-queues.ts";

const { request } = kernelContract.calls.runctl;

/** SYS_RUNCTL (reference/kernel.md 8.1). */
export const runctl: KernelCall = (kernel, _caller, message) => {
  const process = kernel.processes.find(request.process.read(message));
  const action = request.action.read(message);
  if (process === null) return errorCode("EINVAL");
  if (process.isTask) return errorCode("EPERM");
  if (action === RC_RESUME) {
    if (!(process.rts & RTS_PROC_STOP)) return errorCode("EINVAL");
    clearRts(kernel, process, RTS_PROC_STOP);
    return OK;
  }
  if (action !== RC_STOP) return errorCode("EINVAL");
  const delay = (request.flags.read(message) & RC_DELAY) !== 0;
  if (delay && (process.rts & RTS_SENDING || process.misc & MF_SC_DEFER)) process.misc |= MF_SIG_DELAY;
  if (delay && process.misc & MF_SIG_DELAY) return errorCode("EBUSY");
  setRts(kernel, process, RTS_PROC_STOP);
  return OK;
};
