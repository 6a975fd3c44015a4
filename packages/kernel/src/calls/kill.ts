import { kernelContract } from "@procyon-os/contract-kernel";
import { NSIG, OK, errorCode } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import { causeSignal } from "../signals/cause-signal.ts";

const { request } = kernelContract.calls.kill;

/** SYS_KILL. */
export const kill: KernelCall = (kernel, _caller, message) => {
  const process = kernel.processes.find(request.process.read(message));
  const signal = request.signal.read(message);
  if (process === null || signal < 0 || signal >= NSIG) return errorCode("EINVAL");
  if (process.isTask) return errorCode("EPERM");
  // A boot process that has no privileges yet has no manager who could do anything.
  if (process.privileges === null) return errorCode("EPERM");
  causeSignal(kernel, process, signal);
  return OK;
};
