import { MF_CONTEXT_SET, REGISTER_WORDS, REG_CS, REG_EFLAGS, REG_ES_DS, REG_GS_FS, REG_SS, SIGCONTEXT_BYTES, SIGCONTEXT_REGISTERS, kernelContract } from "@procyon-os/contract-kernel";
import { OK, errorCode } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import { copyIn } from "../memory/virtual-copy.ts";

const { request } = kernelContract.calls.sigreturn;

/** Flags that a program may set for itself: C P A Z S D O. */
export const USER_FLAGS = 0xcd5;
const KEPT = new Set([REG_CS, REG_SS, REG_ES_DS, REG_GS_FS]);

/** SYS_SIGRETURN (reference/kernel.md 8.2). */
export const sigreturn: KernelCall = (kernel, caller, message) => {
  const process = kernel.processes.find(request.process.read(message));
  if (process === null) return errorCode("EINVAL");
  if (process.isTask) return errorCode("EPERM");
  const context = new Uint8Array(SIGCONTEXT_BYTES);
  const copied = copyIn(kernel, caller, process, request.context.read(message), context);
  if (copied !== OK) return copied;

  const view = new DataView(context.buffer);
  const { frame } = process;
  for (let word = 0; word < REGISTER_WORDS; word++) {
    if (KEPT.has(word)) continue;
    const value = view.getInt32(SIGCONTEXT_REGISTERS + word * 4, true);
    frame[word] = word === REG_EFLAGS ? (value & USER_FLAGS) | ((frame[word] as number) & ~USER_FLAGS) : value;
  }
  process.misc |= MF_CONTEXT_SET; // a message that is being delivered must not write EAX
  return OK;
};
