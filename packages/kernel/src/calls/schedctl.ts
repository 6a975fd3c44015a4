import { SCHEDCTL_FLAG_KERNEL, kernelContract } from "@procyon-os/contract-kernel";
import { OK, errorCode } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import { scheduleProcess } from "../scheduling/schedule-process.ts";

const { request } = kernelContract.calls.schedctl;

/** SYS_SCHEDCTL. */
export const schedctl: KernelCall = (kernel, caller, message) => {
  const flags = request.flags.read(message);
  const process = kernel.processes.find(request.process.read(message));
  if (process === null || process.isTask || flags & ~SCHEDCTL_FLAG_KERNEL) return errorCode("EINVAL");
  if (!(flags & SCHEDCTL_FLAG_KERNEL)) {
    process.scheduler = caller;
    return OK;
  }
  const result = scheduleProcess(kernel, process, request.priority.read(message), request.quantumMs.read(message), request.cpu.read(message));
  if (result === OK) process.scheduler = null;
  return result;
};
