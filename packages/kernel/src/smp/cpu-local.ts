import { NR_SCHED_QUEUES, RTS_PREEMPTED } from "@procyon-os/contract-kernel";
import type { Cpu } from "@procyon-os/hardware";
import type { Process } from "../processes/process.ts";

/** What the kernel keeps for each CPU (reference/kernel.md 6.2). */
export class CpuLocal {
  readonly id: number;
  readonly cpu: Cpu;
  readonly bit: number; // of this CPU in a stale-TLB set
  current: Process | null = null; // who runs, or was last chosen; null: idle
  billed: Process | null = null; // the last billable process that was chosen
  pageTableOwner: Process | null = null; // ptproc: whose page directory is in CR3
  loadedLdt: Process | null = null;

  // Run queues: head and tail of each, and a bit for each that is not empty.
  readonly head: (Process | null)[] = new Array<Process | null>(NR_SCHED_QUEUES).fill(null);
  readonly tail: (Process | null)[] = new Array<Process | null>(NR_SCHED_QUEUES).fill(null);
  queueMask = 0;

  /** What each window showed when this CPU last used it: another CPU may have changed the slot in a table that both use. */
  readonly windowEntries: number[] = [0, 0];

  time = 0; // cycles since boot; the CPU that is furthest behind goes next
  idleCycles = 0;
  kernelCycles = 0;
  // For the load that a scheduler is told of.
  lastLoadTime = 0;
  lastLoadIdle = 0;

  constructor(cpu: Cpu) {
    this.id = cpu.id;
    this.cpu = cpu;
    this.bit = 1 << cpu.id;
  }

  /** The process that this CPU is in the middle of, and that may go on; one that was preempted may. Null: none. */
  get working(): Process | null {
    const { current } = this;
    return current !== null && (current.rts & ~RTS_PREEMPTED) === 0 && current.cpu === this.id ? current : null;
  }

  /** Whether there is anything for it to do. */
  get hasWork(): boolean {
    return this.queueMask !== 0 || this.working !== null;
  }

  /** An idle CPU's time stands still; now it goes on from here. */
  wakeAt(time: number): void {
    if (this.time >= time) return;
    this.idleCycles += time - this.time;
    this.time = time;
  }
}
