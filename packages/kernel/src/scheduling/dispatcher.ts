import { BILLABLE, MF_CONTEXT_SET, MF_DELIVERMSG, MF_FLUSH_TLB, MF_KCALL_RESUME, MF_SC_ACTIVE, MF_SC_DEFER, MF_SC_TRACE, MF_SIG_DELAY, REG_EAX, REG_EBX, REG_ECX, RTS_PREEMPTED, RTS_SENDING, VMSTYPE_DELIVERMSG } from "@procyon-os/contract-kernel";
import { MESSAGE_BYTES, NONE, OK, SIGTRAP, VM, errorCode } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import { checkMessage } from "../debug/message-check.ts";
import { assertMemory } from "../debug/vm-assert.ts";
import { performIpc } from "../ipc/ipc-trap.ts";
import { resumeKernelCall } from "../kernel-call-entry.ts";
import { insideSegment, writeMessage } from "../memory/message-copy.ts";
import { requestMemory } from "../memory/vm-request.ts";
import { dataBase, type Process } from "../processes/process.ts";
import { causeSignal } from "../signals/cause-signal.ts";
import { endSignalDelay } from "../signals/signal-delay.ts";
import { outOfQuantum } from "./quantum.ts";
import { enqueue, enqueueHead, pick } from "./run-queues.ts";

const WORK = MF_KCALL_RESUME | MF_DELIVERMSG | MF_SC_DEFER | MF_SC_TRACE | MF_SC_ACTIVE;

/** Who runs next on the CPU at hand, with everything done that was put off until now; null: nobody (reference/kernel.md 5.3). */
export function dispatch(kernel: Kernel): Process | null {
  for (;;) {
    const process = choose(kernel);
    if (process === null) return null;
    if (process.misc & WORK) {
      doDeferredWork(kernel, process);
      if (process.rts !== 0) continue;
    }
    if (process.timeLeft <= 0) {
      outOfQuantum(kernel, process);
      if (process.rts !== 0) continue;
    }
    if (process.staleTlb & kernel.local.bit) refresh(kernel, process);
    process.misc &= ~MF_CONTEXT_SET;
    if (kernel.debug.vmassert === true) assertMemory(kernel, process);
    return process;
  }
}

function choose(kernel: Kernel): Process | null {
  const { local } = kernel;
  const { current } = local;
  if (current !== null && current.rts === 0 && current.cpu === local.id && !kernel.race) {
    kernel.switchAddressSpace(current);
    return current;
  }
  if (current !== null) requeuePreempted(kernel, current);
  const next = pick(kernel, local);
  local.current = next;
  if (next === null) return null;
  kernel.counters.contextSwitches++;
  if (next.privileges !== null && next.privileges.flags & BILLABLE) local.billed = next;
  const loads = kernel.counters.cr3Loads;
  kernel.switchAddressSpace(next);
  if (kernel.counters.cr3Loads === loads && kernel.vmRunning) kernel.counters.cr3LoadsSaved++;
  return next;
}

/** VM has changed its memory since this CPU last ran it; where its table was loaded all that time, nothing else has flushed. */
function refresh(kernel: Kernel, process: Process): void {
  const { local } = kernel;
  process.staleTlb &= ~local.bit;
  process.misc &= ~MF_FLUSH_TLB;
  if (local.pageTableOwner === process) kernel.reloadPageTable();
}

function requeuePreempted(kernel: Kernel, process: Process): void {
  if (!(process.rts & RTS_PREEMPTED)) return;
  process.rts &= ~RTS_PREEMPTED;
  if (process.rts !== 0) return;
  if (process.timeLeft > 0) enqueueHead(kernel, process);
  else enqueue(kernel, process);
}

/** One thing after another, as long as the process can run. */
function doDeferredWork(kernel: Kernel, process: Process): void {
  while (process.rts === 0 && process.misc & WORK) {
    if (process.misc & MF_KCALL_RESUME) resumeKernelCall(kernel, process);
    else if (process.misc & MF_DELIVERMSG) deliver(kernel, process);
    else if (process.misc & MF_SC_DEFER) {
      process.misc = (process.misc & ~MF_SC_DEFER) | MF_SC_ACTIVE;
      // The call is the one that was made, whatever the tracer did to the registers since.
      [process.frame[REG_ECX], process.frame[REG_EAX], process.frame[REG_EBX]] = process.deferredCall;
      performIpc(kernel, process);
      if (process.misc & MF_SIG_DELAY && !(process.rts & RTS_SENDING)) endSignalDelay(kernel, process);
    } else if (process.misc & MF_SC_TRACE) {
      if (!(process.misc & MF_SC_ACTIVE)) return;
      process.misc &= ~(MF_SC_TRACE | MF_SC_ACTIVE);
      causeSignal(kernel, process, SIGTRAP);
    } else {
      process.misc &= ~MF_SC_ACTIVE;
      return;
    }
  }
}

/** Writes the message that a process waited for into its buffer; where that is not there VM is asked, once (reference/kernel.md 2.8). */
function deliver(kernel: Kernel, process: Process): void {
  if (process.misc & MF_CONTEXT_SET) {
    // Where the caller of SIGRETURN had its message there may be the frame of the next handler by now.
    process.deliverMessage[0] = NONE;
    return finishDelivery(process, OK);
  }
  checkMessage(kernel, process);
  const source = process.deliverMessage[0] as number;
  if (writeMessage(kernel, process, process.deliverAddress, process.deliverMessage)) {
    process.deliverMessage[0] = NONE;
    finishDelivery(process, OK);
    return;
  }
  const canBeFixed = process.cr3 !== 0 && process.endpoint !== VM && insideSegment(process, process.deliverAddress, MESSAGE_BYTES);
  if (canBeFixed && !process.deliverAsked) {
    process.deliverAsked = true;
    const linear = (dataBase(process) + process.deliverAddress) >>> 0;
    requestMemory(kernel, process, process.endpoint, linear, MESSAGE_BYTES, true, VMSTYPE_DELIVERMSG);
    return;
  }
  const at = `0x${process.deliverAddress.toString(16)}`;
  kernel.print(`kernel: ${process.name}(${process.endpoint}): message from ${source} does not fit at ${at}\n`);
  finishDelivery(process, errorCode("EFAULT"));
}

function finishDelivery(process: Process, result: number): void {
  process.misc &= ~MF_DELIVERMSG;
  process.deliverAsked = false;
  if (!(process.misc & MF_CONTEXT_SET)) process.frame[REG_EAX] = result;
}
