import { REG_EFLAGS, kernelContract } from "@procyon-os/contract-kernel";
import { OK, SELF, errorCode } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";

const { request } = kernelContract.calls.iopenable;

/** SYS_IOPENABLE. */
export const iopenable: KernelCall = (kernel, caller, message) => {
  const endpoint = request.process.read(message);
  const process = endpoint === SELF ? caller : kernel.processes.find(endpoint);
  if (process === null) return errorCode("EINVAL");
  process.frame[REG_EFLAGS] = (process.frame[REG_EFLAGS] as number) | 0x3000;
  return OK;
};
