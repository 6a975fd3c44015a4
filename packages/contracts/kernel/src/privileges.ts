import type { Endpoint } from "@procyon-os/message";
import { NR_SYS_PROCS } from "@procyon-os/message";
import { array, branded, int16, int32, struct, uint32, type Struct, type StructValue } from "./struct.ts";

// Bits of s_flags (reference/kernel.md 1.6).
export const PREEMPTIBLE = 0x002;
export const BILLABLE = 0x004;
export const DYN_PRIV_ID = 0x008;
export const SYS_PROC = 0x010;
export const CHECK_IO_PORT = 0x020;
export const CHECK_IRQ = 0x040;
export const CHECK_MEM = 0x080;
export const ROOT_SYS_PROC = 0x100;
export const VM_SYS_PROC = 0x200;
export const LU_SYS_PROC = 0x400;
export const RST_SYS_PROC = 0x800;

// Sets of flags by kind of process (reference/kernel.md 1.3, 1.6).
export const SRV_F = 0x012;
export const RSYS_F = 0x112;
export const VM_F = 0x210;
export const DSRV_F = 0x01a;
export const USR_F = 0x006;
export const IDL_F = 0x014;
export const TSK_F = 0x010;
export const IMM_F = 0x302;

/** Trap masks: bit n allows IPC trap n. */
export const ALL_TRAPS = -1;
export const USER_TRAPS = 0x08;

export const NR_STATIC_PRIV_IDS = 17;
/** The privileges that all unprivileged processes share. */
export const USER_PRIV_ID = 16;
export const NULL_PRIV_ID = -1;
/** The privilege id of a boot process. */
export function staticPrivId(slot: number): number {
  return slot + 5;
}

export const NR_IO_RANGE = 64;
export const NR_MEM_RANGE = 20;
export const NR_IRQ = 8;
/** Words of a bitmap over privilege ids. */
export const SYS_MAP_WORDS: number = NR_SYS_PROCS / 32;

/** Inclusive range of I/O ports: PRIV_ADD_IO. */
export const ioRange = struct("io_range", 8, { base: [0, uint32], limit: [4, uint32] });
export type IoRange = StructValue<typeof ioRange>;
/** Inclusive range of physical memory: PRIV_ADD_MEM. */
export const memRange = struct("mem_range", 8, { base: [0, uint32], limit: [4, uint32] });
export type MemRange = StructValue<typeof memRange>;

/** struct priv: argument of PRIV_SET_SYS and PRIV_UPDATE_SYS, answer of GET_PRIV and GET_PRIVTAB (reference/kernel.md 1.6). */
export interface PrivilegeEntry {
  readonly processSlot: number; // NONE: the structure is free
  readonly id: number;
  readonly flags: number;
  readonly asynTable: number;
  readonly asynSize: number;
  readonly trapMask: number;
  readonly ipcTo: readonly number[];
  readonly callMask: readonly number[];
  readonly signalManager: Endpoint;
  readonly backupSignalManager: Endpoint;
  readonly notifyPending: readonly number[];
  readonly asynPending: readonly number[];
  readonly intPending: number;
  readonly signalsPending: number;
  readonly alarmExpires: number;
  readonly ioRangeCount: number;
  readonly ioRanges: readonly IoRange[];
  readonly memRangeCount: number;
  readonly memRanges: readonly MemRange[];
  readonly irqCount: number;
  readonly irqs: readonly number[];
  readonly grantTable: number;
  readonly grantEntries: number;
}

/** The 812 bytes of struct priv, with the offsets of MINIX 3.2.0. Arrays may be given shorter than they are. */
export const privilegeEntry: Struct<PrivilegeEntry> = struct("priv", 812, {
  processSlot: [0, int32], id: [4, int16], flags: [6, int16], asynTable: [8, uint32], asynSize: [12, uint32],
  trapMask: [16, int16], ipcTo: [20, array(SYS_MAP_WORDS, uint32)], callMask: [28, array(2, uint32)],
  signalManager: [36, branded<Endpoint>()], backupSignalManager: [40, branded<Endpoint>()],
  notifyPending: [44, array(SYS_MAP_WORDS, uint32)], asynPending: [52, array(SYS_MAP_WORDS, uint32)],
  intPending: [60, uint32], signalsPending: [64, uint32], alarmExpires: [72, int32],
  ioRangeCount: [88, int32], ioRanges: [92, array(NR_IO_RANGE, ioRange)],
  memRangeCount: [604, int32], memRanges: [608, array(NR_MEM_RANGE, memRange)],
  irqCount: [768, int32], irqs: [772, array(NR_IRQ, int32)], grantTable: [804, uint32], grantEntries: [808, int32],
});
