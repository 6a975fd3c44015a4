import {
  CPF_READ, MF_REPLY_PEND, REG_EAX, RTS_RECEIVING, RTS_SENDING, RTS_SIGNALED, RTS_SIG_PENDING, SYS_STATE_CLEAR_IPC_REFS, SYS_STATE_CLEAR_WAITERS, SYS_STATE_HELD,
  SYS_STATE_IS_WAITING, SYS_STATE_NOTED, SYS_STATE_PREDECESSOR, SYS_STATE_RETAKE_SIGNALS, SYS_STATE_SUCCESSOR, SYS_STATE_WATCHDOG, SYS_PROC, kernelContract, leftBehind,
} from "@procyon-os/contract-kernel";
import { AMF_DONE, AMF_VALID, ASYN_ENTRY_BYTES, OK, errorCode, type Endpoint, type Message } from "@procyon-os/message";
import { verifyGrant } from "../grants/verify-grant.ts";
import { clearIpc, clearReferences } from "../ipc/clear-endpoint.ts";
import type { KernelCall } from "../kernel-call.ts";
import type { Kernel } from "../kernel.ts";
import { takeUser } from "../memory/user-copy.ts";
import { copyIn, copyOut } from "../memory/virtual-copy.ts";
import type { Process } from "../processes/process.ts";
import { setRts } from "../scheduling/run-queues.ts";
import { TMR_NEVER } from "../clock/timers.ts";
import { setWatchdog } from "../signals/watchdog.ts";

const { request } = kernelContract.calls.statectl;
/** A list of waiters is at most as long as the process table. */
const MAX_LIST_BYTES = 4096;

/** SYS_STATECTL. */
export const statectl: KernelCall = (kernel, caller, message) => {
  switch (request.request.read(message)) {
    case SYS_STATE_CLEAR_IPC_REFS:
      clearReferences(kernel, caller);
      return OK;
    case SYS_STATE_NOTED:
      return noted(kernel, caller, message);
    case SYS_STATE_HELD:
      return held(kernel, caller, message);
    case SYS_STATE_IS_WAITING: {
      const process = kernel.processes.find(request.process.read(message));
      return process !== null && waitsFor(process, caller) && process.misc & MF_REPLY_PEND ? OK : errorCode("ESRCH");
    }
    case SYS_STATE_CLEAR_WAITERS:
      return clearWaiters(kernel, caller, message);
    case SYS_STATE_RETAKE_SIGNALS:
      retakeSignals(kernel, caller);
      return OK;
    case SYS_STATE_WATCHDOG:
      return watchdog(kernel, caller, request.length.read(message));
    case SYS_STATE_SUCCESSOR:
      return nameSuccessor(kernel, caller, request.process.read(message), (request.length.read(message) | 0) as Endpoint);
    case SYS_STATE_PREDECESSOR:
      return tellPredecessor(kernel, caller, message);
    default:
      return errorCode("EINVAL");
  }
};

function watchdog(kernel: Kernel, { privileges }: Process, ticks: number): number {
  if (privileges === null || !(privileges.flags & SYS_PROC)) return errorCode("EPERM");
  if (ticks >= TMR_NEVER) return errorCode("EINVAL");
  setWatchdog(kernel, privileges, ticks);
  return OK;
}

/**
 * A new version may read what the running one grants to its own endpoint, which is where the new one will be. It ends with their exchange,
 * or with one of the two.
 */
function nameSuccessor(kernel: Kernel, caller: Process, of: Endpoint, running: Endpoint): number {
  const successor = kernel.processes.find(of);
  const predecessor = kernel.processes.find(running);
  if (successor === null || predecessor === null || successor === predecessor) return errorCode("EINVAL");
  for (const { isTask, privileges } of [successor, predecessor]) {
    if (isTask || privileges === null || !(privileges.flags & SYS_PROC) || privileges.signalManager !== caller.endpoint) return errorCode("EPERM");
  }
  successor.succeeds = running;
  return OK;
}

function tellPredecessor(kernel: Kernel, caller: Process, message: Message): number {
  if (kernel.processes.find(caller.succeeds) === null) return errorCode("ESRCH");
  if (request.length.read(message) !== 4) return errorCode("EINVAL");
  return copyOut(kernel, caller, caller, request.address.read(message), new Uint8Array(Int32Array.of(caller.succeeds).buffer));
}

/** A manager died over the signals that it had taken: for the one that follows they are as if nobody had. */
function retakeSignals(kernel: Kernel, manager: Process): void {
  for (const process of kernel.processes.slots) {
    if (process.isFree || process.takenSignals === 0 || process.privileges?.signalManager !== manager.endpoint) continue;
    process.pendingSignals |= process.takenSignals;
    process.takenSignals = 0;
    setRts(kernel, process, RTS_SIGNALED | RTS_SIG_PENDING);
  }
}

/** The instance that the caller asks about: whoever lets it read the state may be asked what that state is about. */
function predecessor(kernel: Kernel, caller: Process, message: Message): Process | number {
  const endpoint = request.process.read(message);
  const process = kernel.processes.find(endpoint);
  if (process === null || process.isTask) return errorCode("EINVAL");
  const granted = verifyGrant(kernel, endpoint, caller.endpoint, request.grant.read(message), 1, CPF_READ, 0);
  return typeof granted === "number" ? errorCode("EPERM") : process;
}

function noted(kernel: Kernel, caller: Process, message: Message): number {
  const process = predecessor(kernel, caller, message);
  if (typeof process === "number") return process;
  if (request.length.read(message) !== leftBehind.bytes) return errorCode("EINVAL");
  const bytes = leftBehind.encode({
    received: process.notedCount, status: process.notedStatus, asynDone: process.asynDone, held: heldEntries(kernel, process).length,
    message: Array.from(process.noted),
  });
  return copyOut(kernel, caller, caller, request.address.read(message), bytes);
}

/** Entries of the table of a dead instance that nobody has got. */
function heldEntries(kernel: Kernel, process: Process): Uint8Array[] {
  const [address, entries] = process.heldTable;
  const table = entries === 0 ? null : takeUser(kernel, process, address, entries * ASYN_ENTRY_BYTES);
  if (table === null) return [];
  const view = new DataView(table.buffer);
  return Array.from({ length: entries }, (_, index) => index * ASYN_ENTRY_BYTES)
    .filter((at) => (view.getUint32(at, true) & (AMF_VALID | AMF_DONE)) === AMF_VALID)
    .map((at) => table.subarray(at, at + ASYN_ENTRY_BYTES));
}

function held(kernel: Kernel, caller: Process, message: Message): number {
  const process = predecessor(kernel, caller, message);
  if (typeof process === "number") return process;
  const entries = heldEntries(kernel, process);
  if (entries.length === 0 || request.length.read(message) !== entries.length * ASYN_ENTRY_BYTES) return errorCode("EINVAL");
  const bytes = new Uint8Array(entries.length * ASYN_ENTRY_BYTES);
  entries.forEach((entry, index) => bytes.set(entry, index * ASYN_ENTRY_BYTES));
  return copyOut(kernel, caller, caller, request.address.read(message), bytes);
}

/** Whether a process waits for a message of another one alone, and has nothing to send before that. */
function waitsFor(process: Process, other: Process): boolean {
  return (process.rts & (RTS_RECEIVING | RTS_SENDING)) === RTS_RECEIVING && process.getFrom === other.endpoint;
}

function clearWaiters(kernel: Kernel, caller: Process, message: Message): number {
  const length = request.length.read(message);
  if (length > MAX_LIST_BYTES || length % 4 !== 0) return errorCode("EINVAL");
  const bytes = new Uint8Array(length);
  const copied = length === 0 ? OK : copyIn(kernel, caller, caller, request.address.read(message), bytes);
  if (copied !== OK) return copied;
  const stays = new Set(new Int32Array(bytes.buffer));
  for (const process of kernel.processes.slots) {
    if (process.isFree || process === caller || !waitsFor(process, caller) || stays.has(process.endpoint)) continue;
    process.frame[REG_EAX] = errorCode("EDEADSRCDST");
    clearIpc(kernel, process);
  }
  return OK;
}
