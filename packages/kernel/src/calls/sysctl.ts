import { DIAG_BUFSIZE, SYSCTL_CODE_DIAG, SYSCTL_CODE_STACKTRACE, kernelContract } from "@procyon-os/contract-kernel";
import { OK, type Endpoint, errorCode } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import { copyIn } from "../memory/virtual-copy.ts";

const { request } = kernelContract.calls.sysctl;
const latin1 = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

/** SYS_SYSCTL. */
export const sysctl: KernelCall = (kernel, caller, message) => {
  const argument = request.argument.read(message);
  switch (request.code.read(message)) {
    case SYSCTL_CODE_DIAG: {
      if (argument < 1 || argument > DIAG_BUFSIZE) return errorCode("EINVAL");
      const text = new Uint8Array(argument);
      const copied = copyIn(kernel, caller, caller, request.buffer.read(message), text);
      if (copied === OK) kernel.print(latin1(text));
      return copied;
    }
    case SYSCTL_CODE_STACKTRACE: {
      const process = kernel.processes.find(argument as Endpoint);
      if (process === null) return errorCode("EINVAL");
      kernel.printStack(process);
      return OK;
    }
    default: return errorCode("EINVAL");
  }
};
