import { REG_EAX } from "@procyon-os/contract-kernel";
import { EXIT_BUDGET } from "@procyon-os/hardware";
import { IPC_VECTOR, KERNEL_CALL_VECTOR } from "@procyon-os/message";
import { GUEST_TRAP_CYCLES } from "../costs.ts";
import type { Kernel } from "../kernel.ts";
import { ipcTrap } from "../ipc/ipc-trap.ts";
import { kernelCallTrap } from "../kernel-call-entry.ts";
import type { Process } from "../processes/process.ts";
import { PAGE_FAULT_VECTOR, userException, userPageFault } from "./exceptions.ts";

/** Runs a guest process for at most `budget` instructions, or to its next trap, and handles that. */
export function runGuest(kernel: Kernel, process: Process, budget: number): void {
  const { local } = kernel;
  const { cpu } = local;
  if (local.loadedLdt !== process) {
    cpu.loadLdt(kernel.segments.ldtSelector(process));
    local.loadedLdt = process;
  }
  if (!cpu.loadFrame(process.frame)) {
    // Its selectors are ours, so only the tracer or a bad register image can be the cause.
    kernel.spend(process, GUEST_TRAP_CYCLES);
    userException(kernel, process, cpu.exitVector, "its registers cannot be loaded");
    return;
  }
  cpu.tscBase = local.time;
  cpu.run(budget);
  cpu.saveFrame(process.frame);
  kernel.spend(process, cpu.instructions);
  const vector = cpu.exitVector;
  if (vector === EXIT_BUDGET) return;
  kernel.counters.traps++;
  kernel.spendKernel(GUEST_TRAP_CYCLES);
  kernel.noteTrap(process, vector);
  if (vector === IPC_VECTOR) ipcTrap(kernel, process);
  else if (vector === KERNEL_CALL_VECTOR) kernelCallTrap(kernel, process, (process.frame[REG_EAX] as number) >>> 0);
  else if (vector === PAGE_FAULT_VECTOR) userPageFault(kernel, process, cpu.cr2 >>> 0, cpu.exitErrorCode);
  else userException(kernel, process, vector, cpu.exitText);
}
