/* The start of a program: argc, argv and the environment lie on the stack (reference/posix-abi.md 1.2). */
  .text
  .globl _start
_start:
  xorl %ebp, %ebp
  movl %esp, %eax
  andl $-16, %esp
  subl $12, %esp
  pushl %eax
  call _cstart
  hlt
  .section .note.GNU-stack,"",@progbits
