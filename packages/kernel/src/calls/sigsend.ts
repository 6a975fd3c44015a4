import {
  MF_FPU_INITIALIZED, REGISTER_BYTES, REG_EBP, REG_EIP, REG_ESP, RTS_PROC_STOP, SIGCONTEXT_BYTES, SIGCONTEXT_FLAGS, SIGCONTEXT_MASK,
  SIGCONTEXT_REGISTERS, SIGFRAME_BYTES, kernelContract, signalMessage, type SignalMessage,
} from "@procyon-os/contract-kernel";
import { OK, errorCode } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import { copyIn, copyOut } from "../memory/virtual-copy.ts";
import type { Process } from "../processes/process.ts";

const { request } = kernelContract.calls.sigsend;

/** SYS_SIGSEND (reference/kernel.md 8.2). */
export const sigsend: KernelCall = (kernel, caller, message) => {
  const process = kernel.processes.find(request.process.read(message));
  if (process === null) return errorCode("EINVAL");
  if (process.isTask) return errorCode("EPERM");
  if (process.hosted !== null) {
    kernel.print(`kernel: ${process.name}(${process.endpoint}) is hosted: no handler can run in it\n`);
    return errorCode("EINVAL");
  }
  const bytes = new Uint8Array(signalMessage.bytes);
  let copied = copyIn(kernel, caller, caller, request.message.read(message), bytes);
  if (copied !== OK) return copied;
  const signal = signalMessage.decode(bytes);
  const frameAt = (signal.stackPointer - SIGCONTEXT_BYTES - SIGFRAME_BYTES) >>> 0;
  if (kernel.debug.plant === "earlyEffect") process.frame[REG_EBP] = frameAt + 16;
  // One copy for both structures, and no register changed before it has succeeded: the call may run again.
  copied = copyOut(kernel, caller, process, frameAt, buildFrame(process, signal, frameAt));
  if (copied !== OK) return copied;

  process.frame[REG_EBP] = frameAt + 16;
  process.frame[REG_ESP] = frameAt;
  process.frame[REG_EIP] = signal.handler;
  process.misc &= ~MF_FPU_INITIALIZED;
  if (!(process.rts & RTS_PROC_STOP)) kernel.print(`kernel: signal frame for ${process.name}(${process.endpoint}), which is not stopped\n`);
  return OK;
};

/** sigframe and behind it sigcontext: what the handler returns into, and the registers that it comes back to. */
function buildFrame(process: Process, signal: SignalMessage, frameAt: number): Uint8Array {
  const bytes = new Uint8Array(SIGFRAME_BYTES + SIGCONTEXT_BYTES);
  const view = new DataView(bytes.buffer);
  const contextAt = frameAt + SIGFRAME_BYTES;
  const words = [
    signal.signalReturn, signal.signal, 0, contextAt, process.frame[REG_EBP] as number, process.frame[REG_EIP] as number, contextAt,
  ];
  words.forEach((word, index) => view.setUint32(index * 4, word >>> 0, true));
  const context = SIGFRAME_BYTES;
  view.setUint32(context + SIGCONTEXT_FLAGS, process.misc & MF_FPU_INITIALIZED, true);
  view.setUint32(context + SIGCONTEXT_MASK, signal.mask, true);
  for (let at = 0; at < REGISTER_BYTES; at += 4) view.setInt32(context + SIGCONTEXT_REGISTERS + at, process.frame[at >> 2] as number, true);
  return bytes;
}
