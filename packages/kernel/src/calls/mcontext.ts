import { kernelContract, type KernelCallName } from "@procyon-os/contract-kernel";
import { OK, errorCode } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";

/** SYS_GETMCONTEXT, SYS_SETMCONTEXT: only the FPU's state is theirs, and no process has used an FPU. */
export const mcontext = (name: Extract<KernelCallName, "getmcontext" | "setmcontext">): KernelCall => {
  const { request } = kernelContract.calls[name];
  return (kernel, _caller, message) => {
    const process = kernel.processes.find(request.process.read(message));
    if (process === null) return errorCode("EINVAL");
    return process.isTask ? errorCode("EPERM") : OK;
  };
};
