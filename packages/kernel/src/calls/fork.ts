import {
  MF_HOSTED, MF_PROF_TIMER, MF_SC_TRACE, MF_SPROF_SEEN, MF_VIRT_TIMER, PFF_EXEC_ONLY, PFF_VMINHIBIT, P_NAME_LEN, REG_EAX, REG_EFLAGS,
  RTS_NO_PRIV, RTS_NO_QUANTUM, RTS_P_STOP, RTS_RECEIVING, RTS_SENDING, RTS_SIGNALED, RTS_SIG_PENDING, RTS_VMINHIBIT, SYS_PROC,
  USER_PRIV_ID, kernelContract, memoryMap,
} from "@procyon-os/contract-kernel";
import { MAX_GENERATION, NONE, NR_PROCS, OK, endpointGeneration, errorCode, makeEndpoint } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import type { Kernel } from "../kernel.ts";
import { copyIn } from "../memory/virtual-copy.ts";
import type { Process } from "../processes/process.ts";
import { resetAccounting } from "../scheduling/quantum.ts";
import { setMemoryMap } from "./newmap.ts";

const { request, reply } = kernelContract.calls.fork;
const TRACE_BIT = 0x100;

/** SYS_FORK (reference/kernel.md 3.3). */
export const fork: KernelCall = (kernel, caller, message) => {
  const parent = kernel.processes.find(request.parent.read(message));
  const slot = request.slot.read(message);
  const flags = request.flags.read(message);
  if (parent === null || parent.isTask || slot < 0 || slot >= NR_PROCS) return errorCode("EINVAL");
  const child = kernel.processes.at(slot);
  const execOnly = (flags & PFF_EXEC_ONLY) !== 0;
  if (!child.isFree || (!execOnly && (parent.rts & (RTS_RECEIVING | RTS_SENDING)) !== RTS_RECEIVING)) return errorCode("EINVAL");
  const hosted = parent.hosted !== null || !parent.hasProgram;
  if (hosted && !execOnly) {
    kernel.print(`kernel: ${parent.name}(${parent.endpoint}) is a hosted process and cannot fork\n`);
    return errorCode("ENOSYS");
  }
  const map = new Uint8Array(memoryMap.bytes);
  const copied = copyIn(kernel, caller, caller, request.memoryMap.read(message), map);
  if (copied !== OK) return copied;

  inherit(kernel, child, parent);
  if (execOnly) waitForProgram(child);
  child.hasProgram = !hosted;
  if (flags & PFF_VMINHIBIT) child.rts |= RTS_VMINHIBIT;
  setMemoryMap(kernel, child, map);
  reply.child.write(message, child.endpoint);
  reply.messageAddress.write(message, parent.deliverAddress as never);
  return OK;
};

/** The parent may be anywhere in what it does (RS asks for a child and goes on): nothing of that is the child's. */
function waitForProgram(child: Process): void {
  child.misc = 0;
  child.rts = (child.rts & RTS_NO_PRIV) | RTS_RECEIVING | RTS_NO_QUANTUM;
  child.getFrom = child.sendTo = NONE;
}

/** What a child has of its parent, and what it has not. */
function inherit(kernel: Kernel, child: Process, parent: Process): void {
  const generation = endpointGeneration(child.endpoint) + (kernel.debug.plant === "generation" ? 0 : 1);
  child.endpoint = makeEndpoint(generation >= MAX_GENERATION ? 1 : generation, child.slot);
  child.name = parent.name.length + 2 < P_NAME_LEN ? `${parent.name}*F` : parent.name;
  child.frame.set(parent.frame);
  child.frame[REG_EAX] = 0;
  child.frame[REG_EFLAGS] = (child.frame[REG_EFLAGS] as number) & ~TRACE_BIT;
  child.misc = parent.misc & ~(MF_VIRT_TIMER | MF_PROF_TIMER | MF_SC_TRACE | MF_SPROF_SEEN | MF_HOSTED);
  child.rts = (parent.rts & ~(RTS_SIGNALED | RTS_SIG_PENDING | RTS_P_STOP)) | RTS_NO_QUANTUM;
  child.pendingSignals = child.takenSignals = 0;

  child.priority = parent.priority;
  child.quantumMs = parent.quantumMs;
  child.timeLeft = 0;
  child.scheduler = parent.scheduler;
  child.cpu = parent.cpu;
  resetAccounting(child);
  child.userTime = child.systemTime = child.virtualLeft = child.profileLeft = 0;
  child.cycles = child.kernelCallCycles = child.ipcCycles = 0;

  child.cr3 = child.pageDirectory = child.staleTlb = 0;
  child.callerQueue = child.queueLink = null;
  child.getFrom = parent.getFrom;
  child.sendTo = parent.sendTo;
  child.sendMessage.set(parent.sendMessage);
  child.deliverMessage.set(parent.deliverMessage);
  child.deliverAddress = parent.deliverAddress;
  child.deliverAsked = false;

  child.privileges = parent.privileges;
  if (parent.privileges !== null && parent.privileges.flags & SYS_PROC) {
    child.privileges = kernel.privileges.at(USER_PRIV_ID);
    child.rts |= RTS_NO_PRIV;
  }
}
