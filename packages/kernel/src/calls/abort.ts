import { RBT_MONITOR, kernelContract } from "@procyon-os/contract-kernel";
import { OK, SELF, errorCode } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import { copyIn } from "../memory/virtual-copy.ts";

const { request } = kernelContract.calls.abort;
const latin1 = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

/** SYS_ABORT: the machine ends in a second, so that its messages still come out. */
export const abort: KernelCall = (kernel, caller, message) => {
  const how = request.how.read(message);
  let params = "";
  if (how === RBT_MONITOR) {
    const length = request.length.read(message);
    const endpoint = request.process.read(message);
    const process = endpoint === SELF ? caller : kernel.processes.find(endpoint);
    if (process === null || length < 0) return errorCode("EINVAL");
    if (length > 511) return errorCode("E2BIG");
    const bytes = new Uint8Array(length);
    const copied = length === 0 ? OK : copyIn(kernel, caller, process, request.parameters.read(message), bytes);
    if (copied !== OK) return copied;
    params = latin1(bytes);
  }
  kernel.abortHow = how;
  kernel.abortParams = params;
  kernel.clock.timers.set(kernel.clock.shutdown, kernel.clock.uptime + kernel.clock.hz);
  return OK;
};
