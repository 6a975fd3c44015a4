/* Calls of PM: reference/posix-abi.md 2.1. */
#include <minix/callnr.h>
#include <minix/ipc.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int call(int number, int i1, int i2)
{
  message m;
  m.m1_i1 = i1;
  m.m1_i2 = i2;
  return _syscall(PM_PROC_NR, number, &m);
}

/* The second result of these calls is the effective id, or the parent. */
static int second(int number)
{
  message m;
  return _syscall(PM_PROC_NR, number, &m) < 0 ? -1 : m.m2_i1;
}

pid_t fork(void) { return call(FORK, 0, 0); }
pid_t getpid(void) { return call(MINIX_GETPID, 0, 0); }
pid_t getppid(void) { return second(MINIX_GETPID); }
pid_t getpgrp(void) { return call(GETPGRP, 0, 0); }
pid_t setsid(void) { return call(SETSID, 0, 0); }
uid_t getuid(void) { return call(GETUID, 0, 0); }
uid_t geteuid(void) { return second(GETUID); }
gid_t getgid(void) { return call(GETGID, 0, 0); }
gid_t getegid(void) { return second(GETGID); }
int setuid(uid_t uid) { return call(SETUID, uid, 0); }
int setgid(gid_t gid) { return call(SETGID, gid, 0); }
unsigned alarm(unsigned seconds) { return call(ALARM, seconds, 0); }
int pause(void) { return call(PAUSE, 0, 0); }
int kill(pid_t pid, int sig) { return call(KILL, pid, sig); }

int getgroups(int n, gid_t *list)
{
  message m;
  m.m1_i1 = n;
  m.m1_p1 = (int)list;
  return _syscall(PM_PROC_NR, GETGROUPS, &m);
}

int nice(int increment)
{
  message m;
  m.m1_i1 = m.m1_i2 = 0;
  int now = _syscall(PM_PROC_NR, GETPRIORITY, &m);
  if (now < 0) return -1;
  m.m1_i1 = m.m1_i2 = 0;
  m.m1_i3 = now - 20 + increment;
  return _syscall(PM_PROC_NR, SETPRIORITY, &m) < 0 ? -1 : now - 20 + increment;
}

pid_t waitpid(pid_t pid, int *status, int options)
{
  message m;
  m.m1_i1 = pid;
  m.m1_i2 = options;
  int r = _syscall(PM_PROC_NR, WAITPID, &m);
  if (r >= 0 && status) *status = m.m2_i1;
  return r;
}

pid_t wait(int *status) { return waitpid(-1, status, 0); }

int gettimeofday(struct timeval *tv, void *zone)
{
  message m;
  (void)zone;
  if (_syscall(PM_PROC_NR, GETTIMEOFDAY, &m) < 0) return -1;
  tv->tv_sec = m.m2_l1;
  tv->tv_usec = m.m2_l2;
  return 0;
}

time_t time(time_t *t)
{
  struct timeval tv;
  if (gettimeofday(&tv, 0) < 0) return -1;
  if (t) *t = tv.tv_sec;
  return tv.tv_sec;
}

int stime(const time_t *when)
{
  message m;
  m.m2_l1 = *when;
  return _syscall(PM_PROC_NR, STIME, &m);
}

clock_t times(struct tms *t)
{
  message m;
  if (_syscall(PM_PROC_NR, TIMES, &m) < 0) return -1;
  t->tms_utime = m.m4_l1;
  t->tms_stime = m.m4_l2;
  t->tms_cutime = m.m4_l3;
  t->tms_cstime = m.m4_l4;
  return m.m4_l5;
}

int setitimer(int which, const struct itimerval *value, struct itimerval *old)
{
  message m;
  m.m1_i1 = which;
  m.m1_p1 = (int)value;
  m.m1_p2 = (int)old;
  return _syscall(PM_PROC_NR, ITIMER, &m);
}

static int uname_field(int field, char *to)
{
  message m;
  m.m1_i1 = 0;
  m.m1_i2 = field;
  m.m1_i3 = 256;
  m.m1_p1 = (int)to;
  to[0] = 0;
  if (_syscall(PM_PROC_NR, SYSUNAME, &m) < 0) return -1;
  to[255] = 0;
  return 0;
}

int uname(struct utsname *u)
{
  return uname_field(0, u->arch) | uname_field(2, u->machine) | uname_field(4, u->nodename) | uname_field(5, u->release) |
         uname_field(6, u->version) | uname_field(7, u->sysname);
}

int reboot(int how, ...)
{
  message m;
  m.m1_i1 = how;
  if (how == RBT_MONITOR) {
    va_list ap;
    va_start(ap, how);
    m.m1_p1 = (int)va_arg(ap, char *);
    m.m1_i2 = va_arg(ap, int);
    va_end(ap);
  }
  return _syscall(PM_PROC_NR, REBOOT, &m);
}

int getparam(const char *name, char *value, size_t n)
{
  struct { const char *key; size_t keylen; char *val; size_t vallen; } param;
  message m;
  param.key = name;
  param.keylen = name ? strlen(name) + 1 : 0;
  param.val = value;
  param.vallen = n;
  m.m2_i1 = PMGETPARAM;
  m.m2_p1 = (int)&param;
  if (_syscall(PM_PROC_NR, SVRCTL, &m) < 0) return -1;
  return name ? (int)strlen(value) : 0;
}

void *minix_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off)
{
  message m;
  m.m5_l1 = (int)addr;
  m.m5_l2 = len;
  m.m5_s1 = prot;
  m.m5_s2 = flags;
  m.m5_i1 = fd;
  m.m5_i2 = off;
  return _syscall(VM_PROC_NR, VM_MMAP, &m) < 0 ? MAP_FAILED : (void *)m.m5_l1;
}

int minix_munmap(void *addr, size_t len)
{
  message m;
  m.m1_p1 = (int)addr;
  m.m1_i1 = len;
  return _syscall(VM_PROC_NR, VM_MUNMAP, &m);
}
