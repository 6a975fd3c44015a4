import { MF_DELIVERMSG, MF_HOSTED, MF_REPLY_PEND, P_NAME_LEN, REG_EFLAGS, REG_EIP, REG_ESP, RTS_RECEIVING, kernelContract } from "@procyon-os/contract-kernel";
import { OK, errorCode } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import type { Kernel } from "../kernel.ts";
import { readUser } from "../memory/user-copy.ts";
import type { Process } from "../processes/process.ts";
import { clearRts } from "../scheduling/run-queues.ts";

const { request } = kernelContract.calls.exec;
const INIT_PSW = 0x0200;

/** SYS_EXEC. */
export const exec: KernelCall = (kernel, caller, message) => {
  const process = kernel.processes.find(request.process.read(message));
  if (process === null || process.isTask) return errorCode("EINVAL");

  process.name = readName(kernel, caller, request.name.read(message));
  if (process.hosted !== null || !process.hasProgram) {
    dropProgram(process);
    process.frame.fill(0);
    process.frame[REG_EFLAGS] = INIT_PSW;
    kernel.updateSegments(process); // the selectors are part of the frame
    process.hasProgram = true;
  }
  process.frame[REG_EIP] = request.entry.read(message);
  process.frame[REG_ESP] = request.stackPointer.read(message);
  leaveCall(kernel, process);
  return OK;
};

/** Ends the program of a hosted process. */
export function dropProgram(process: Process): void {
  process.hosted?.port.close();
  process.hosted = null;
  process.misc &= ~MF_HOSTED;
}

/** A program that execs gets no answer to its call: the new one starts instead. */
export function leaveCall(kernel: Kernel, process: Process): void {
  process.misc &= ~(MF_DELIVERMSG | MF_REPLY_PEND);
  process.deliverAsked = false;
  clearRts(kernel, process, RTS_RECEIVING);
}

function readName(kernel: Kernel, caller: Process, address: number): string {
  let name = "";
  const byte = new Uint8Array(1);
  for (let index = 0; index < P_NAME_LEN - 1; index++) {
    if (!readUser(kernel, caller, address + index, byte, 0, 1)) return name === "" ? "<unset>" : name;
    if (byte[0] === 0) break;
    name += String.fromCharCode(byte[0] as number);
  }
  return name;
}
