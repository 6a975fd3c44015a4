import {
  MF_FLUSH_TLB, MF_FULLVM, MF_SENDA_VM_MISS, REG_ESP, RTS_PAGEFAULT, RTS_VMINHIBIT, RTS_VMREQTARGET, RTS_VMREQUEST, VMCTL_CLEAR_PAGEFAULT,
  VMCTL_ENABLE_PAGING, VMCTL_FLUSHTLB, VMCTL_GET_SLOT, VMCTL_I386_FREEPDE, VMCTL_I386_GETCR3, VMCTL_I386_INVLPG, VMCTL_I386_KERNELLIMIT, VMCTL_INCSP,
  VMCTL_KERN_MAP_REPLY, VMCTL_KERN_PHYSMAP, VMCTL_MEMREQ_GET, VMCTL_MEMREQ_REPLY, VMCTL_RAISE_AGAIN, VMCTL_SETADDRSPACE, VMCTL_UNMAPPED,
  VMCTL_VMINHIBIT_CLEAR, VMCTL_VMINHIBIT_SET, VMPTYPE_CHECK, VMSTYPE_NONE, kernelContract,
} from "@procyon-os/contract-kernel";
import { NR_PROCS, OK, SELF, VM, VMSUSPEND, errorCode, type Message } from "@procyon-os/message";
import { deliverTable } from "../ipc/asynchronous-send.ts";
import type { KernelCall } from "../kernel-call.ts";
import type { Kernel } from "../kernel.ts";
import { enablePaging } from "../memory/enable-paging.ts";
import { lookUp } from "../memory/page-lookup.ts";
import { raiseAgain } from "../memory/raise-again.ts";
import { popRequest } from "../memory/vm-request.ts";
import type { Process } from "../processes/process.ts";
import { clearRts, setRts } from "../scheduling/run-queues.ts";

const { request, reply } = kernelContract.calls.vmctl;
const MOST_WINDOWS = 2;
const PAGE = 4096;
const BIG_PAGE = 0x400000;
const EINVAL = errorCode("EINVAL");

/** SYS_VMCTL (reference/kernel.md 3.6). */
export const vmctl: KernelCall = (kernel, caller, message) => {
  const endpoint = request.process.read(message);
  const process = endpoint === SELF ? caller : kernel.processes.find(endpoint);
  if (process === null) return EINVAL;
  const value = request.value.read(message);
  switch (request.parameter.read(message)) {
    case VMCTL_CLEAR_PAGEFAULT:
      if (!(process.rts & RTS_PAGEFAULT)) return EINVAL;
      clearRts(kernel, process, RTS_PAGEFAULT);
      return OK;
    case VMCTL_I386_GETCR3:
      reply.value.write(message, process.cr3);
      return OK;
    case VMCTL_MEMREQ_GET: return getRequest(kernel, message);
    case VMCTL_MEMREQ_REPLY: return answerRequest(kernel, process, value | 0);
    case VMCTL_INCSP:
      process.frame[REG_ESP] = (process.frame[REG_ESP] as number) + value;
      return OK;
    case VMCTL_I386_KERNELLIMIT: return OK; // the kernel has no segment of its own that could be too small
    case VMCTL_I386_FREEPDE:
      if (value >= 1024) return EINVAL;
      if (kernel.windowSlots.length < MOST_WINDOWS) {
        kernel.windowSlots.push(value);
        kernel.kernelEnd = Math.max(kernel.kernelEnd, (value + 1) * BIG_PAGE);
      }
      return OK;
    case VMCTL_ENABLE_PAGING: return enablePaging(kernel, caller, value);
    case VMCTL_I386_INVLPG:
      kernel.local.cpu.invalidatePage(value);
      return OK;
    case VMCTL_FLUSHTLB:
      kernel.reloadPageTable();
      return OK;
    case VMCTL_KERN_PHYSMAP: // no device memory that the kernel would want mapped
    case VMCTL_KERN_MAP_REPLY: return EINVAL;
    case VMCTL_SETADDRSPACE: return setAddressSpace(kernel, process, value, request.address.read(message));
    case VMCTL_VMINHIBIT_SET:
      if (process.endpoint === VM) return EINVAL;
      setRts(kernel, process, RTS_VMINHIBIT);
      process.misc |= MF_FLUSH_TLB;
      return OK;
    case VMCTL_VMINHIBIT_CLEAR:
      if (!(process.rts & RTS_VMINHIBIT)) return EINVAL;
      endInhibit(kernel, process);
      return OK;
    case VMCTL_GET_SLOT: return getSlot(kernel, value, message);
    case VMCTL_RAISE_AGAIN:
      if (caller.endpoint !== VM) return EINVAL;
      raiseAgain(kernel);
      return OK;
    case VMCTL_UNMAPPED:
      if (caller.endpoint !== VM) return EINVAL;
      kernel.safemaps.left({ grantee: process.endpoint, granteeLinear: value, bytes: request.address.read(message) });
      return OK;
    default:
      kernel.print(`kernel: VMCTL ${request.parameter.read(message)} is not known\n`);
      return EINVAL;
  }
};

function getSlot(kernel: Kernel, slot: number, message: Message): number {
  if (slot >= NR_PROCS) return EINVAL;
  const process = kernel.processes.at(slot);
  if (process.isFree) return errorCode("ESRCH");
  reply.target.write(message, process.endpoint);
  reply.value.write(message, process.cr3);
  return OK;
}

/** The oldest request of a process that waits; its type is the result. */
function getRequest(kernel: Kernel, message: Message): number {
  const requestor = popRequest(kernel);
  if (requestor === null) return errorCode("ESRCH");
  const { vmRequest } = requestor;
  vmRequest.result = VMSUSPEND;
  reply.target.write(message, vmRequest.target);
  reply.start.write(message, vmRequest.start);
  reply.value.write(message, vmRequest.length);
  reply.write.write(message, vmRequest.write);
  reply.requestor.write(message, requestor.endpoint);
  if (vmRequest.type !== VMPTYPE_CHECK) {
    reply.source.write(message, vmRequest.source);
    reply.sourceAddress.write(message, vmRequest.sourceStart);
    const target = kernel.processes.find(vmRequest.target);
    if (target !== null) clearRts(kernel, target, RTS_VMREQTARGET);
  }
  return vmRequest.type;
}

function answerRequest(kernel: Kernel, process: Process, result: number): number {
  const { vmRequest } = process;
  if (!(process.rts & RTS_VMREQUEST) || vmRequest.queued || vmRequest.kind === VMSTYPE_NONE || result === VMSUSPEND) return EINVAL;
  vmRequest.result = result;
  vmRequest.kind = VMSTYPE_NONE;
  clearRts(kernel, process, RTS_VMREQUEST);
  return OK;
}

/** Whether a page directory can be at `cr3`, and, where paging is on, the kernel sees it at `directory`, beside the one that is loaded. */
function isDirectory(kernel: Kernel, cr3: number, directory: number): boolean {
  if (cr3 % PAGE !== 0 || directory % PAGE !== 0 || cr3 + PAGE > kernel.memory.size) return false;
  const owner = kernel.local.pageTableOwner;
  if (!kernel.vmRunning) return true;
  return owner !== null && directory >>> 22 === owner.pageDirectory >>> 22 && lookUp(kernel, owner, directory) === cr3;
}

function setAddressSpace(kernel: Kernel, process: Process, cr3: number, directory: number): number {
  if (cr3 !== 0 && !isDirectory(kernel, cr3, directory)) return EINVAL;
  const here = kernel.local;
  process.cr3 = cr3;
  process.pageDirectory = cr3 === 0 ? 0 : directory;
  process.misc = cr3 === 0 ? process.misc & ~MF_FULLVM : process.misc | MF_FULLVM;
  for (const local of kernel.cpus) {
    if (local.pageTableOwner !== process) continue;
    kernel.local = local;
    if (cr3 !== 0) kernel.reloadPageTable();
    else kernel.switchAddressSpace(kernel.processes.at(VM));
  }
  kernel.local = here;
  if (process.rts & RTS_VMINHIBIT) endInhibit(kernel, process);
  return OK;
}

/** Memory of a process is as it should be again: it may run, and what waited for that is made up for. */
function endInhibit(kernel: Kernel, process: Process): void {
  if (kernel.debug.plant !== "staleTlb") process.staleTlb = (1 << kernel.cpus.length) - 1; // before anything is read from it
  clearRts(kernel, process, RTS_VMINHIBIT);
  const { privileges } = process;
  if (process.misc & MF_SENDA_VM_MISS && privileges !== null) {
    process.misc &= ~MF_SENDA_VM_MISS;
    if (privileges.asynSize > 0) deliverTable(kernel, process, privileges, privileges.asynTable, privileges.asynSize);
  }
  for (const waiting of kernel.processes.slots) {
    if (waiting.waitsForInhibit !== process) continue;
    waiting.waitsForInhibit = null;
    clearRts(kernel, waiting, RTS_VMREQUEST);
  }
}
