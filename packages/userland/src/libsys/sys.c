/* Kernel calls: reference/kernel.md 3.2. */
#include <errno.h>
#include <minix/syslib.h>
#include <string.h>

enum {
  SYS_PRIVCTL = 4, SYS_KILL = 6, SYS_GETKSIG, SYS_ENDKSIG, SYS_SETALARM = 24, SYS_TIMES, SYS_GETINFO, SYS_STATECTL = 55,
  SYS_UPDATE = 52, SYS_EXIT,
};
#define GET_WHOAMI 19

int _taskcall(endpoint_t who, int number, message *m)
{
  m->m_type = number;
  int r = ipc_sendrec(who, m);
  return r != 0 ? r : m->m_type;
}

int sys_whoami(endpoint_t *self, char *name, size_t size, int *privilege_flags)
{
  message m;
  memset(&m, 0, sizeof m);
  if (size < 2) return -EINVAL;
  m.m7_i3 = GET_WHOAMI;
  int r = _kernel_call(SYS_GETINFO, &m);
  if (r != 0) return r;
  size_t n = size - 1 < 16 ? size - 1 : 16;
  memcpy(name, m3_ca1_of(&m), n);
  name[n] = 0;
  *self = m.m3_i1;
  *privilege_flags = m.m3_i2;
  return 0;
}

int sys_privctl(endpoint_t process, int request, void *argument)
{
  message m;
  memset(&m, 0, sizeof m);
  m.m2_i1 = process;
  m.m2_i2 = request;
  m.m2_p1 = (int)argument;
  return _kernel_call(SYS_PRIVCTL, &m);
}

int sys_privquery_mem(endpoint_t process, uint32_t start, size_t length)
{
  message m;
  memset(&m, 0, sizeof m);
  m.m2_i1 = process;
  m.m2_i2 = SYS_PRIV_QUERY_MEM;
  m.m2_l1 = start;
  m.m2_l2 = length;
  return _kernel_call(SYS_PRIVCTL, &m);
}

int sys_statectl(int request)
{
  message m;
  m.m2_i2 = request;
  return _kernel_call(SYS_STATECTL, &m);
}

int sys_kill(endpoint_t process, int signal)
{
  message m;
  m.m2_i1 = process;
  m.m2_i2 = signal;
  return _kernel_call(SYS_KILL, &m);
}

int sys_getksig(endpoint_t *process, unsigned long *signals)
{
  message m;
  int r = _kernel_call(SYS_GETKSIG, &m);
  *process = m.m2_i1;
  *signals = m.m2_l1;
  return r;
}

int sys_endksig(endpoint_t process)
{
  message m;
  m.m2_i1 = process;
  return _kernel_call(SYS_ENDKSIG, &m);
}

int sys_setalarm(unsigned long ticks, int absolute)
{
  message m;
  m.m2_l1 = ticks;
  m.m2_i2 = absolute;
  return _kernel_call(SYS_SETALARM, &m);
}

int getuptime(unsigned long *ticks)
{
  message m;
  m.m4_l1 = NONE;
  int r = _kernel_call(SYS_TIMES, &m);
  *ticks = m.m4_l5;
  return r;
}

int sys_update(endpoint_t source, endpoint_t target)
{
  message m;
  m.m1_i1 = source;
  m.m1_i2 = target;
  return _kernel_call(SYS_UPDATE, &m);
}

int sys_exit(void)
{
  message m;
  return _kernel_call(SYS_EXIT, &m);
}
