import { CHECK_IO_PORT, CHECK_IRQ, CHECK_MEM, NR_IO_RANGE, NR_IRQ, NR_MEM_RANGE, SYS_CALL_MASK_WORDS, SYS_MAP_WORDS, type IoRange, type MemRange, type PrivilegeEntry } from "@procyon-os/contract-kernel";
import { NONE, type Endpoint } from "@procyon-os/message";
import { newTimer, type Timer } from "../clock/timers.ts";
import type { Process } from "../processes/process.ts";

/** A set of privilege ids. */
export class PrivilegeSet {
  readonly words: Int32Array = new Int32Array(SYS_MAP_WORDS);

  has(id: number): boolean {
    return ((this.words[id >> 5] as number) & (1 << (id & 31))) !== 0;
  }
  add(id: number): void {
    this.words[id >> 5] = (this.words[id >> 5] as number) | (1 << (id & 31));
  }
  delete(id: number): void {
    this.words[id >> 5] = (this.words[id >> 5] as number) & ~(1 << (id & 31));
  }
  clear(): void {
    this.words.fill(0);
  }
  get empty(): boolean {
    return ((this.words[0] as number) | (this.words[1] as number)) === 0;
  }
}

/** What a process may do; all unprivileged processes share one (reference/kernel.md 1.6). */
export class Privileges {
  readonly id: number;
  owner: Process | null = null; // null: free
  flags = 0;
  trapMask = 0;
  ipcTo: PrivilegeSet = new PrivilegeSet();
  callMask: Int32Array = new Int32Array(SYS_CALL_MASK_WORDS);
  signalManager: Endpoint = NONE;
  backupManager: Endpoint = NONE;
  asynTable = 0;
  asynSize = 0;
  notifyPending: PrivilegeSet = new PrivilegeSet();
  asynPending: PrivilegeSet = new PrivilegeSet();
  intPending = 0;
  signalsPending = 0;
  readonly alarm: Timer;
  readonly watchdog: Timer;
  watchTicks = 0; // that its owner has given itself
  watchCycles = 0; // of whoever was to speak up, when the watchdog found it runnable
  watchHeir: Endpoint = NONE; // the backup that was to take the owner's place when the watchdog came last
  ioRanges: IoRange[] = [];
  memRanges: MemRange[] = [];
  irqs: number[] = [];
  grantTable = 0;
  grantEntries = 0;

  constructor(id: number) {
    this.id = id;
    this.alarm = newTimer({ kind: "alarm", privilegeId: id });
    this.watchdog = newTimer({ kind: "watchdog", privilegeId: id });
  }
}

const padded = <T>(length: number, values: readonly T[], filler: T): T[] => Array.from({ length }, (_, index) => values[index] ?? filler);

/** The structure as GET_PRIV shows it. */
export function privilegesToEntry(privileges: Privileges): PrivilegeEntry {
  const none = { base: 0, limit: 0 };
  return {
    processSlot: privileges.owner?.slot ?? NONE, id: privileges.id, flags: privileges.flags, asynTable: privileges.asynTable,
    asynSize: privileges.asynSize, trapMask: privileges.trapMask, ipcTo: [...privileges.ipcTo.words], callMask: [...privileges.callMask],
    signalManager: privileges.signalManager, backupSignalManager: privileges.backupManager,
    notifyPending: [...privileges.notifyPending.words], asynPending: [...privileges.asynPending.words],
    intPending: privileges.intPending, signalsPending: privileges.signalsPending, alarmExpires: privileges.alarm.expiresAt,
    ioRangeCount: privileges.ioRanges.length, ioRanges: padded(NR_IO_RANGE, privileges.ioRanges, none),
    memRangeCount: privileges.memRanges.length, memRanges: padded(NR_MEM_RANGE, privileges.memRanges, none),
    irqCount: privileges.irqs.length, irqs: padded(NR_IRQ, privileges.irqs, 0),
    grantTable: privileges.grantTable, grantEntries: privileges.grantEntries,
  };
}

/** Whether the resource lists that a structure would set have possible lengths. */
export function resourceListsValid(entry: PrivilegeEntry): boolean {
  const within = (count: number, most: number): boolean => count >= 0 && count <= most;
  return (
    (!(entry.flags & CHECK_IRQ) || within(entry.irqCount, NR_IRQ)) &&
    (!(entry.flags & CHECK_IO_PORT) || within(entry.ioRangeCount, NR_IO_RANGE)) &&
    (!(entry.flags & CHECK_MEM) || within(entry.memRangeCount, NR_MEM_RANGE))
  );
}
