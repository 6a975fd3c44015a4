import { MF_PROF_TIMER, MF_VIRT_TIMER, SYS_PROC, VT_PROF, VT_VIRTUAL, kernelContract } from "@procyon-os/contract-kernel";
import { OK, SELF, errorCode, type Ticks } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";

const { request, reply } = kernelContract.calls.vtimer;

/** SYS_VTIMER. */
export const vtimer: KernelCall = (kernel, caller, message) => {
  if (caller.privileges === null || !(caller.privileges.flags & SYS_PROC)) return errorCode("EPERM");
  const which = request.timer.read(message);
  if (which !== VT_VIRTUAL && which !== VT_PROF) return errorCode("EINVAL");
  const endpoint = request.process.read(message);
  const process = endpoint === SELF ? caller : kernel.processes.find(endpoint);
  if (process === null) return errorCode("EINVAL");
  const flag = which === VT_VIRTUAL ? MF_VIRT_TIMER : MF_PROF_TIMER;
  const left = which === VT_VIRTUAL ? process.virtualLeft : process.profileLeft;
  const old = process.misc & flag ? Math.max(0, left) : 0;
  if (request.set.read(message)) {
    const value = Math.max(0, request.value.read(message));
    if (which === VT_VIRTUAL) process.virtualLeft = value;
    else process.profileLeft = value;
    process.misc = value > 0 ? process.misc | flag : process.misc & ~flag;
  }
  reply.old.write(message, old as Ticks);
  return OK;
};
