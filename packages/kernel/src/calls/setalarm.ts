import { SYS_PROC, kernelContract } from "@procyon-os/contract-kernel";
import { OK, errorCode, type Ticks } from "@procyon-os/message";
import { TMR_NEVER } from "../clock/timers.ts";
import type { KernelCall } from "../kernel-call.ts";

const { request, reply } = kernelContract.calls.setalarm;

/** SYS_SETALARM. */
export const setalarm: KernelCall = (kernel, caller, message) => {
  const { privileges } = caller;
  if (privileges === null || !(privileges.flags & SYS_PROC)) return errorCode("EPERM");
  const expiresAt = request.expiresAt.read(message);
  const absolute = request.absolute.read(message);
  const { uptime, timers } = kernel.clock;
  const { alarm } = privileges;
  const left = alarm.expiresAt === TMR_NEVER || alarm.expiresAt <= uptime ? 0 : alarm.expiresAt - uptime;
  reply.ticksLeft.write(message, left as Ticks);
  if (expiresAt === 0) timers.cancel(alarm);
  else timers.set(alarm, Math.min(absolute ? expiresAt : uptime + expiresAt, TMR_NEVER - 1));
  return OK;
};
