/* A handler returns here with esp at the signal number; dropping 16 bytes makes the rest of the frame look like a
   call of sigreturn(scp) (reference/posix-abi.md 1.4). */
  .text
  .globl __sigreturn
__sigreturn:
  addl $16, %esp
  jmp _sigreturn
  .section .note.GNU-stack,"",@progbits
