/* Crashes three calls deep; with frame pointers the calls can be followed. */
#include "abi.h"

volatile int depth;

__attribute__((noipa)) void innermost(volatile int *where) { depth++; *where = depth; depth--; }
__attribute__((noipa)) void middle(volatile int *where) { depth++; innermost(where); depth--; }
__attribute__((noipa)) void outer(volatile int *where) { depth++; middle(where); depth--; }

__attribute__((noipa)) int main(int argc, char **argv, char **envp)
{
  outer((volatile int *)0);
  return depth;
}
