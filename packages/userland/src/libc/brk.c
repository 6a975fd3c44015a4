#include <minix/callnr.h>
#include <minix/ipc.h>
#include <errno.h>
#include <unistd.h>

extern char _end[];
static char *the_break = _end;

int brk(void *end)
{
  message m;
  m.m1_p1 = (int)end;
  if (_syscall(PM_PROC_NR, BRK, &m) < 0) return -1;
  the_break = end;
  return 0;
}

void *sbrk(ptrdiff_t change)
{
  char *old = the_break;
  if (change != 0 && brk(old + change) < 0) {
    errno = ENOMEM;
    return (void *)-1;
  }
  return old;
}
