// Values of fields of kernel calls (reference/kernel.md 3; include/minix/com.h of MINIX 3.2.0).

/** Calls have numbers 0..NR_SYS_CALLS-1; call masks are two words. */
export const NR_SYS_CALLS = 57;
export const SYS_CALL_MASK_WORDS = 2;

/**
 * Calls that every system service gets, by name in `kernelContract`; PROFBUF is compiled out (reference/kernel.md 3.2). A fill through a
 * grant needs no more rights than a copy.
 */
export const basicKernelCalls = [
  "exit", "safecopyfrom", "safecopyto", "vsafecopy", "getinfo", "times", "setalarm", "setgrant", "safemap", "saferevmap",
  "safeunmap", "sysctl", "statectl", "safememset",
] as const;

/** Segment words of VIRCOPY, UMAP and SAFECOPY. */
export const SEG_T = 0;
export const SEG_D = 1;
export const SEG_S = 2;
export const MEM_GRANT = 3;
export const NR_LOCAL_SEGS = 3;
export const SEGMENT_TYPE = 0xff00;
export const SEGMENT_INDEX = 0x00ff;
export const LOCAL_SEG = 0x0000;
export const BIOS_SEG = 0x0200;
export const PHYS_SEG = 0x0400;
export const LOCAL_VM_SEG = 0x1000;
export const VM_T = 0x1000;
export const VM_D = 0x1001;
export const VM_GRANT = 0x1003;

/** Flags of FORK: the child waits for VM. */
export const PFF_VMINHIBIT = 0x01;
/** Ours: the parent is hosted, and the child will exec before it runs. */
export const PFF_EXEC_ONLY = 0x02;

/** Requests of PRIVCTL. */
export const SYS_PRIV_ALLOW = 1;
export const SYS_PRIV_DISALLOW = 2;
export const SYS_PRIV_SET_SYS = 3;
export const SYS_PRIV_SET_USER = 4;
export const SYS_PRIV_ADD_IO = 5;
export const SYS_PRIV_ADD_MEM = 6;
export const SYS_PRIV_ADD_IRQ = 7;
export const SYS_PRIV_QUERY_MEM = 8;
export const SYS_PRIV_UPDATE_SYS = 9;
export const SYS_PRIV_YIELD = 10;

/** Requests of TRACE that the kernel serves. */
export const T_STOP = -1;
export const T_OK = 0;
export const T_GETINS = 1;
export const T_GETDATA = 2;
export const T_GETUSER = 3;
export const T_SETINS = 4;
export const T_SETDATA = 5;
export const T_SETUSER = 6;
export const T_RESUME = 7;
export const T_EXIT = 8;
export const T_STEP = 9;
export const T_SYSCALL = 10;
export const T_ATTACH = 11;
export const T_DETACH = 12;
export const T_READB_INS = 100;
export const T_WRITEB_INS = 101;

/** Requests and policy of IRQCTL. */
export const IRQ_SETPOLICY = 1;
export const IRQ_RMPOLICY = 2;
export const IRQ_ENABLE = 3;
export const IRQ_DISABLE = 4;
export const IRQ_REENABLE = 0x001;

/** Requests of DEVIO, SDEVIO, VDEVIO: a direction, a width, and for SDEVIO whether the buffer is a grant. */
export const DIO_INPUT = 0x001;
export const DIO_OUTPUT = 0x002;
export const DIO_DIRMASK = 0x00f;
export const DIO_BYTE = 0x010;
export const DIO_WORD = 0x020;
export const DIO_LONG = 0x030;
export const DIO_TYPEMASK = 0x0f0;
export const DIO_SAFE = 0x100;
export const DIO_SAFEMASK = 0xf00;

/** What GETINFO gives. */
export const GET_KINFO = 0;
export const GET_IMAGE = 1;
export const GET_PROCTAB = 2;
export const GET_RANDOMNESS = 3;
export const GET_MONPARAMS = 4;
export const GET_IRQHOOKS = 6;
export const GET_KMESSAGES = 7;
export const GET_PRIVTAB = 8;
export const GET_PROC = 11;
export const GET_MACHINE = 12;
export const GET_LOADINFO = 15;
export const GET_IRQACTIDS = 16;
export const GET_PRIV = 17;
export const GET_HZ = 18;
export const GET_WHOAMI = 19;
export const GET_RANDOMNESS_BIN = 20;
export const GET_IDLETSC = 21;
export const GET_CPUINFO = 23;
export const GET_REGS = 24;
/** Bytes of GET_MONPARAMS: `name=value` texts, each ended by a NUL, the last by two. */
export const MONPARAMS_BYTES = 512;

/** Parameters of VMCTL. */
export const VMCTL_CLEAR_PAGEFAULT = 12;
export const VMCTL_I386_GETCR3 = 13;
export const VMCTL_MEMREQ_GET = 14;
export const VMCTL_MEMREQ_REPLY = 15;
export const VMCTL_INCSP = 16;
export const VMCTL_NOPAGEZERO = 18;
export const VMCTL_I386_KERNELLIMIT = 19;
export const VMCTL_I386_FREEPDE = 23;
export const VMCTL_ENABLE_PAGING = 24;
export const VMCTL_I386_INVLPG = 25;
export const VMCTL_FLUSHTLB = 26;
export const VMCTL_KERN_PHYSMAP = 27;
export const VMCTL_KERN_MAP_REPLY = 28;
export const VMCTL_SETADDRSPACE = 29;
export const VMCTL_VMINHIBIT_SET = 30;
export const VMCTL_VMINHIBIT_CLEAR = 31;
// Ours; the first two are for an instance of VM that begins where another one has ended.
/** Who is in slot `value`: `target` is its endpoint, `value` the root of its page table. */
export const VMCTL_GET_SLOT = 64;
/** Page faults and memory requests that the instance before had taken come again; all TLBs forget what they know. */
export const VMCTL_RAISE_AGAIN = 65;
/** A process has given up `address` bytes at linear `value`: no safemap shows anything there any more. */
export const VMCTL_UNMAPPED = 66;
/** Flag of KERN_PHYSMAP. */
export const VMMF_UNCACHED = 1;
/** What MEMREQ_GET answers: the type of the request. */
export const VMPTYPE_CHECK = 1;
export const VMPTYPE_COWMAP = 2;
export const VMPTYPE_SMAP = 3;
export const VMPTYPE_SUNMAP = 4;
/** Why a process waits for VM. */
export const VMSTYPE_NONE = 0;
export const VMSTYPE_KERNELCALL = 1;
export const VMSTYPE_DELIVERMSG = 2;
export const VMSTYPE_MAP = 3;

/** Codes of SYSCTL. */
export const SYSCTL_CODE_DIAG = 1;
export const SYSCTL_CODE_STACKTRACE = 2;
export const DIAG_BUFSIZE = 2000;

/** Timers of VTIMER. */
export const VT_VIRTUAL = 1;
export const VT_PROF = 2;

/** Actions and flag of RUNCTL. */
export const RC_STOP = 0;
export const RC_RESUME = 1;
export const RC_DELAY = 1;

/** Flag of SCHEDCTL: the kernel schedules the process. */
export const SCHEDCTL_FLAG_KERNEL = 1;
/** Requests of STATECTL. The first is MINIX's; the rest are ours, for an instance that takes over from a dead one. */
export const SYS_STATE_CLEAR_IPC_REFS = 1;
export const SYS_STATE_NOTED = 64; // what the dead instance received last: `notedRequest`
export const SYS_STATE_HELD = 65; // the asynchronous messages that it had still to send: entries of its table
export const SYS_STATE_IS_WAITING = 66; // whether a process waits for the caller's answer
export const SYS_STATE_CLEAR_WAITERS = 67; // who waits for the caller's answer and is not in the list hears EDEADSRCDST
export const SYS_STATE_RETAKE_SIGNALS = 68; // signals that a manager took (GETKSIG) and did not end (ENDKSIG) are there to be taken again
export const SYS_STATE_WATCHDOG = 69; // the caller is killed unless it says so again within `length` ticks; 0: not any more
export const SYS_STATE_SUCCESSOR = 70; // a new version may read what the running one (its endpoint: `length`) grants to itself; for the manager of both
export const SYS_STATE_PREDECESSOR = 71; // whose new version the caller is: its endpoint

/** How ABORT and reboot end the machine. */
export const RBT_HALT = 0;
export const RBT_REBOOT = 1;
export const RBT_PANIC = 2;
export const RBT_MONITOR = 3;
export const RBT_RESET = 4;
export const RBT_DEFAULT = 5;

/** Scheduling (reference/kernel.md 1.1). */
export const NR_SCHED_QUEUES = 16;
export const TASK_Q = 0;
export const MAX_USER_Q = 0;
export const USER_Q = 7;
export const MIN_USER_Q = 15;
export const USER_QUANTUM = 200;

/** Flags of a boot image entry: VM installs a page table before the process runs. */
export const PROC_FULLVM = 0x100;

/** Message the kernel sends VM on behalf of a process that faulted: m1_i1 address, m1_i2 error code (1 protection, 2 write, 4 user). */
export const VM_PAGEFAULT = 0xcff;
/** Message the kernel sends a scheduler on behalf of a process without quantum (reference/kernel.md 5.5). */
export const SCHEDULING_NO_QUANTUM = 0xf01;
