import { LOAD_VECTOR, SIGSEGV, STORE_VECTOR, type Frame } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import { insideSegment } from "../memory/message-copy.ts";
import { dataBase, type HostedProgram, type Process } from "../processes/process.ts";
import { causeSignal } from "../signals/cause-signal.ts";
import { userPageFault } from "./exceptions.ts";

/** Whether a trap is a load or store of a hosted program. */
export function isAccess(frame: Frame): boolean {
  return frame.vector === LOAD_VECTOR || frame.vector === STORE_VECTOR;
}

/**
 * Does a load or store of a hosted program with the rights of user mode, under the table that is loaded. Where it faults it
 * goes on from there when VM has resolved the fault, as a string instruction of a guest does.
 */
export function performAccess(kernel: Kernel, process: Process, hosted: HostedProgram, frame: Frame): void {
  const load = frame.vector === LOAD_VECTOR;
  const address = frame.eax >>> 0;
  const length = load ? frame.ecx >>> 0 : (frame.bytes?.length ?? 0);
  if (length > kernel.memory.size || !insideSegment(process, address, length)) {
    hosted.accessDone = -1;
    const range = `0x${address.toString(16)}, ${length} bytes`;
    kernel.print(`kernel: ${process.name}(${process.endpoint}): ${load ? "load" : "store"} outside of its segment (${range})\n`);
    causeSignal(kernel, process, SIGSEGV);
    return;
  }
  if (load && hosted.accessDone === 0) frame.bytes = new Uint8Array(length);
  const bytes = frame.bytes ?? new Uint8Array(0);
  const { cpu } = kernel.local;
  const done = hosted.accessDone;
  const linear = (dataBase(process) + address + done) >>> 0;
  const fault = load ? cpu.readLinear(linear, bytes, done, length - done, true) : cpu.writeLinear(linear, bytes, done, length - done, true);
  kernel.chargeCopy(length - done);
  if (fault === -1) {
    hosted.accessDone = -1; // complete: the program goes on
    return;
  }
  hosted.accessDone += (fault - linear) >>> 0;
  userPageFault(kernel, process, fault, cpu.exitErrorCode);
}
