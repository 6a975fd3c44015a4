/* reference/posix-abi.md 1.4, 2.1 */
#include <minix/callnr.h>
#include <minix/ipc.h>
#include <signal.h>
#include <unistd.h>

void __sigreturn(void);

int sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
  message m;
  m.m1_i2 = sig;
  m.m1_p1 = (int)act;
  m.m1_p2 = (int)old;
  m.m1_p3 = (int)__sigreturn;
  return _syscall(PM_PROC_NR, SIGACTION, &m);
}

sighandler_t signal(int sig, sighandler_t handler)
{
  struct sigaction act = { handler, 0, 0 }, old;
  return sigaction(sig, &act, &old) < 0 ? SIG_ERR : old.sa_handler;
}

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
  message m;
  m.m2_i1 = set ? how : 4; /* SIG_INQUIRE */
  m.m2_l1 = set ? *set : 0;
  if (_syscall(PM_PROC_NR, SIGPROCMASK, &m) < 0) return -1;
  if (old) *old = m.m2_l1;
  return 0;
}

int sigsuspend(const sigset_t *mask)
{
  message m;
  m.m2_l1 = *mask;
  return _syscall(PM_PROC_NR, SIGSUSPEND, &m);
}

int sigpending(sigset_t *set)
{
  message m;
  if (_syscall(PM_PROC_NR, SIGPENDING, &m) < 0) return -1;
  *set = m.m2_l1;
  return 0;
}

int raise(int sig) { return kill(getpid(), sig); }

/* The start of struct sigcontext, as far as the way back needs it. */
struct sigcontext { int flags; sigset_t mask; };

/* The end of every handler. No signal may come between, so all are blocked first. */
void _sigreturn(struct sigcontext *scp)
{
  sigset_t all = ~0UL;
  message m;
  sigprocmask(SIG_SETMASK, &all, 0);
  m.m2_l1 = scp->mask;
  m.m2_i2 = scp->flags;
  m.m2_p1 = (int)scp;
  _syscall(PM_PROC_NR, SIGRETURN, &m);
  _exit(1);
}
