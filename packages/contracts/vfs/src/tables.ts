import { branded, int32, struct, text, uint32, type StructValue } from "@procyon-os/contract-kernel";
import { NR_PROCS, type Endpoint } from "@procyon-os/message";

/** Major numbers of devices. */
export const NR_DEVICES = 64;

// Why a call of a process waits: fp_blocked_on of MINIX 3.2.0.
export const FP_BLOCKED_ON_NONE = 0;
export const FP_BLOCKED_ON_PIPE = 1;
export const FP_BLOCKED_ON_LOCK = 2;
export const FP_BLOCKED_ON_POPEN = 3;
export const FP_BLOCKED_ON_SELECT = 4;
export const FP_BLOCKED_ON_DOPEN = 5;
/** A driver, a file server, or the root file system. */
export const FP_BLOCKED_ON_OTHER = 6;

/** struct fproc_info (ours), one a slot of SI_PROC_TAB; all zero where the slot is free (`inUse` 0). */
export const fprocInfo = struct("fproc_info", 48, {
  inUse: [0, uint32], endpoint: [4, branded<Endpoint>()], pid: [8, int32], tty: [12, uint32], umask: [16, uint32], uid: [20, uint32], euid: [24, uint32],
  gid: [28, uint32], egid: [32, uint32], leader: [36, uint32], blockedOn: [40, uint32], revived: [44, uint32], // 1: its call goes on
});
export type FprocInfo = StructValue<typeof fprocInfo>;
export const FPROC_TABLE_BYTES: number = fprocInfo.bytes * NR_PROCS;

/** struct dmap_info (ours), one a major number of SI_DMAP_TAB; the driver is NONE where there is none. */
export const dmapInfo = struct("dmap_info", 28, { driver: [0, branded<Endpoint>()], style: [4, int32], flags: [8, uint32], label: [12, text(16)] });
export type DmapInfo = StructValue<typeof dmapInfo>;
export const DMAP_TABLE_BYTES: number = dmapInfo.bytes * NR_DEVICES;
