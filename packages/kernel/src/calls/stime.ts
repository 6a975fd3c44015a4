import { kernelContract } from "@procyon-os/contract-kernel";
import { OK } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";

const { request } = kernelContract.calls.stime;

/** SYS_STIME. */
export const stime: KernelCall = (kernel, _caller, message) => {
  kernel.clock.bootTime = request.bootTime.read(message);
  return OK;
};
