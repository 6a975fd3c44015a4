import { PMAGIC, RTS_SENDING } from "@procyon-os/contract-kernel";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import type { CpuLocal } from "../smp/cpu-local.ts";

const MOST = 261;

/** Walks everything that has links: run queues, caller queues, VM's list, privileges. Throws where something is wrong. */
export function checkKernel(kernel: Kernel): void {
  for (const local of kernel.cpus) checkRunQueues(kernel, local);
  for (const process of kernel.processes.slots) checkProcess(kernel, process);
  checkVmRequests(kernel);
  for (const privileges of kernel.privileges.all) {
    const { owner } = privileges;
    if (owner !== null && (owner.isFree || owner.privileges !== privileges)) fail(`privileges ${privileges.id} belong to ${owner.name}, which has others`);
  }
}

function fail(text: string): never {
  throw new Error(`kernel check: ${text}`);
}

function checkRunQueues(kernel: Kernel, local: CpuLocal): void {
  for (const [queue, head] of local.head.entries()) {
    const tail = local.tail[queue] as Process | null;
    if ((head === null) !== ((local.queueMask & (1 << queue)) === 0)) fail(`queue ${queue} of CPU ${local.id}: mask is wrong`);
    let last: Process | null = null;
    let length = 0;
    for (let one = head; one !== null; one = one.nextReady) {
      if (++length > MOST) fail(`queue ${queue} of CPU ${local.id} has no end`);
      if (one.magic !== PMAGIC || one.isFree) fail(`queue ${queue} holds a free slot`);
      if (one.rts !== 0 || !one.onQueue) fail(`${one.name} is queued and not runnable`);
      if (one.priority !== queue || kernel.cpuOf(one) !== local) fail(`${one.name} is on the wrong queue`);
      last = one;
    }
    if (head !== null && last !== tail) fail(`queue ${queue} of CPU ${local.id}: the tail is not its end`);
  }
}

function checkProcess(kernel: Kernel, process: Process): void {
  if (process.isFree) {
    if (process.onQueue || process.callerQueue !== null || process.hosted !== null) fail(`slot ${process.slot} is free and in use`);
    return;
  }
  if (process.onQueue !== (process.rts === 0)) fail(`${process.name} is ${process.rts === 0 ? "runnable and not queued" : "queued"}`);
  if (process.rts & RTS_SENDING) {
    const target = kernel.processes.find(process.sendTo);
    if (target === null) fail(`${process.name} sends to ${process.sendTo}, which is gone`);
    if (!queueHas(target, process)) fail(`${process.name} is not on the caller queue of ${target.name}`);
  } else if (process.queueLink !== null) fail(`${process.name} has a queue link and does not send`);
  for (let sender = process.callerQueue, length = 0; sender !== null; sender = sender.queueLink) {
    if (++length > MOST) fail(`the caller queue of ${process.name} has no end`);
    if (!(sender.rts & RTS_SENDING) || sender.sendTo !== process.endpoint) fail(`${sender.name} is on the caller queue of ${process.name}`);
  }
}

function queueHas(target: Process, sender: Process): boolean {
  let length = 0;
  for (let one = target.callerQueue; one !== null && length <= MOST; one = one.queueLink, length++) if (one === sender) return true;
  return false;
}

function checkVmRequests(kernel: Kernel): void {
  const listed = new Set<Process>();
  for (let one = kernel.vmRequests; one !== null; one = one.vmRequest.next) {
    if (listed.has(one) || one.isFree || !one.vmRequest.queued) fail(`VM's list holds ${one.name} wrongly`);
    listed.add(one);
  }
  for (const process of kernel.processes.slots) {
    if (process.vmRequest.queued && !listed.has(process)) fail(`${process.name} is lost from VM's list`);
  }
}
