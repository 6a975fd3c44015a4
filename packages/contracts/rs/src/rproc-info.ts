import { branded, int32, struct, text, uint32, type StructValue } from "@procyon-os/contract-kernel";
import { NR_SYS_PROCS, type Endpoint } from "@procyon-os/message";

// r_flags (reference/rs-sef-ds-syslib.md 2.2), as far as they are shown.
export const RS_IN_USE = 0x001;
export const RS_EXITING = 0x002;
export const RS_NOPINGREPLY = 0x008;
export const RS_UPDATING = 0x080;
export const RS_ACTIVE = 0x100;

/** struct rproc_info (ours), one an entry of SI_PROC_TAB: what RS keeps of an instance for itself. Times are ticks since boot. */
export const rprocInfo = struct("rproc_info", 192, {
  flags: [0, uint32], endpoint: [4, branded<Endpoint>()], pid: [8, int32], restarts: [12, int32], backoff: [16, int32], period: [20, uint32], // ticks
  checkTime: [24, uint32], aliveTime: [28, uint32], stopTime: [32, uint32], uid: [36, uint32], scheduler: [40, branded<Endpoint>()],
  priority: [44, int32], quantum: [48, int32], replicas: [52, int32], command: [64, text(128)],
});
export type RprocInfo = StructValue<typeof rprocInfo>;
export const RPROC_TABLE_BYTES: number = rprocInfo.bytes * NR_SYS_PROCS;
