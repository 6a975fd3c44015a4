/* int 33: eax = endpoint, ebx = message, ecx = 3 for SENDREC; eax = status (reference/posix-abi.md 1.1). */
  .text
  .globl _sendrec
_sendrec:
  pushl %ebx
  movl 8(%esp), %eax
  movl 12(%esp), %ebx
  movl $3, %ecx
  int $33
  popl %ebx
  ret
  .section .note.GNU-stack,"",@progbits
