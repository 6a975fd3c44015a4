import { CHECK_IRQ, IRQ_DISABLE, IRQ_ENABLE, IRQ_RMPOLICY, IRQ_SETPOLICY, kernelContract } from "@procyon-os/contract-kernel";
import { NONE, OK, errorCode, type Message } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";

const { request, reply } = kernelContract.calls.irqctl;
const LINES = 16;
const MAX_NOTIFY_ID = 31;
const MAX_SHARED = 32;

/** SYS_IRQCTL (reference/kernel.md 8.4). */
export const irqctl: KernelCall = (kernel, caller, message) => {
  const what = request.request.read(message);
  if (what === IRQ_SETPOLICY) return setPolicy(kernel, caller, message);
  const { interrupts } = kernel;
  const hook = interrupts.hooks[request.hook.read(message) - 1];
  if (what !== IRQ_ENABLE && what !== IRQ_DISABLE && what !== IRQ_RMPOLICY) return errorCode("EINVAL");
  if (hook === undefined || hook.owner === NONE) return errorCode("EINVAL");
  if (hook.owner !== caller.endpoint) return errorCode("EPERM");
  const active = interrupts.active[hook.line] as number;
  switch (what) {
    case IRQ_ENABLE:
      interrupts.active[hook.line] = active & ~hook.bit;
      if (interrupts.active[hook.line] === 0) interrupts.enable(kernel, hook.line, true);
      return OK;
    case IRQ_DISABLE:
      interrupts.active[hook.line] = active | hook.bit;
      interrupts.enable(kernel, hook.line, false);
      return OK;
    default:
      interrupts.remove(kernel, hook);
      return OK;
  }
};

function setPolicy(kernel: Kernel, caller: Process, message: Message): number {
  const line = request.line.read(message);
  const notifyId = request.hook.read(message);
  const { interrupts } = kernel;
  // The clock's line is the kernel's.
  if (line < 1 || line >= LINES || notifyId < 0 || notifyId > MAX_NOTIFY_ID) return errorCode("EINVAL");
  const { privileges } = caller;
  if (privileges === null || (privileges.flags & CHECK_IRQ && !privileges.irqs.includes(line))) return errorCode("EPERM");
  const mine = interrupts.hooks.find((hook) => hook.owner === caller.endpoint && hook.notifyId === notifyId);
  const hook = mine ?? interrupts.hooks.find(({ owner }) => owner === NONE);
  const used = interrupts.onLine(line).reduce((bits, one) => (one === mine ? bits : bits | one.bit), 0);
  let bit = 1;
  for (let count = 1; used & bit && count < MAX_SHARED; count++) bit <<= 1;
  if (hook === undefined || used & bit) return errorCode("ENOSPC");

  if (mine !== undefined) interrupts.remove(kernel, mine);
  Object.assign(hook, { owner: caller.endpoint, line, bit, notifyId, policy: request.policy.read(message) });
  if (interrupts.active[line] === 0) interrupts.enable(kernel, line, true);
  reply.hook.write(message, interrupts.hooks.indexOf(hook) + 1);
  return OK;
}
