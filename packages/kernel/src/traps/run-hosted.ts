import { MF_HOSTED, REG_EAX, REG_EBX, REG_ECX } from "@procyon-os/contract-kernel";
import { IPC_VECTOR, KERNEL_CALL_VECTOR, SIGABRT, SIGILL, TSC_VECTOR } from "@procyon-os/message";
import type { PortEvent } from "@procyon-os/bus";
import { HOSTED_TRAP_CYCLES } from "../costs.ts";
import type { Kernel } from "../kernel.ts";
import { ipcTrap } from "../ipc/ipc-trap.ts";
import { kernelCallTrap } from "../kernel-call-entry.ts";
import type { HostedProgram, Process } from "../processes/process.ts";
import { causeSignal } from "../signals/cause-signal.ts";
import { userException } from "./exceptions.ts";
import { isAccess, performAccess } from "./hosted-access.ts";

/** Runs a hosted program to its next trap, and handles that; an access that VM was needed for is done first. */
export function runHosted(kernel: Kernel, process: Process, hosted: HostedProgram): void {
  kernel.spend(process, HOSTED_TRAP_CYCLES);
  const answered = hosted.frame;
  if (answered !== null) {
    if (hosted.accessDone !== -1) {
      performAccess(kernel, process, hosted, answered);
      if (hosted.accessDone !== -1 || process.rts !== 0) return;
    }
    answered.eax = process.frame[REG_EAX] as number;
    answered.ebx = process.frame[REG_EBX] as number;
  }
  handleEvent(kernel, process, hosted, hosted.port.resume(answered));
}

function handleEvent(kernel: Kernel, process: Process, hosted: HostedProgram, event: PortEvent): void {
  if (event.kind !== "trap") {
    end(kernel, process, hosted, event);
    return;
  }
  const { frame } = event;
  hosted.frame = frame;
  kernel.counters.traps++;
  process.frame[REG_EAX] = frame.eax;
  process.frame[REG_EBX] = frame.ebx;
  process.frame[REG_ECX] = frame.ecx;
  kernel.noteTrap(process, frame.vector);
  if (frame.vector === IPC_VECTOR) ipcTrap(kernel, process);
  else if (frame.vector === KERNEL_CALL_VECTOR) kernelCallTrap(kernel, process, 0);
  else if (frame.vector === TSC_VECTOR) readTsc(kernel, process);
  else if (isAccess(frame)) {
    hosted.accessDone = 0;
    performAccess(kernel, process, hosted, frame);
  } else userException(kernel, process, frame.vector, `trap ${frame.vector} of a hosted program`);
}

/** The counter that RDTSC gives guests. */
function readTsc({ local }: Kernel, process: Process): void {
  process.frame[REG_EAX] = local.time % 0x1_0000_0000;
  process.frame[REG_EBX] = Math.floor(local.time / 0x1_0000_0000);
}

/** The program has returned or thrown: for its manager both are an abort, as SYS_EXIT is. */
function end(kernel: Kernel, process: Process, hosted: HostedProgram, event: PortEvent): void {
  hosted.port.close();
  process.hosted = null;
  process.hasProgram = false;
  process.misc &= ~MF_HOSTED;
  const how = event.kind === "crash" ? `crashed: ${event.report}` : "has returned";
  kernel.print(`kernel: ${process.name}(${process.endpoint}) ${hosted.reference} ${how}\n`);
  causeSignal(kernel, process, SIGABRT);
}

/** A process that has nothing to run: the child of a hosted one that did not exec. */
export function runNothing(kernel: Kernel, process: Process): void {
  kernel.print(`kernel: ${process.name}(${process.endpoint}) has no program\n`);
  causeSignal(kernel, process, SIGILL);
}
