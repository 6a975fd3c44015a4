import { PREEMPTIBLE, RTS_PREEMPTED } from "@procyon-os/contract-kernel";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import type { CpuLocal } from "../smp/cpu-local.ts";

/** Puts a process that has become runnable at the tail of its queue; preempts who is less important on that CPU. */
export function enqueue(kernel: Kernel, process: Process): void {
  const local = kernel.cpuOf(process);
  wake(kernel, local, process);
  link(local, process, false);
  process.enterQueue = kernel.local.time;
  preempt(kernel, local, process);
}

/** A CPU that has nothing else to do than this process begins now; who last ran there may be the very process. */
function wake(kernel: Kernel, local: CpuLocal, process: Process): void {
  const { working } = local;
  if (local.queueMask === 0 && (working === null || working === process)) local.wakeAt(kernel.local.time);
}

/** Puts a preempted process with quantum left back where it was: at the head. */
export function enqueueHead(kernel: Kernel, process: Process): void {
  const local = kernel.cpuOf(process);
  wake(kernel, local, process);
  link(local, process, true);
  process.enterQueue = kernel.local.time;
  process.dequeues--; // being preempted is not giving up the CPU
  process.preempted++;
}

/** Takes a process that has stopped being runnable off its queue. */
export function dequeue(kernel: Kernel, process: Process): void {
  unlink(kernel.cpuOf(process), process);
  process.dequeues++;
  process.timeInQueue += Math.max(0, kernel.local.time - process.enterQueue);
}

/** Sets run-time flags; a process that was runnable leaves its queue. */
export function setRts(kernel: Kernel, process: Process, flags: number): void {
  const wasRunnable = process.rts === 0;
  process.rts |= flags;
  if (wasRunnable && process.rts !== 0) dequeue(kernel, process);
}

/** Clears run-time flags; a process without any is queued. */
export function clearRts(kernel: Kernel, process: Process, flags: number): void {
  if (process.rts === 0) return;
  process.rts &= ~flags;
  if (process.rts === 0) enqueue(kernel, process);
}

/** Replaces the flags of a process by ones that stop it: for SLOT_FREE. */
export function assignRts(kernel: Kernel, process: Process, flags: number): void {
  if (process.rts === 0) dequeue(kernel, process);
  process.rts = flags;
}

/** The process that should run on a CPU: the head of the most urgent queue, which stays there. Null: none. */
export function pick(kernel: Kernel, local: CpuLocal): Process | null {
  if (local.queueMask === 0) return null;
  if (kernel.race) return pickAny(kernel, local);
  return local.head[31 - Math.clz32(local.queueMask & -local.queueMask)] as Process;
}

/** DEBUG_RACE: whoever is queued, by the seed. */
function pickAny(kernel: Kernel, local: CpuLocal): Process {
  let queued = 0;
  for (let one = firstQueued(local, 0); one !== null; one = nextQueued(local, one)) queued++;
  let at = kernel.random(queued);
  let picked = firstQueued(local, 0) as Process;
  while (at-- > 0) picked = nextQueued(local, picked) as Process;
  return picked;
}

/** The head of the first queue from `queue` on that has somebody. */
function firstQueued(local: CpuLocal, queue: number): Process | null {
  const mask = queue > 31 ? 0 : local.queueMask & (-1 << queue);
  return mask === 0 ? null : (local.head[31 - Math.clz32(mask & -mask)] as Process);
}

function nextQueued(local: CpuLocal, one: Process): Process | null {
  return one.nextReady ?? firstQueued(local, one.priority + 1);
}

function preempt(kernel: Kernel, local: CpuLocal, process: Process): void {
  const { current } = local;
  if (current === null || current === process || current.rts !== 0 || current.priority <= process.priority) return;
  if (current.privileges !== null && current.privileges.flags & PREEMPTIBLE) setRts(kernel, current, RTS_PREEMPTED);
}

/** Lets a queued process run before a less important one that may not be preempted, and has gone on for too long. */
export function preemptAtLast(kernel: Kernel, process: Process): void {
  const { current } = kernel.cpuOf(process);
  if (process.onQueue && current !== null && current !== process && current.rts === 0 && current.priority > process.priority) setRts(kernel, current, RTS_PREEMPTED);
}

function link(local: CpuLocal, process: Process, atHead: boolean): void {
  const queue = process.priority;
  const head = local.head[queue] as Process | null;
  if (process.onQueue) throw new Error(`${process.name} is queued already`);
  process.onQueue = true;
  local.queueMask |= 1 << queue;
  if (head === null) {
    process.nextReady = null;
    local.head[queue] = local.tail[queue] = process;
  } else if (atHead) {
    process.nextReady = head;
    local.head[queue] = process;
  } else {
    process.nextReady = null;
    (local.tail[queue] as Process).nextReady = process;
    local.tail[queue] = process;
  }
}

function unlink(local: CpuLocal, process: Process): void {
  const queue = process.priority;
  let before: Process | null = null;
  let one = local.head[queue] as Process | null;
  while (one !== null && one !== process) {
    before = one;
    one = one.nextReady;
  }
  if (one === null) throw new Error(`${process.name} is not on queue ${queue} of CPU ${local.id}`);
  if (before === null) local.head[queue] = process.nextReady;
  else before.nextReady = process.nextReady;
  if (local.tail[queue] === process) local.tail[queue] = before;
  if (local.head[queue] === null) local.queueMask &= ~(1 << queue);
  process.nextReady = null;
  process.onQueue = false;
}
