import { MF_KCALL_RESUME, NR_SYS_CALLS, RTS_VMREQUEST, SYS_PROC, VMSTYPE_KERNELCALL, kernelContract } from "@procyon-os/contract-kernel";
import { MESSAGE_WORDS, SIGSEGV, VMSUSPEND, errorCode, setMessage, type Message } from "@procyon-os/message";
import { callTable } from "./call-table.ts";
import { GUEST_TRAP_CYCLES } from "./costs.ts";
import type { Kernel } from "./kernel.ts";
import { answerCall } from "./answer-call.ts";
import { readMessage } from "./memory/message-copy.ts";
import type { Process } from "./processes/process.ts";
import { setRts } from "./scheduling/run-queues.ts";
import { causeSignal } from "./signals/cause-signal.ts";

const EDONTREPLY = errorCode("EDONTREPLY");
const request: Message = new Int32Array(MESSAGE_WORDS);

/** Vector 32: a kernel call, whose message lies at `address` in the caller (reference/kernel.md 3.1). */
export function kernelCallTrap(kernel: Kernel, caller: Process, address: number): void {
  kernel.counters.kernelCalls++;
  caller.deliverAddress = address;
  if (!readMessage(kernel, caller, address, request)) {
    kernel.print(`kernel: ${caller.name}(${caller.endpoint}): bad message pointer 0x${address.toString(16)} of a kernel call\n`);
    causeSignal(kernel, caller, SIGSEGV);
    return;
  }
  request[0] = caller.endpoint;
  caller.kernelCallCycles += GUEST_TRAP_CYCLES;
  beginCall(caller);
  if (kernel.restartCalls && suspendOnce(kernel, caller, request)) return;
  kernel.guard?.enter("kernel call");
  const result = dispatch(kernel, caller, request);
  kernel.guard?.leave("kernel call");
  finish(kernel, caller, request, result);
}

/** Nothing of the call is done yet, and VM was asked for nothing. */
function beginCall({ vmRequest }: Process): void {
  vmRequest.type = vmRequest.element = vmRequest.done = 0;
  vmRequest.plain = false;
}

/** VM has answered: the call that waited runs again, from the message that was kept. */
export function resumeKernelCall(kernel: Kernel, caller: Process): void {
  if (caller.rts & RTS_VMREQUEST || caller.vmRequest.message[0] !== caller.endpoint) throw new Error(`${caller.name}: nothing to resume`);
  setMessage(request, caller.vmRequest.message);
  const result = dispatch(kernel, caller, request);
  caller.misc &= ~MF_KCALL_RESUME;
  finish(kernel, caller, request, result);
}

function dispatch(kernel: Kernel, caller: Process, message: Message): number {
  const number = (message[1] as number) - kernelContract.base;
  if (number < 0 || number >= NR_SYS_CALLS) return errorCode("EBADREQUEST");
  const mask = caller.privileges?.callMask;
  if (mask === undefined || !((mask[number >> 5] as number) & (1 << (number & 31)))) {
    // A user program that tries is told so; only of a service is it worth a message.
    if (caller.privileges !== null && caller.privileges.flags & SYS_PROC) {
      kernel.print(`kernel: ${caller.name}(${caller.endpoint}) may not make kernel call ${number}\n`);
    }
    return errorCode("ECALLDENIED");
  }
  const handler = callTable[number] ?? null;
  if (handler === null) {
    kernel.print(`kernel: ${caller.name}(${caller.endpoint}): there is no kernel call ${number}\n`);
    return errorCode("EBADREQUEST");
  }
  return handler(kernel, caller, message);
}

function finish(kernel: Kernel, caller: Process, message: Message, result: number): void {
  if (result === VMSUSPEND) {
    if (!(caller.rts & RTS_VMREQUEST) || caller.vmRequest.kind !== VMSTYPE_KERNELCALL) {
      throw new Error(`${caller.name}: kernel call ${message[1]} is suspended without a request`);
    }
    keepRequest(caller, message);
    kernel.counters.suspendedCalls++;
    return;
  }
  if (result === EDONTREPLY) {
    caller.vmRequest.message[0] = 0;
    if (caller.hosted?.frame != null) caller.hosted.frame.message = null;
    return;
  }
  answerCall(kernel, caller, message, result);
}

/** The request as the caller made it: handlers may have written their reply over the one in hand. */
function keepRequest(caller: Process, message: Message): void {
  setMessage(caller.vmRequest.message, message);
  caller.misc |= MF_KCALL_RESUME;
}

/** A test mode: every call is put off once, as if VM had had to be asked. */
function suspendOnce(kernel: Kernel, caller: Process, message: Message): boolean {
  keepRequest(caller, message);
  caller.vmRequest.kind = VMSTYPE_KERNELCALL;
  caller.vmRequest.result = 0;
  setRts(kernel, caller, RTS_VMREQUEST);
  kernel.restartQueue.push(caller);
  return true;
}
