import { SIGSEGV, SYSTEM, type Message } from "@procyon-os/message";
import type { Kernel } from "./kernel.ts";
import { writeAnswer } from "./memory/message-copy.ts";
import type { Process } from "./processes/process.ts";
import { causeSignal } from "./signals/cause-signal.ts";

/** A kernel call is over: its caller gets the message with the result. */
export function answerCall(kernel: Kernel, caller: Process, message: Message, result: number): void {
  caller.vmRequest.message[0] = 0;
  message[0] = SYSTEM;
  message[1] = result;
  if (writeAnswer(kernel, caller, caller.deliverAddress, message)) return;
  kernel.print(`kernel: ${caller.name}(${caller.endpoint}): the reply of a kernel call does not fit into its memory\n`);
  causeSignal(kernel, caller, SIGSEGV);
}
