// Values of PM's fields (reference/posix-abi.md 1.4, 2, 11.2, 11.3).

export const SIG_DFL = 0;
export const SIG_IGN = 1;
export const SA_ONSTACK = 0x1;
export const SA_RESETHAND = 0x2;
export const SA_NODEFER = 0x4;
export const SA_RESTART = 0x8;
export const SA_SIGINFO = 0x10;
export const SA_NOCLDWAIT = 0x20;
export const SA_NOCLDSTOP = 0x40;

export const SIG_BLOCK = 0;
export const SIG_UNBLOCK = 1;
export const SIG_SETMASK = 2;
export const SIG_INQUIRE = 4;

export const WNOHANG = 1;
export const WUNTRACED = 2;

export const ITIMER_REAL = 0;
export const ITIMER_VIRTUAL = 1;
export const ITIMER_PROF = 2;

export const PRIO_PROCESS = 0;
export const INIT_PID = 1;
export const NGROUPS_MAX = 8;

export const RBT_HALT = 0;
export const RBT_REBOOT = 1;
export const RBT_PANIC = 2;
export const RBT_MONITOR = 3;
export const RBT_RESET = 4;
export const RBT_DEFAULT = 5;

export const PMGETPARAM = 0x40104d05;
export const PMSETPARAM = 0x80104d07;

/** Fields of SYSUNAME that can be read. */
export const UTS_ARCH = 0;
export const UTS_MACHINE = 2;
export const UTS_NODENAME = 4;
export const UTS_RELEASE = 5;
export const UTS_VERSION = 6;
export const UTS_SYSNAME = 7;

/** Flags in the reply of EXEC_NEWMEM. */
export const EXC_NM_RF_LOAD_TEXT = 1;
export const EXC_NM_RF_ALLOW_SETUID = 2;
export const EXC_NM_RF_FULLVM = 4;

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
export const T_SETOPT = 13;
export const T_GETRANGE = 14;
export const T_SETRANGE = 15;
export const T_DUMPCORE = 16;
export const T_READB_INS = 100;
export const T_WRITEB_INS = 101;
export const TO_TRACEFORK = 1;
export const TO_ALTEXEC = 2;
export const TO_NOEXEC = 4;

/** m_type of the message that stands for a signal to a system process; m2.i1 is the signal (reference/posix-abi.md 0.4). */
export const SIGS_SIGNAL_RECEIVED = 0xe00;
/** m_type of a request for a server's table. */
export const COMMON_GETSYSINFO = 0xe02;
