import { MF_KCALL_RESUME, RTS_VMREQUEST } from "@procyon-os/contract-kernel";
import { CYCLES_PER_CRYSTAL } from "@procyon-os/hardware";
import { VM } from "@procyon-os/message";
import { CYCLES_PER_MS, MAX_SLICE_CYCLES } from "./costs.ts";
import { handleInterrupts } from "./interrupts/interrupts.ts";
import type { Kernel } from "./kernel.ts";
import type { RunResult } from "./options.ts";
import type { Process } from "./processes/process.ts";
import { dispatch } from "./scheduling/dispatcher.ts";
import { clearRts } from "./scheduling/run-queues.ts";
import type { CpuLocal } from "./smp/cpu-local.ts";
import { runGuest } from "./traps/run-guest.ts";
import { runHosted, runNothing } from "./traps/run-hosted.ts";

/**
 * The machine's loop: the CPU that is furthest behind runs its process to the next trap, then time and devices catch up.
 * So a run is a function of what is in memory, the seed and what devices are given from outside.
 */
export function runMachine(kernel: Kernel, maxCycles: number): RunResult {
  const until = machineTime(kernel) + maxCycles;
  for (;;) {
    catchUp(kernel);
    if (kernel.ended !== null) return kernel.ended;
    const local = nextCpu(kernel);
    if (local === null) {
      for (const one of kernel.cpus) one.current = null;
      return { kind: "idle", wakesAt: kernel.board.clock.next() };
    }
    if (local.time >= until) return { kind: "running" };
    kernel.local = local;
    step(kernel, local, until);
    if (kernel.restartQueue.length > 0) releaseRestarts(kernel);
    if (kernel.checkAlways) kernel.check();
  }
}

/** Lets the idle machine wait until the board's time `now`. */
export function skipIdle(kernel: Kernel, now: number): void {
  const { clock } = kernel.board;
  if (now > clock.now) clock.advanceTo(now);
  const time = now * CYCLES_PER_CRYSTAL;
  for (const local of kernel.cpus) if (!local.hasWork) local.wakeAt(time);
}

function step(kernel: Kernel, local: CpuLocal, until: number): void {
  const process = dispatch(kernel);
  if (process === null) {
    idle(kernel, local);
    return;
  }
  if (process.hosted !== null) runHosted(kernel, process, process.hosted);
  else if (process.hasProgram) runGuest(kernel, process, budget(kernel, local, process, until));
  else runNothing(kernel, process);
}

/** Instructions until something else has to happen: a device, the end of the quantum, another CPU's turn. */
function budget(kernel: Kernel, local: CpuLocal, process: Process, until: number): number {
  const deviceAt = kernel.board.clock.next() * CYCLES_PER_CRYSTAL;
  let cycles = Math.min(until, deviceAt) - local.time;
  cycles = Math.min(cycles, kernel.race ? 1 + kernel.random(CYCLES_PER_MS) : process.timeLeft);
  if (kernel.cpus.length > 1) cycles = Math.min(cycles, 1 + kernel.random(MAX_SLICE_CYCLES));
  return Math.max(1, cycles);
}

/** A CPU without work keeps VM's page table, so that no table that goes away stays loaded (reference/kernel.md 4.4). */
function idle(kernel: Kernel, local: CpuLocal): void {
  local.current = null;
  if (kernel.cpus.length > 1 && kernel.vmRunning) kernel.switchAddressSpace(kernel.processes.at(VM));
}

/** The CPU with work that is furthest behind, or null where none has any. */
function nextCpu(kernel: Kernel): CpuLocal | null {
  if (kernel.cpus.length === 1) return kernel.local.hasWork ? kernel.local : null;
  let next: CpuLocal | null = null;
  for (const local of kernel.cpus) {
    if (!local.hasWork) continue;
    if (next === null || local.time < next.time) next = local;
  }
  return next;
}

/** The time up to which every CPU that works has come. */
function machineTime(kernel: Kernel): number {
  if (kernel.cpus.length === 1) return kernel.local.time;
  const next = nextCpu(kernel);
  return next === null ? Math.max(...kernel.cpus.map(({ time }) => time)) : next.time;
}

/** The devices' time follows the CPUs'; CPU 0 takes the interrupts. */
function catchUp(kernel: Kernel): void {
  const { clock, pic } = kernel.board;
  const now = Math.floor(machineTime(kernel) / CYCLES_PER_CRYSTAL);
  if (now > clock.now) clock.advanceTo(now);
  if (pic.pendingVector() === -1) return;
  const boot = kernel.cpus[0] as CpuLocal;
  kernel.local = boot;
  if (!boot.hasWork) boot.wakeAt(clock.now * CYCLES_PER_CRYSTAL);
  handleInterrupts(kernel);
}

/** The test mode that suspends every kernel call once: they may go on now. */
function releaseRestarts(kernel: Kernel): void {
  for (const process of kernel.restartQueue.splice(0)) {
    if (process.misc & MF_KCALL_RESUME && process.rts & RTS_VMREQUEST && !process.vmRequest.queued) clearRts(kernel, process, RTS_VMREQUEST);
  }
}
