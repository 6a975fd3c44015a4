import { NR_SCHED_QUEUES, RTS_NO_QUANTUM } from "@procyon-os/contract-kernel";
import { OK, errorCode } from "@procyon-os/message";
import { CYCLES_PER_MS } from "../costs.ts";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import { clearRts, setRts } from "./run-queues.ts";

/** Gives a process priority, quantum (ms) and CPU, -1 meaning "as it is", and queues it at the tail (reference/kernel.md 5.5). */
export function scheduleProcess(kernel: Kernel, process: Process, priority: number, quantumMs: number, cpu: number): number {
  if ((priority < 0 && priority !== -1) || priority >= NR_SCHED_QUEUES) return errorCode("EINVAL");
  if (quantumMs < 1 && quantumMs !== -1) return errorCode("EINVAL");
  if (kernel.cpus.length > 1 && cpu !== -1) {
    if (cpu < 0) return errorCode("EINVAL");
    if (cpu >= kernel.cpus.length) return errorCode("EBADCPU");
  }

  // NO_QUANTUM takes it off the queue of its old priority and CPU.
  if (kernel.debug.plant === "leftBehind") process.rts |= RTS_NO_QUANTUM;
  else setRts(kernel, process, RTS_NO_QUANTUM);
  if (priority !== -1) process.priority = priority;
  if (quantumMs !== -1) {
    process.quantumMs = quantumMs;
    process.timeLeft = quantumMs * CYCLES_PER_MS;
  }
  if (cpu !== -1 && kernel.cpus.length > 1) process.cpu = cpu;
  clearRts(kernel, process, RTS_NO_QUANTUM);
  return OK;
}
