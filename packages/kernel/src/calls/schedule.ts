import { kernelContract } from "@procyon-os/contract-kernel";
import { errorCode } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import { scheduleProcess } from "../scheduling/schedule-process.ts";

const { request } = kernelContract.calls.schedule;

/** SYS_SCHEDULE. */
export const schedule: KernelCall = (kernel, caller, message) => {
  const process = kernel.processes.find(request.process.read(message));
  if (process === null || process.isTask) return errorCode("EINVAL");
  if (process.scheduler !== caller) return errorCode("EPERM");
  return scheduleProcess(kernel, process, request.priority.read(message), request.quantumMs.read(message), request.cpu.read(message));
};
