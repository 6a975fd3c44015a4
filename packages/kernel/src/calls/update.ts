import {
  MF_KCALL_RESUME, MF_REPLY_PEND, MF_SENDING_FROM_KERNEL, REG_EAX, ROOT_SYS_PROC, RTS_NO_PRIV, RTS_NO_QUANTUM, RTS_PAGEFAULT, RTS_RECEIVING, RTS_SENDING, RTS_SIG_PENDING,
  SYS_PROC, kernelContract,
} from "@procyon-os/contract-kernel";
import { NONE, OK, errorCode } from "@procyon-os/message";
import { answerCall } from "../answer-call.ts";
import type { KernelCall } from "../kernel-call.ts";
import type { Kernel } from "../kernel.ts";
import { holdTable } from "../ipc/held-table.ts";
import { unlinkSender } from "../ipc/send.ts";
import type { Process } from "../processes/process.ts";
import type { Privileges } from "../privileges/privileges.ts";
import { clearRts, setRts } from "../scheduling/run-queues.ts";

const { request } = kernelContract.calls.update;

// What belongs to the instance that runs in a slot, and so changes places (reference/kernel.md 3.12). Nobody is served meanwhile, and the code
// is cold each time: field by field, written out, it takes a quarter of the time of a loop over their names.
function travelling(process: Process) {
  const {
    name, rts, misc, priority, timeLeft, quantumMs, enterQueue, timeInQueue, dequeues, ipcSync, ipcAsync, preempted, frame, hosted, hasProgram,
    userTime, systemTime, virtualLeft, profileLeft, cycles, kernelCallCycles, ipcCycles, map, cr3, pageDirectory, getFrom, sendTo, sendMessage,
    deliverMessage, deliverAddress, deliverAsked, deliverSum, pendingSignals, takenSignals, deferredCall, knownFrames, noting, noted, notedStatus,
    notedCount, asynDone, heldTable, vmRequest, waitsForInhibit,
  } = process;
  return {
    name, rts, misc, priority, timeLeft, quantumMs, enterQueue, timeInQueue, dequeues, ipcSync, ipcAsync, preempted, frame, hosted, hasProgram,
    userTime, systemTime, virtualLeft, profileLeft, cycles, kernelCallCycles, ipcCycles, map, cr3, pageDirectory, getFrom, sendTo, sendMessage,
    deliverMessage, deliverAddress, deliverAsked, deliverSum, pendingSignals, takenSignals, deferredCall, knownFrames, noting, noted, notedStatus,
    notedCount, asynDone, heldTable, vmRequest, waitsForInhibit,
  };
}
function travellingPrivileges({ flags, trapMask, callMask, signalManager, backupManager, ioRanges, memRanges, irqs, grantTable, grantEntries, asynTable, asynSize }: Privileges) {
  return { flags, trapMask, callMask, signalManager, backupManager, ioRanges, memRanges, irqs, grantTable, grantEntries, asynTable, asynSize };
}

/**
 * SYS_UPDATE. An instance of RS (ROOT_SYS_PROC) may be one of the two itself, since it waits for this call: it goes on in the other slot.
 * So it takes RS's place, or gives it to another, without a second process that would have to be alive.
 */
export const update: KernelCall = (kernel, caller, message) => {
  const source = kernel.processes.find(request.source.read(message));
  const target = kernel.processes.find(request.target.read(message));
  for (const one of [source, target]) {
    if (one === null || one.isTask) return errorCode("EINVAL");
    if (one.privileges === null || one.privileges.owner !== one || !(one.privileges.flags & SYS_PROC)) return errorCode("EPERM");
  }
  if (source === null || target === null || source === target) return errorCode("EINVAL");
  const moves = (caller === source || caller === target) && ((caller.privileges?.flags ?? 0) & ROOT_SYS_PROC) !== 0;
  for (const one of [source, target]) if (!(moves && one === caller) && !atRest(one)) return errorCode("EBUSY");
  if (!moves) {
    exchange(kernel, source, target);
    return OK;
  }
  setRts(kernel, caller, RTS_NO_PRIV);
  exchange(kernel, source, target);
  const moved = caller === source ? target : source;
  clearRts(kernel, moved, RTS_NO_PRIV);
  moved.misc &= ~MF_KCALL_RESUME;
  answerCall(kernel, moved, message, OK);
  return errorCode("EDONTREPLY");
};

function exchange(kernel: Kernel, source: Process, target: Process): void {
  const from = source.privileges as Privileges;
  const to = target.privileges as Privileges;
  swapSendMasks(kernel, from, to);
  stopSending(kernel, source);
  stopSending(kernel, target);
  const [kept, keptPrivileges] = [travelling(source), travellingPrivileges(from)];
  Object.assign(source, travelling(target));
  Object.assign(target, kept);
  Object.assign(from, travellingPrivileges(to));
  Object.assign(to, keptPrivileges);
  swapPendingTables(kernel, from, to);
  followRequests(kernel, source, target);
  source.succeeds = target.succeeds = NONE;
  // What a dead instance had still to send must not come from where it lies now: its successor may have it (STATECTL).
  for (const process of [source, target]) if (process.rts & RTS_SIG_PENDING) holdTable(process);
  kernel.safemaps.exchange(source.endpoint, target.endpoint);
  followPointers(kernel, source, target);
  kernel.updateSegments(source);
  kernel.updateSegments(target);
  source.staleTlb = target.staleTlb = (1 << kernel.cpus.length) - 1;
}

/** Whom each may send to goes along too; the new instance may reach everyone whom the old one could. */
function swapSendMasks(kernel: Kernel, from: Privileges, to: Privileges): void {
  const old = from.ipcTo.words.slice();
  const both = to.ipcTo.words.map((word, index) => word | (old[index] as number));
  const has = (words: Int32Array, id: number): boolean => ((words[id >> 5] as number) & (1 << (id & 31))) !== 0;
  for (const { id } of kernel.privileges.all) {
    if (id === from.id || id === to.id) continue; // each other: as it is
    kernel.privileges.setSendTo(from, id, has(both, id));
    kernel.privileges.setSendTo(to, id, has(old, id));
  }
}

/** Neither runs nor is in the middle of something: not allowed to run, signalled, or waiting for a message. */
function atRest(process: Process): boolean {
  if (process.rts === 0 || process.vmRequest.queued) return false;
  return (process.rts & (RTS_NO_PRIV | RTS_SIG_PENDING)) !== 0 || (process.rts & (RTS_RECEIVING | RTS_SENDING)) === RTS_RECEIVING;
}

/** An asynchronous table goes along with its instance, so whoever has still to look into it finds it under the new name. */
function swapPendingTables(kernel: Kernel, from: Privileges, to: Privileges): void {
  for (const { asynPending } of kernel.privileges.all) {
    const had = asynPending.has(from.id);
    if (had === asynPending.has(to.id)) continue;
    asynPending.delete(had ? from.id : to.id);
    asynPending.add(had ? to.id : from.id);
  }
}

/** A message that was not taken must not stay in a queue under the other's name: it is taken back, and the sender will know. */
function stopSending(kernel: Kernel, process: Process): void {
  if (!(process.rts & RTS_SENDING)) return;
  const target = kernel.processes.find(process.sendTo);
  if (target !== null) unlinkSender(target, process);
  let ended = RTS_SENDING;
  if (process.misc & MF_SENDING_FROM_KERNEL) {
    // What the kernel had to say for it happens again, under its new name: the page fault, the end of the quantum.
    ended |= RTS_PAGEFAULT | RTS_NO_QUANTUM;
  } else {
    ended |= RTS_RECEIVING; // the other half of a SENDREC
    process.frame[REG_EAX] = errorCode("ENOTREADY");
    process.misc &= ~MF_REPLY_PEND;
  }
  process.misc &= ~MF_SENDING_FROM_KERNEL;
  process.rts &= ~ended; // it stays stopped by what made it be at rest
}

/** What VM was asked for goes along, too. */
function followRequests(kernel: Kernel, source: Process, target: Process): void {
  for (const process of [source, target]) {
    if (process.vmRequest.message[0] !== 0) process.vmRequest.message[0] = process.endpoint;
  }
  for (const local of kernel.cpus) local.loadedLdt = null;
}

function followPointers(kernel: Kernel, source: Process, target: Process): void {
  for (const local of kernel.cpus) {
    if (local.pageTableOwner === source) local.pageTableOwner = target;
    else if (local.pageTableOwner === target) local.pageTableOwner = source;
  }
}
