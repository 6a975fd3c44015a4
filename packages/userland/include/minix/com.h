/* Well-known endpoints and numbers of the system's protocols: reference/rs-sef-ds-syslib.md 0. */
#ifndef MINIX_COM_H
#define MINIX_COM_H

#define ANY 0x7ACE
#define NONE 0x6ACE
#define SELF 0x8ACE
#define ASYNCM (-5)
#define CLOCK (-3)
#define SYSTEM (-2)
#define HARDWARE (-1)
#define MEM_PROC_NR 3
#define LOG_PROC_NR 4
#define TTY_PROC_NR 5
#define DS_PROC_NR 6
#define MFS_PROC_NR 7
#define PFS_PROC_NR 9
#define SCHED_PROC_NR 10
#define INIT_PROC_NR 11

/* Segments of the own side of a copy. */
#define T 0
#define D 1
#define S 2

/* SEF's messages. */
#define RS_INIT 0x714
#define RS_LU_PREPARE 0x715
#define SIGS_SIGNAL_RECEIVED 0xE00

/* SYS_PRIVCTL. */
#define SYS_PRIV_ALLOW 1
#define SYS_PRIV_DISALLOW 2
#define SYS_PRIV_SET_SYS 3
#define SYS_PRIV_SET_USER 4
#define SYS_PRIV_ADD_IO 5
#define SYS_PRIV_ADD_MEM 6
#define SYS_PRIV_ADD_IRQ 7
#define SYS_PRIV_QUERY_MEM 8

/* SYS_STATECTL. */
#define SYS_STATE_CLEAR_IPC_REFS 1

/* Flags of a process's privileges. */
#define ROOT_SYS_PROC 0x100
#define VM_SYS_PROC 0x200
#define LU_SYS_PROC 0x400
#define RST_SYS_PROC 0x800

/* Signals that come from the kernel. */
#define SIGKMEM 27
#define SIGKMESS 28
#define SIGKSIGSM 29
#define SIGKSIG 30

#endif
