import { RTS_PAGEFAULT, RTS_SENDING, RTS_VMREQUEST, VMSTYPE_NONE } from "@procyon-os/contract-kernel";
import { SIGKMEM, VM, VMSUSPEND } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import { clearRts } from "../scheduling/run-queues.ts";
import { sendSystemSignal } from "../signals/cause-signal.ts";

/**
 * VMCTL_RAISE_AGAIN: an instance of VM begins where another one has died. What that one had in hand comes again: a process whose page
 * fault it had taken faults once more, a memory request that it had fetched is on the list again. All CPUs forget what they know
 * of page tables: what was being changed may be half written.
 */
export function raiseAgain(kernel: Kernel): void {
  for (const process of kernel.processes.slots) {
    if (process.isFree) continue;
    // Where it still sends, the message is in VM's queue, and comes by itself.
    if (process.rts & RTS_PAGEFAULT && !(process.rts & RTS_SENDING)) clearRts(kernel, process, RTS_PAGEFAULT);
    if (isFetched(process)) queueAgain(kernel, process);
    process.staleTlb = (1 << kernel.cpus.length) - 1;
  }
  const here = kernel.local;
  for (const local of kernel.cpus) {
    kernel.local = local;
    kernel.reloadPageTable();
  }
  kernel.local = here;
  if (kernel.vmRequests !== null) sendSystemSignal(kernel, VM, SIGKMEM);
}

/** Whether VM has taken a request of a process and not answered it. */
function isFetched({ rts, vmRequest, waitsForInhibit }: Process): boolean {
  return (rts & RTS_VMREQUEST) !== 0 && !vmRequest.queued && vmRequest.kind !== VMSTYPE_NONE && waitsForInhibit === null;
}

function queueAgain(kernel: Kernel, process: Process): void {
  const { vmRequest } = process;
  vmRequest.next = kernel.vmRequests;
  vmRequest.queued = true;
  vmRequest.result = VMSUSPEND;
  kernel.vmRequests = process;
}
