import {
  CHECK_IO_PORT, CHECK_IRQ, CHECK_MEM, DSRV_F, DYN_PRIV_ID, NR_IO_RANGE, NR_IRQ, NR_MEM_RANGE, NULL_PRIV_ID, RTS_NO_PRIV,
  SYS_PRIV_ADD_IO, SYS_PRIV_ADD_IRQ, SYS_PRIV_ADD_MEM, SYS_PRIV_ALLOW, SYS_PRIV_DISALLOW, SYS_PRIV_QUERY_MEM, SYS_PRIV_SET_SYS,
  SYS_PRIV_SET_USER, SYS_PRIV_UPDATE_SYS, SYS_PRIV_YIELD, SYS_PROC, USER_PRIV_ID, ioRange, kernelContract, memRange, privilegeEntry,
  type IoRange, type PrivilegeEntry,
} from "@procyon-os/contract-kernel";
import { NONE, OK, RS, SELF, errorCode, type Message } from "@procyon-os/message";
import type { KernelCall } from "../kernel-call.ts";
import type { Kernel } from "../kernel.ts";
import { copyIn } from "../memory/virtual-copy.ts";
import type { Process } from "../processes/process.ts";
import { resourceListsValid, type Privileges } from "../privileges/privileges.ts";
import { clearRts, setRts } from "../scheduling/run-queues.ts";
import { callOff } from "../signals/watchdog.ts";

const { request } = kernelContract.calls.privctl;
const EPERM = errorCode("EPERM");

/** SYS_PRIVCTL (reference/kernel.md 3.7). */
export const privctl: KernelCall = (kernel, caller, message) => {
  if (caller.privileges === null || !(caller.privileges.flags & SYS_PROC)) return EPERM;
  const endpoint = request.process.read(message);
  const process = endpoint === SELF ? caller : kernel.processes.find(endpoint);
  if (process === null || process.isTask) return errorCode("EINVAL");
  const held = (process.rts & RTS_NO_PRIV) !== 0;

  switch (request.request.read(message)) {
    case SYS_PRIV_ALLOW:
    case SYS_PRIV_YIELD:
      if (!held || process.privileges?.owner == null) return EPERM;
      if (request.request.read(message) === SYS_PRIV_YIELD) setRts(kernel, caller, RTS_NO_PRIV);
      clearRts(kernel, process, RTS_NO_PRIV);
      return OK;
    case SYS_PRIV_DISALLOW:
      if (held) return EPERM;
      setRts(kernel, process, RTS_NO_PRIV);
      return OK;
    case SYS_PRIV_SET_SYS: return held ? setSystem(kernel, caller, process, message) : EPERM;
    case SYS_PRIV_SET_USER:
      if (!held) return EPERM;
      releaseOwn(kernel, process);
      process.privileges = kernel.privileges.at(USER_PRIV_ID);
      return OK;
    case SYS_PRIV_ADD_IO:
    case SYS_PRIV_ADD_MEM:
    case SYS_PRIV_ADD_IRQ: return held ? EPERM : addResource(kernel, caller, process, message);
    case SYS_PRIV_QUERY_MEM: return queryMemory(process, message);
    case SYS_PRIV_UPDATE_SYS: {
      if (request.argument.read(message) === 0 || process.privileges === null) return errorCode("EINVAL");
      const entry = readEntry(kernel, caller, message);
      if (typeof entry === "number") return entry;
      if (!resourceListsValid(entry)) return errorCode("EINVAL");
      override(kernel, process.privileges, entry);
      return OK;
    }
    default: return errorCode("EINVAL");
  }
};

function readEntry(kernel: Kernel, caller: Process, message: Message): PrivilegeEntry | number {
  const bytes = new Uint8Array(privilegeEntry.bytes);
  const copied = copyIn(kernel, caller, caller, request.argument.read(message), bytes);
  return copied === OK ? privilegeEntry.decode(bytes) : copied;
}

/** A process that got privileges of its own before loses them. */
function releaseOwn(kernel: Kernel, process: Process): void {
  const { privileges } = process;
  if (privileges === null || privileges.owner !== process || privileges.id === USER_PRIV_ID) return;
  disown(kernel, privileges);
}

/** Privileges become nobody's: their alarm is off, and nobody has anything to hear of their owner under this id any more. */
function disown(kernel: Kernel, privileges: Privileges): void {
  kernel.clock.timers.cancel(privileges.alarm);
  callOff(kernel.clock.timers, privileges);
  kernel.privileges.forgetPending(privileges.id);
  privileges.owner = null;
}

function setSystem(kernel: Kernel, caller: Process, process: Process, message: Message): number {
  const given = request.argument.read(message) === 0 ? null : readEntry(kernel, caller, message);
  if (typeof given === "number") return given;
  if (given !== null && !resourceListsValid(given)) return errorCode("EINVAL");
  const before = process.privileges;
  const id = given !== null && !(given.flags & DYN_PRIV_ID) ? given.id : NULL_PRIV_ID;
  const result = kernel.privileges.allocate(process, id);
  if (result !== OK) {
    kernel.print(`kernel: no privileges (id ${id}) for ${process.name}: ${result}\n`);
    return result;
  }
  if (before !== null && before.owner === process) disown(kernel, before);
  const privileges = process.privileges as Privileges;
  reset(kernel, privileges);
  if (given !== null) override(kernel, privileges, given);
  return OK;
}

/** New privileges: nothing pends, everything is allowed, no resources. */
function reset(kernel: Kernel, privileges: Privileges): void {
  privileges.notifyPending.clear();
  privileges.asynPending.clear();
  privileges.intPending = privileges.signalsPending = 0;
  kernel.clock.timers.cancel(privileges.alarm);
  callOff(kernel.clock.timers, privileges);
  privileges.asynTable = 0xffffffff;
  privileges.asynSize = 0;
  privileges.flags = DSRV_F;
  privileges.trapMask = -1;
  kernel.privileges.fillSendTo(privileges, () => true);
  privileges.callMask.fill(-1);
  privileges.signalManager = RS;
  privileges.backupManager = NONE;
  privileges.ioRanges = [];
  privileges.memRanges = [];
  privileges.irqs = [];
  privileges.grantTable = privileges.grantEntries = 0;
}

function override(kernel: Kernel, privileges: Privileges, entry: PrivilegeEntry): void {
  privileges.flags = entry.flags;
  privileges.signalManager = entry.signalManager;
  privileges.backupManager = entry.backupSignalManager;
  if (entry.flags & CHECK_IRQ) privileges.irqs = entry.irqs.slice(0, entry.irqCount);
  if (entry.flags & CHECK_IO_PORT) privileges.ioRanges = entry.ioRanges.slice(0, entry.ioRangeCount);
  if (entry.flags & CHECK_MEM) privileges.memRanges = entry.memRanges.slice(0, entry.memRangeCount);
  privileges.trapMask = entry.trapMask;
  kernel.privileges.fillSendTo(privileges, (id) => (((entry.ipcTo[id >> 5] ?? 0) >>> (id & 31)) & 1) !== 0);
  privileges.callMask.set(entry.callMask.slice(0, privileges.callMask.length));
}

function addResource(kernel: Kernel, caller: Process, process: Process, message: Message): number {
  const { privileges } = process;
  if (privileges === null || !(privileges.flags & SYS_PROC)) return EPERM;
  const what = request.request.read(message);
  const bytes = new Uint8Array(what === SYS_PRIV_ADD_IRQ ? 4 : ioRange.bytes);
  const copied = copyIn(kernel, caller, caller, request.argument.read(message), bytes);
  if (copied !== OK) return copied;
  if (what === SYS_PRIV_ADD_IRQ) {
    const irq = new DataView(bytes.buffer).getInt32(0, true);
    privileges.flags |= CHECK_IRQ;
    return addTo(privileges.irqs, irq, NR_IRQ, (other) => other === irq);
  }
  const added = what === SYS_PRIV_ADD_IO ? ioRange.decode(bytes) : memRange.decode(bytes);
  const same = (other: IoRange): boolean => other.base === added.base && other.limit === added.limit;
  privileges.flags |= what === SYS_PRIV_ADD_IO ? CHECK_IO_PORT : CHECK_MEM;
  return what === SYS_PRIV_ADD_IO ? addTo(privileges.ioRanges, added, NR_IO_RANGE, same) : addTo(privileges.memRanges, added, NR_MEM_RANGE, same);
}

function addTo<T>(list: T[], added: T, most: number, same: (other: T) => boolean): number {
  if (list.some(same)) return OK;
  if (list.length >= most) return errorCode("ENOMEM");
  list.push(added);
  return OK;
}

function queryMemory({ privileges }: Process, message: Message): number {
  const start = request.physStart.read(message);
  const length = request.physLength.read(message);
  const last = start + length - 1;
  if (privileges === null || !(privileges.flags & SYS_PROC) || length === 0 || last > 0xffffffff) return EPERM;
  return privileges.memRanges.some(({ base, limit }) => start >= base && last <= limit) ? OK : EPERM;
}
