/* The traps of a service: eax = partner (SENDA: count), ebx = message or table, ecx = call (reference/kernel.md 2.1). */
  .text
  .macro trap name, number
  .globl \name
\name:
  pushl %ebx
  movl 8(%esp), %eax
  movl 12(%esp), %ebx
  movl $\number, %ecx
  int $33
  popl %ebx
  ret
  .endm
  trap ipc_send, 1
  trap ipc_sendrec, 3
  trap ipc_notify, 4
  trap ipc_sendnb, 5
  .globl ipc_receive
ipc_receive:
  pushl %ebx
  movl 8(%esp), %eax
  movl 12(%esp), %ebx
  movl $2, %ecx
  int $33
  movl 16(%esp), %ecx
  testl %ecx, %ecx
  jz 1f
  movl %ebx, (%ecx)
1:
  popl %ebx
  ret
  .globl ipc_senda
ipc_senda:
  pushl %ebx
  movl 12(%esp), %eax
  movl 8(%esp), %ebx
  movl $16, %ecx
  int $33
  popl %ebx
  ret
  /* int 32: eax = message; its m_type is the result. */
  .globl _kernel_call
_kernel_call:
  pushl %ebx
  movl 8(%esp), %edx
  movl 12(%esp), %eax
  addl $0x600, %edx
  movl %edx, 4(%eax)
  pushl %eax
  int $32
  popl %eax
  movl 4(%eax), %eax
  popl %ebx
  ret
  .section .note.GNU-stack,"",@progbits
