import { MF_DELIVERMSG, PMAGIC, RTS_RECEIVING, RTS_SENDING } from "@procyon-os/contract-kernel";
import { ANY, NONE, endpointSlot } from "@procyon-os/message";
import { TMR_NEVER } from "../clock/timers.ts";
import type { Kernel } from "../kernel.ts";
import type { Privileges } from "../privileges/privileges.ts";
import type { Process } from "../processes/process.ts";
import type { CpuLocal } from "../smp/cpu-local.ts";

const MOST = 261;

/** Walks every table and all that has links: CPUs, run queues, processes, caller queues, VM's list, privileges, timers, hooks, maps. Throws where something is wrong. */
export function checkKernel(kernel: Kernel): void {
  for (const local of kernel.cpus) checkCpu(kernel, local);
  for (const process of kernel.processes.slots) checkProcess(kernel, process);
  checkVmRequests(kernel);
  for (const privileges of kernel.privileges.all) checkPrivileges(kernel, privileges);
  checkTimers(kernel);
  for (const { owner, line } of kernel.interrupts.hooks) {
    if (owner !== NONE && kernel.processes.find(owner) === null) fail(`a hook of line ${line} belongs to ${owner}, which is gone`);
  }
  for (const { granter, grantee } of kernel.safemaps.all) {
    if (kernel.processes.find(granter) === null || kernel.processes.find(grantee) === null) fail(`memory of ${granter} is mapped for ${grantee}: one of them is gone`);
  }
}

function fail(text: string): never {
  throw new Error(`kernel check: ${text}`);
}

function checkCpu(kernel: Kernel, local: CpuLocal): void {
  const { current, pageTableOwner } = local;
  if (current !== null && current.isFree) fail(`CPU ${local.id} is about to run a free slot`);
  if (pageTableOwner !== null && (pageTableOwner.isFree || pageTableOwner.cr3 === 0)) fail(`CPU ${local.id} has a page table loaded that is nobody's`);
  checkRunQueues(kernel, local);
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
  if (endpointSlot(process.endpoint) !== process.slot) fail(`${process.name} in slot ${process.slot} has endpoint ${process.endpoint}`);
  if (process.cpu < 0 || process.cpu >= kernel.cpus.length) fail(`${process.name} belongs to CPU ${process.cpu}`);
  if (process.misc & MF_DELIVERMSG && process.rts & RTS_RECEIVING) fail(`${process.name} has a message and waits for one`);
  const { getFrom } = process;
  if (process.rts & RTS_RECEIVING && getFrom !== ANY && getFrom !== NONE && kernel.processes.find(getFrom) === null) fail(`${process.name} waits for ${getFrom}, which is gone`);
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

function checkPrivileges(kernel: Kernel, privileges: Privileges): void {
  const { id, owner } = privileges;
  if (owner === null) return;
  if (owner.isFree || owner.privileges !== privileges) fail(`privileges ${id} belong to ${owner.name}, which has others`);
  if (privileges.notifyPending.empty && privileges.asynPending.empty) return;
  for (const other of kernel.privileges.all) {
    if (other.owner !== null) continue;
    if (privileges.notifyPending.has(other.id) || privileges.asynPending.has(other.id)) fail(`${owner.name} has something to hear of privileges ${other.id}, which are nobody's`);
  }
}

function checkTimers(kernel: Kernel): void {
  let before = -Infinity;
  for (const timer of kernel.clock.timers.pending) {
    const { action, expiresAt } = timer;
    if (expiresAt < before || expiresAt === TMR_NEVER) fail(`a timer stands at ${expiresAt} after one at ${before}`);
    before = expiresAt;
    if (action.kind === "shutdown") continue;
    if (kernel.privileges.at(action.privilegeId)[action.kind] !== timer) fail(`the ${action.kind} of privileges ${action.privilegeId} is another's`);
  }
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
