#include <minix/callnr.h>
#include <minix/ipc.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int errno;
char **environ;
const char *__progname = "?";
int main(int argc, char **argv, char **envp);

void _cstart(int *stack)
{
  int argc = stack[0];
  char **argv = (char **)(stack + 1);
  environ = argv + argc + 1;
  if (argc > 0 && argv[0]) {
    char *slash = strrchr(argv[0], '/');
    __progname = slash ? slash + 1 : argv[0];
  }
  exit(main(argc, argv, environ));
}

/* Set by stdio when a FILE is used, so that a program without stdio does not carry it. */
void (*_stdio_exit)(void);
static void (*at_exit[16])(void);
static int at_exit_count;

int atexit(void (*f)(void))
{
  if (at_exit_count == 16) return -1;
  at_exit[at_exit_count++] = f;
  return 0;
}

void exit(int status)
{
  while (at_exit_count > 0) at_exit[--at_exit_count]();
  if (_stdio_exit) _stdio_exit();
  _exit(status);
}

/* Set by sef_startup: a service ends otherwise. */
void (*_service_exit)(int status);

void _exit(int status)
{
  message m;
  if (_service_exit) _service_exit(status);
  m.m1_i1 = status;
  for (;;) _syscall(PM_PROC_NR, EXIT, &m);
}

void _Exit(int status) { _exit(status); }

int _syscall(endpoint_t who, int number, message *m)
{
  m->m_type = number;
  int status = _sendrec(who, m);
  if (status != 0) m->m_type = status;
  if (m->m_type < 0) {
    errno = -m->m_type;
    return -1;
  }
  return m->m_type;
}
