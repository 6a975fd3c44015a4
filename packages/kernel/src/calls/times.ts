import { kernelContract } from "@procyon-os/contract-kernel";
import { OK, SELF, type Ticks } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";

const { request, reply } = kernelContract.calls.times;

/** SYS_TIMES: an endpoint that is nobody's leaves the process's times as they came. */
export const times: KernelCall = (kernel, caller, message) => {
  const endpoint = request.process.read(message);
  const process = endpoint === SELF ? caller : kernel.processes.find(endpoint);
  if (process !== null) {
    reply.user.write(message, process.userTime as Ticks);
    reply.system.write(message, process.systemTime as Ticks);
  }
  reply.bootTime.write(message, kernel.clock.bootTime);
  reply.uptime.write(message, kernel.clock.uptime as Ticks);
  return OK;
};
