import { RTS_NO_PRIV, kernelContract } from "@procyon-os/contract-kernel";
import { OK, errorCode } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";

const { request } = kernelContract.calls.setgrant;

/** SYS_SETGRANT. */
export const setgrant: KernelCall = (_kernel, caller, message) => {
  if (caller.rts & RTS_NO_PRIV || caller.privileges === null) return errorCode("EPERM");
  caller.privileges.grantTable = request.table.read(message);
  caller.privileges.grantEntries = request.entries.read(message);
  return OK;
};
