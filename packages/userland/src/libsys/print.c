#include <minix/syslib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SYS_SYSCTL = 44, CODE_DIAG = 1 };

static void print(const char *text, int length)
{
  message m;
  m.m1_i1 = CODE_DIAG;
  m.m1_p1 = (int)text;
  m.m1_i2 = length;
  if (length > 0) _kernel_call(SYS_SYSCTL, &m);
}

static int print_all(const char *format, va_list ap)
{
  char line[512];
  int n = vsnprintf(line, sizeof line, format, ap);
  print(line, n < (int)sizeof line ? n : (int)sizeof line - 1);
  return n;
}

int kprintf(const char *format, ...)
{
  va_list ap;
  va_start(ap, format);
  int n = print_all(format, ap);
  va_end(ap);
  return n;
}

void panic(const char *format, ...)
{
  char name[20];
  endpoint_t self;
  int flags;
  va_list ap;
  if (sys_whoami(&self, name, sizeof name, &flags) == 0) kprintf("%s(%d): panic: ", name, self);
  else kprintf("(sys_whoami failed): panic: ");
  va_start(ap, format);
  if (format) print_all(format, ap);
  else kprintf("no message");
  va_end(ap);
  kprintf("\nsyslib:panic.c: stacktrace: ");
  unsigned *frame = __builtin_frame_address(0);
  for (int depth = 0; frame && depth < 50; depth++) {
    kprintf("0x%x ", frame[1]);
    unsigned *next = (unsigned *)frame[0];
    if (next <= frame) break;
    frame = next;
  }
  kprintf("\n");
  _exit(1);
}
