import { PREEMPTIBLE, RTS_NO_QUANTUM, SCHEDULING_NO_QUANTUM } from "@procyon-os/contract-kernel";
import { OK, m9, i32, newMessage, type Message } from "@procyon-os/message";
import { CYCLES_PER_MS } from "../costs.ts";
import { sendFromKernel } from "../ipc/send.ts";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import { clearRts, setRts } from "./run-queues.ts";

const fields = {
  dequeues: m9.l1(i32), ipcSync: m9.l2(i32), ipcAsync: m9.l3(i32), preempted: m9.l4(i32), queueMs: m9.l5(i32),
  cpu: m9.s1(i32), load: m9.s2(i32),
};

/** A process has used up its quantum: its scheduler hears of it, or it gets another (reference/kernel.md 5.5). */
export function outOfQuantum(kernel: Kernel, process: Process): void {
  const preemptible = process.privileges !== null && (process.privileges.flags & PREEMPTIBLE) !== 0;
  const { scheduler } = process;
  if (scheduler === null || scheduler === process || !preemptible) {
    process.timeLeft = Math.max(1, process.quantumMs) * CYCLES_PER_MS;
    return;
  }
  setRts(kernel, process, RTS_NO_QUANTUM);
  const message = accountingMessage(kernel, process);
  resetAccounting(process);
  const result = sendFromKernel(kernel, process, scheduler, message);
  if (result === OK) return;
  // A scheduler that waits for the process it schedules cannot be told: the kernel does its work for once.
  kernel.print(`kernel: cannot tell ${scheduler.name} that ${process.name}(${process.endpoint}) is out of quantum: ${result}\n`);
  process.timeLeft = Math.max(1, process.quantumMs) * CYCLES_PER_MS;
  clearRts(kernel, process, RTS_NO_QUANTUM);
}

/** Starts the counts that a scheduler is told of anew. */
export function resetAccounting(process: Process): void {
  process.dequeues = process.ipcSync = process.ipcAsync = process.preempted = 0;
  process.timeInQueue = 0;
}

function accountingMessage(kernel: Kernel, process: Process): Message {
  const message = newMessage(SCHEDULING_NO_QUANTUM);
  fields.dequeues.write(message, process.dequeues);
  fields.ipcSync.write(message, process.ipcSync);
  fields.ipcAsync.write(message, process.ipcAsync);
  fields.preempted.write(message, process.preempted);
  fields.queueMs.write(message, Math.floor(process.timeInQueue / CYCLES_PER_MS));
  fields.cpu.write(message, process.cpu);
  fields.load.write(message, cpuLoad(kernel));
  return message;
}

/** Percent of the time since the last question that this CPU was busy. */
function cpuLoad(kernel: Kernel): number {
  const { local } = kernel;
  const time = local.time - local.lastLoadTime;
  const idle = local.idleCycles - local.lastLoadIdle;
  const first = local.lastLoadTime === 0;
  local.lastLoadTime = local.time;
  local.lastLoadIdle = local.idleCycles;
  if (first || time <= 0) return 0;
  return Math.min(100, Math.max(0, Math.floor((100 * (time - idle)) / time)));
}
