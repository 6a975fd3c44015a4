import { REG_EAX, RTS_SLOT_FREE, processEntry, privilegePointer, slotPointer, type ProcessEntry } from "@procyon-os/contract-kernel";
import { IDLE, NONE, messageToBytes } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";

/** A slot as GET_PROC shows it. */
export function processToEntry(kernel: Kernel, process: Process): ProcessEntry {
  const { frame, map, vmRequest } = process;
  const u32 = (word: number): number => (frame[word] as number) >>> 0;
  const segment = (index: number): { vir: number; phys: number; length: number } => ({
    vir: map[index] as number, phys: map[index + 1] as number, length: map[index + 2] as number,
  });
  const pointer = (other: Process | null): number => slotPointer(other?.slot ?? null);
  return {
    registers: {
      gsFs: u32(0), esDs: u32(1), edi: u32(2), esi: u32(3), ebp: u32(4), st: u32(5), ebx: u32(6), edx: u32(7), ecx: u32(8),
      eax: u32(REG_EAX), retadr: u32(10), eip: u32(11), cs: u32(12), eflags: u32(13), esp: u32(14), ss: u32(15),
    },
    ldtSelector: kernel.segments.ldtSelector(process), cr3: process.cr3, pageDirectory: process.pageDirectory,
    ldt: kernel.segments.ldt(process), slot: process.slot,
    privileges: privilegePointer(process.privileges?.id ?? null),
    rtsFlags: process.rts, miscFlags: process.misc, priority: process.priority, cpuTimeLeft: process.timeLeft,
    quantumMs: process.quantumMs, scheduler: pointer(process.scheduler), cpu: process.cpu, enterQueue: process.enterQueue,
    timeInQueue: process.timeInQueue, dequeues: process.dequeues, ipcSync: process.ipcSync, ipcAsync: process.ipcAsync,
    preempted: process.preempted, memoryMap: { text: segment(0), data: segment(3), stack: segment(6) }, userTime: process.userTime,
    systemTime: process.systemTime, virtualLeft: process.virtualLeft, profileLeft: process.profileLeft,
    cycles: process.slot === IDLE ? idleTime(kernel) : process.cycles, kernelCallCycles: process.kernelCallCycles,
    ipcCycles: process.ipcCycles, nextReady: pointer(process.nextReady), callerQueue: pointer(process.callerQueue),
    queueLink: pointer(process.queueLink), getFrom: process.getFrom, sendTo: process.sendTo, pendingSignals: process.pendingSignals,
    name: process.name, endpoint: process.endpoint, sendMessage: messageToBytes(process.sendMessage),
    deliverMessage: messageToBytes(process.deliverMessage), deliverAddress: process.deliverAddress, vmRequestType: vmRequest.kind,
    vmRequestMessage: messageToBytes(vmRequest.message), vmRequestKind: vmRequest.type,
    vmRequestTarget: vmRequest.queued ? vmRequest.target : NONE, vmRequestStart: vmRequest.start, vmRequestLength: vmRequest.length,
    vmRequestWrite: vmRequest.write, vmResult: vmRequest.result, magic: process.magic,
  };
}

const freeSlot = new Uint8Array(processEntry.bytes);

/** All slots, kernel tasks first; of a free one only flags and numbers, since nobody looks at the rest. */
export function processTable(kernel: Kernel): Uint8Array {
  const bytes = new Uint8Array(kernel.processes.slots.length * processEntry.bytes);
  const view = new DataView(bytes.buffer);
  kernel.processes.slots.forEach((process, index) => {
    const at = index * processEntry.bytes;
    if (!process.isFree) {
      processEntry.write(view, at, processToEntry(kernel, process));
      return;
    }
    bytes.set(freeSlot, at);
    view.setInt32(at + 624, process.slot, true);
    view.setUint32(at + 632, RTS_SLOT_FREE, true);
    view.setInt32(at + 804, process.endpoint, true);
    view.setUint32(at + 968, process.magic, true);
  });
  return bytes;
}

/** Cycles that all CPUs together have been idle. */
export function idleTime(kernel: Kernel): number {
  return kernel.cpus.reduce((sum, { idleCycles }) => sum + idleCycles, 0);
}
