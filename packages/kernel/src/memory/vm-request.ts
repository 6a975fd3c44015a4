import { RTS_VMREQTARGET, RTS_VMREQUEST, VMPTYPE_CHECK, VMSTYPE_KERNELCALL } from "@procyon-os/contract-kernel";
import { SIGKMEM, VM, VMSUSPEND, type Endpoint } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import { clearRts, setRts } from "../scheduling/run-queues.ts";
import { sendSystemSignal } from "../signals/cause-signal.ts";

/**
 * Puts the request of a process at the end of VM's list, and stops the process until VM answers (reference/kernel.md 3.5). The list is first in,
 * first out, where MINIX has a stack: the end of a map must not overtake the map.
 */
export function pushRequest(kernel: Kernel, requestor: Process, kind: number): void {
  const request = requestor.vmRequest;
  if (request.queued || requestor.rts & RTS_VMREQUEST) throw new Error(`${requestor.name} waits for VM already`);
  let last = kernel.vmRequests;
  const wasEmpty = last === null;
  while (last !== null && last.vmRequest.next !== null) last = last.vmRequest.next;
  request.kind = kind;
  request.next = null;
  request.queued = true;
  request.result = VMSUSPEND;
  if (last === null) kernel.vmRequests = requestor;
  else last.vmRequest.next = requestor;
  setRts(kernel, requestor, RTS_VMREQUEST);
  if (wasEmpty) sendSystemSignal(kernel, VM, SIGKMEM);
}

/** Asks VM to make a range of a process present. */
export function requestMemory(kernel: Kernel, requestor: Process, target: Endpoint, start: number, length: number, write: boolean, kind = VMSTYPE_KERNELCALL): void {
  const request = requestor.vmRequest;
  request.type = VMPTYPE_CHECK;
  request.target = target;
  request.start = start;
  request.length = length;
  request.write = write ? 1 : 0;
  pushRequest(kernel, requestor, kind);
}

/** Takes the oldest request off the list. */
export function popRequest(kernel: Kernel): Process | null {
  const requestor = kernel.vmRequests;
  if (requestor === null) return null;
  kernel.vmRequests = requestor.vmRequest.next;
  requestor.vmRequest.next = null;
  requestor.vmRequest.queued = false;
  return requestor;
}

/** A process that waits for VM goes away: nobody is to answer it. */
export function dropRequest(kernel: Kernel, process: Process): void {
  if (!process.vmRequest.queued) return;
  const target = process.vmRequest.type === VMPTYPE_CHECK ? null : kernel.processes.find(process.vmRequest.target);
  if (target !== null) clearRts(kernel, target, RTS_VMREQTARGET);
  if (kernel.vmRequests === process) {
    popRequest(kernel);
    return;
  }
  let before = kernel.vmRequests;
  while (before !== null && before.vmRequest.next !== process) before = before.vmRequest.next;
  if (before === null) throw new Error(`${process.name} is not on VM's list`);
  before.vmRequest.next = process.vmRequest.next;
  process.vmRequest.next = null;
  process.vmRequest.queued = false;
}
