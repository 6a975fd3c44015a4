import { RTS_SLOT_FREE, RTS_VMREQUEST, VMSTYPE_NONE, kernelContract } from "@procyon-os/contract-kernel";
import { NONE, OK, VM, VMSUSPEND, errorCode } from "@procyon-os/message";
import { unmapThrough } from "../grants/map-request.ts";
import { clearEndpoint } from "../ipc/clear-endpoint.ts";
import type { KernelCall } from "../kernel-call.ts";
import type { Kernel } from "../kernel.ts";
import { dropRequest } from "../memory/vm-request.ts";
import type { Process } from "../processes/process.ts";
import { assignRts, clearRts } from "../scheduling/run-queues.ts";
import { callOff } from "../signals/watchdog.ts";
import { dropProgram } from "./exec.ts";

const { request } = kernelContract.calls.clear;

/** SYS_CLEAR (reference/kernel.md 2.10, 3.2). */
export const clear: KernelCall = (kernel, caller, message) => {
  const process = kernel.processes.find(request.process.read(message));
  // Nobody clears itself away: there would be nobody left to answer.
  if (process === null || process.isTask || process === caller) return errorCode("EINVAL");

  // What others see through it ends with it; VM is asked, so the call may run again.
  if (caller.endpoint !== VM && unmapThrough(kernel, caller, process.endpoint) === VMSUSPEND) return VMSUSPEND;

  // Interrupts first: one that comes now must not find a hook of a process that is gone.
  kernel.interrupts.removeAll(kernel, process.endpoint);
  clearEndpoint(kernel, process);
  dropRequest(kernel, process);
  kernel.safemaps.purge(process.endpoint);
  dropProgram(process);
  leavePageTable(kernel, process);
  forgetPointers(kernel, process);
  const { privileges } = process;
  if (privileges !== null && privileges.owner === process) {
    kernel.clock.timers.cancel(privileges.alarm);
    callOff(kernel.clock.timers, privileges);
    privileges.owner = null;
  }
  assignRts(kernel, process, RTS_SLOT_FREE);
  process.privileges = null;
  process.vmRequest.kind = VMSTYPE_NONE;
  process.vmRequest.message[0] = 0;
  process.misc = 0;
  process.knownFrames = process.noting = false;
  process.takenSignals = process.notedCount = process.asynDone = 0;
  process.heldTable = [0, 0];
  process.succeeds = NONE;
  process.hasProgram = true;
  return OK;
};

/** Its page directory goes away: no CPU may keep it loaded. */
function leavePageTable(kernel: Kernel, process: Process): void {
  const here = kernel.local;
  for (const local of kernel.cpus) {
    if (local.pageTableOwner !== process) continue;
    kernel.local = local;
    kernel.switchAddressSpace(kernel.processes.at(VM));
  }
  kernel.local = here;
  process.cr3 = process.pageDirectory = 0;
}

function forgetPointers(kernel: Kernel, process: Process): void {
  for (const local of kernel.cpus) {
    if (local.current === process) local.current = null;
    if (local.billed === process) local.billed = null;
    if (local.loadedLdt === process) local.loadedLdt = null;
  }
  for (const other of kernel.processes.slots) {
    if (other.scheduler === process) other.scheduler = null;
    if (other.waitsForInhibit !== process) continue;
    other.waitsForInhibit = null;
    clearRts(kernel, other, RTS_VMREQUEST);
  }
  process.scheduler = null;
  process.waitsForInhibit = null;
}
