// Run-time flags: a process is runnable when the word is 0 (reference/kernel.md 1.4).
export const RTS_SLOT_FREE = 0x0001;
export const RTS_PROC_STOP = 0x0002;
export const RTS_SENDING = 0x0004;
export const RTS_RECEIVING = 0x0008;
export const RTS_SIGNALED = 0x0010;
export const RTS_SIG_PENDING = 0x0020;
export const RTS_P_STOP = 0x0040;
export const RTS_NO_PRIV = 0x0080;
export const RTS_NO_ENDPOINT = 0x0100;
export const RTS_VMINHIBIT = 0x0200;
export const RTS_PAGEFAULT = 0x0400;
export const RTS_VMREQUEST = 0x0800;
export const RTS_VMREQTARGET = 0x1000;
export const RTS_PREEMPTED = 0x4000;
export const RTS_NO_QUANTUM = 0x8000;

// Flags that do not stop a process (reference/kernel.md 1.5).
export const MF_REPLY_PEND = 0x00001;
export const MF_VIRT_TIMER = 0x00002;
export const MF_PROF_TIMER = 0x00004;
export const MF_KCALL_RESUME = 0x00008;
export const MF_FULLVM = 0x00020;
export const MF_DELIVERMSG = 0x00040;
export const MF_SIG_DELAY = 0x00080;
export const MF_SC_ACTIVE = 0x00100;
export const MF_SC_DEFER = 0x00200;
export const MF_SC_TRACE = 0x00400;
export const MF_FPU_INITIALIZED = 0x01000;
export const MF_SENDING_FROM_KERNEL = 0x02000;
export const MF_CONTEXT_SET = 0x04000;
export const MF_SPROF_SEEN = 0x08000;
export const MF_FLUSH_TLB = 0x10000;
export const MF_SENDA_VM_MISS = 0x20000;
/** Ours, a bit that MINIX leaves free: the process runs a hosted program. */
export const MF_HOSTED = 0x800000;

const rtsNames = [
  "SLOT_FREE", "PROC_STOP", "SENDING", "RECEIVING", "SIGNALED", "SIG_PENDING", "P_STOP", "NO_PRIV", "NO_ENDPOINT",
  "VMINHIBIT", "PAGEFAULT", "VMREQUEST", "VMREQTARGET", "", "PREEMPTED", "NO_QUANTUM",
];

/** The run-time flags as people read them: `SENDING|NO_QUANTUM`, or `-` where there is none. */
export function describeRtsFlags(flags: number): string {
  const names = rtsNames.filter((name, bit) => name !== "" && (flags & (1 << bit)) !== 0);
  return names.length === 0 ? "-" : names.join("|");
}
