/* reference/posix-abi.md 1.4, 11.2 */
#ifndef SIGNAL_H
#define SIGNAL_H
#include <sys/types.h>
enum {
  SIGHUP = 1, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM,
  SIGTERM, SIGEMT, SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGWINCH, SIGTTIN, SIGTTOU, SIGVTALRM, SIGPROF
};
#define _NSIG 26
typedef int sig_atomic_t;
typedef void (*sighandler_t)(int);
#define SIG_ERR ((sighandler_t)-1)
#define SIG_DFL ((sighandler_t)0)
#define SIG_IGN ((sighandler_t)1)
#define SA_RESETHAND 2
#define SA_NODEFER 4
#define SA_RESTART 8
#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2
struct sigaction { sighandler_t sa_handler; sigset_t sa_mask; int sa_flags; };
int sigaction(int sig, const struct sigaction *act, struct sigaction *old);
sighandler_t signal(int sig, sighandler_t handler);
int sigprocmask(int how, const sigset_t *set, sigset_t *old);
int sigsuspend(const sigset_t *mask);
int sigpending(sigset_t *set);
int kill(pid_t pid, int sig);
int raise(int sig);
#define sigemptyset(s) (*(s) = 0, 0)
#define sigfillset(s) (*(s) = ~1UL, 0)
#define sigaddset(s, n) (*(s) |= 1UL << (n), 0)
#define sigdelset(s, n) (*(s) &= ~(1UL << (n)), 0)
#define sigismember(s, n) ((*(s) >> (n)) & 1)
/* "INT" for 2; NULL for a number that is none. And back: -1 for a name that is none ("SIGINT", "int", "2"). */
const char *signame(int sig);
int signum(const char *name);
#endif
