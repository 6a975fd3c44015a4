import {
  MF_SC_ACTIVE, MF_SC_TRACE, PROCESS_BYTES, REGISTER_BYTES, REG_CS, REG_EFLAGS, REG_ES_DS, REG_GS_FS, REG_SS, RTS_P_STOP, SEG_D, SEG_T,
  T_DETACH, T_GETDATA, T_GETINS, T_GETUSER, T_READB_INS, T_RESUME, T_SETDATA, T_SETINS, T_SETUSER, T_STEP, T_STOP, T_SYSCALL,
  T_WRITEB_INS, kernelContract, privilegeEntry, processEntry,
} from "@procyon-os/contract-kernel";
import { OK, errorCode, type Message } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import type { Kernel } from "../kernel.ts";
import { copyInSegment, copyOutSegment } from "../memory/virtual-copy.ts";
import type { Process } from "../processes/process.ts";
import { privilegesToEntry } from "../privileges/privileges.ts";
import { clearRts, setRts } from "../scheduling/run-queues.ts";
import { processToEntry } from "./getinfo-process.ts";
import { USER_FLAGS } from "./sigreturn.ts";

const { request, reply } = kernelContract.calls.trace;
const TRACE_BIT = 0x100;
const SELECTORS = new Set([REG_CS, REG_SS, REG_ES_DS, REG_GS_FS]);
const EFAULT = errorCode("EFAULT");

/** SYS_TRACE (reference/kernel.md 8.5). */
export const trace: KernelCall = (kernel, caller, message) => {
  const process = kernel.processes.find(request.process.read(message));
  if (process === null) return errorCode("EINVAL");
  if (process.isTask) return errorCode("EPERM");
  switch (request.request.read(message)) {
    case T_STOP:
      setRts(kernel, process, RTS_P_STOP);
      setTraceBit(process, false);
      process.misc &= ~MF_SC_TRACE;
      return OK;
    case T_GETINS: return peek(kernel, caller, process, SEG_T, 4, message);
    case T_GETDATA: return peek(kernel, caller, process, SEG_D, 4, message);
    case T_READB_INS: return peek(kernel, caller, process, SEG_T, 1, message);
    case T_SETINS: return poke(kernel, caller, process, SEG_T, 4, message);
    case T_SETDATA: return poke(kernel, caller, process, SEG_D, 4, message);
    case T_WRITEB_INS: return poke(kernel, caller, process, SEG_T, 1, message);
    case T_GETUSER: return getUser(kernel, process, message);
    case T_SETUSER: return setUser(process, message);
    case T_DETACH:
      process.misc &= ~MF_SC_ACTIVE;
      return resume(kernel, process);
    case T_RESUME: return resume(kernel, process);
    case T_STEP:
      setTraceBit(process, true);
      return resume(kernel, process);
    case T_SYSCALL:
      process.misc |= MF_SC_TRACE;
      return resume(kernel, process);
    default: return errorCode("EINVAL");
  }
};

function resume(kernel: Kernel, process: Process): number {
  clearRts(kernel, process, RTS_P_STOP);
  return OK;
}

function setTraceBit(process: Process, on: boolean): void {
  const flags = process.frame[REG_EFLAGS] as number;
  process.frame[REG_EFLAGS] = on ? flags | TRACE_BIT : flags & ~TRACE_BIT;
}

function peek(kernel: Kernel, caller: Process, process: Process, segment: number, bytes: 1 | 4, message: Message): number {
  const into = new Uint8Array(4);
  const copied = copyInSegment(kernel, caller, process, segment, request.address.read(message), into.subarray(0, bytes));
  if (copied === OK) reply.data.write(message, new DataView(into.buffer).getInt32(0, true));
  return copied;
}

function poke(kernel: Kernel, caller: Process, process: Process, segment: number, bytes: 1 | 4, message: Message): number {
  const from = new Uint8Array(4);
  new DataView(from.buffer).setInt32(0, request.data.read(message), true);
  const copied = copyOutSegment(kernel, caller, process, segment, request.address.read(message), from.subarray(0, bytes));
  if (copied === OK) reply.data.write(message, 0);
  return copied;
}

/** A word of struct proc, or of struct priv behind it. */
function getUser(kernel: Kernel, process: Process, message: Message): number {
  const offset = request.address.read(message);
  if (offset % 4 !== 0) return EFAULT;
  const inPriv = offset - PROCESS_BYTES;
  let bytes: Uint8Array;
  if (inPriv < 0) bytes = processEntry.encode(processToEntry(kernel, process));
  else if (process.privileges !== null && inPriv + 4 <= privilegeEntry.bytes) bytes = privilegeEntry.encode(privilegesToEntry(process.privileges));
  else return EFAULT;
  reply.data.write(message, new DataView(bytes.buffer).getInt32(inPriv < 0 ? offset : inPriv, true));
  return OK;
}

/** Only general registers, and of the flags those that the program could set itself. */
function setUser(process: Process, message: Message): number {
  const offset = request.address.read(message);
  const word = offset >> 2;
  if (offset % 4 !== 0 || offset >= REGISTER_BYTES || SELECTORS.has(word)) return EFAULT;
  const value = request.data.read(message);
  const flags = process.frame[REG_EFLAGS] as number;
  process.frame[word] = word === REG_EFLAGS ? (flags & ~USER_FLAGS) | (value & USER_FLAGS) : value;
  reply.data.write(message, 0);
  return OK;
}
