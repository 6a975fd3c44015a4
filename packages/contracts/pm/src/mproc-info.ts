import { branded, int32, struct, text, uint32, type StructValue } from "@procyon-os/contract-kernel";
import { NR_PROCS, type Endpoint } from "@procyon-os/message";

// mp_flags of MINIX 3.2.0's table.
export const MP_IN_USE = 0x00001;
export const MP_WAITING = 0x00002;
export const MP_ZOMBIE = 0x00004;
export const MP_PAUSED = 0x00008;
export const MP_ALARM_ON = 0x00010;
export const MP_EXITING = 0x00020;
export const MP_TOLD_PARENT = 0x00040;
export const MP_STOPPED = 0x00080;
export const MP_SIGSUSPENDED = 0x00100;
export const MP_REPLY = 0x00200;
export const MP_VFS_CALL = 0x00400;
export const MP_PM_SIG_PENDING = 0x00800;
export const MP_UNPAUSED = 0x01000;
export const MP_PRIV_PROC = 0x02000;
export const MP_PARTIAL_EXEC = 0x04000;
export const MP_TRACE_EXIT = 0x08000;
export const MP_TRACE_ZOMBIE = 0x10000;
export const MP_DELAY_CALL = 0x20000;
export const MP_TAINTED = 0x40000;

/** The second table of PM that GETSYSINFO gives (ours): what dumps show of a process beside `procInfo`. */
export const SI_MPROC_TAB = 64;

/** struct mproc_info (ours), one a slot; all zero where the slot is free. */
export const mprocInfo = struct("mproc_info", 80, {
  flags: [0, uint32], endpoint: [4, branded<Endpoint>()], pid: [8, int32], ppid: [12, int32], pgrp: [16, int32], uid: [20, uint32],
  euid: [24, uint32], gid: [28, uint32], egid: [32, uint32], nice: [36, int32], parent: [40, int32], tracer: [44, int32], // slots; tracer -1: none
  ignored: [48, uint32], caught: [52, uint32], mask: [56, uint32], pending: [60, uint32], alarm: [64, uint32], // ticks left
  name: [68, text(12)],
});
export type MprocInfo = StructValue<typeof mprocInfo>;
/** Bytes of the whole table: the size that a caller has to give. */
export const MPROC_TABLE_BYTES: number = mprocInfo.bytes * NR_PROCS;
