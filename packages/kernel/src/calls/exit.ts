import { SIGABRT, errorCode } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import { causeSignal } from "../signals/cause-signal.ts";

/** SYS_EXIT: the caller has ended; its manager clears it away. */
export const exit: KernelCall = (kernel, caller) => {
  causeSignal(kernel, caller, SIGABRT);
  return errorCode("EDONTREPLY");
};
