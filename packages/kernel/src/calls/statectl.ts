import { SYS_STATE_CLEAR_IPC_REFS, kernelContract } from "@procyon-os/contract-kernel";
import { OK, errorCode } from "@procyon-os/message";
import { clearReferences } from "../ipc/clear-endpoint.ts";
import type { KernelCall } from "../kernel-call.ts";

const { request } = kernelContract.calls.statectl;

/** SYS_STATECTL. */
export const statectl: KernelCall = (kernel, caller, message) => {
  if (request.request.read(message) !== SYS_STATE_CLEAR_IPC_REFS) return errorCode("EINVAL");
  clearReferences(kernel, caller);
  return OK;
};
