/* Messages and the trap: reference/posix-abi.md 0.2, 1.1. */
#ifndef MINIX_IPC_H
#define MINIX_IPC_H

typedef int endpoint_t;

/* The payload is seven words; a field of a variant is a word of it (or a short in one). */
typedef struct {
  endpoint_t m_source;
  int m_type;
  union {
    int w[7];
    short s[14];
    char c[28];
  } u;
} message;

#define m1_i1 u.w[0]
#define m1_i2 u.w[1]
#define m1_i3 u.w[2]
#define m1_p1 u.w[3]
#define m1_p2 u.w[4]
#define m1_p3 u.w[5]
#define m2_i1 u.w[0]
#define m2_i2 u.w[1]
#define m2_i3 u.w[2]
#define m2_l1 u.w[3]
#define m2_l2 u.w[4]
#define m2_p1 u.w[5]
#define m2_s1 u.s[12]
#define m3_i1 u.w[0]
#define m3_i2 u.w[1]
#define m3_p1 u.w[2]
#define m3_ca1_of(m) ((m)->u.c + 12)
#define m4_l1 u.w[0]
#define m4_l2 u.w[1]
#define m4_l3 u.w[2]
#define m4_l4 u.w[3]
#define m4_l5 u.w[4]
#define m5_s1 u.s[0]
#define m5_s2 u.s[1]
#define m5_i1 u.w[1]
#define m5_i2 u.w[2]
#define m5_l1 u.w[3]
#define m5_l2 u.w[4]
#define m5_l3 u.w[5]
#define m7_i1 u.w[0]
#define m7_i2 u.w[1]
#define m7_i3 u.w[2]
#define m7_i4 u.w[3]
#define m7_i5 u.w[4]
#define m7_p1 u.w[5]
#define m7_p2 u.w[6]
#define m8_i1 u.w[0]
#define m8_i2 u.w[1]
#define m8_p1 u.w[2]
#define m8_p2 u.w[3]
#define m8_p3 u.w[4]
#define m8_p4 u.w[5]

#define PM_PROC_NR 0
#define VFS_PROC_NR 1
#define RS_PROC_NR 2
#define VM_PROC_NR 8

/* What a service may do besides (reference/kernel.md 2.1): 0 or a negative error. Status: how a message came. */
#define SEND 1
#define RECEIVE 2
#define SENDREC 3
#define NOTIFY 4
#define SENDNB 5
#define SENDA 16
#define NOTIFY_MESSAGE 0x1000
#define NOTIFY_ARG m2_l1
#define NOTIFY_TIMESTAMP m2_l2
#define IPC_STATUS_CALL(status) ((status) & 0x3F)
#define IPC_FLG_MSG_FROM_KERNEL 0x10000
#define is_ipc_notify(status) (IPC_STATUS_CALL(status) == NOTIFY)
int ipc_send(endpoint_t to, message *m);
int ipc_receive(endpoint_t from, message *m, int *status);
int ipc_sendrec(endpoint_t who, message *m);
int ipc_notify(endpoint_t to);
int ipc_sendnb(endpoint_t to, message *m);
int ipc_senda(void *table, int count);

/* Sends to and receives from one process: int 33 with ecx = 3. 0 or a negative error of the trap. */
int _sendrec(endpoint_t who, message *m);
/* The system call: number in, result or -1 with errno out. */
int _syscall(endpoint_t who, int number, message *m);

#endif
