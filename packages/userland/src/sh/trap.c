/* Signals: traps, and what an interactive shell ignores. Handlers only note; the loop acts. */
#include <errno.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "sh.h"

char *traps[_NSIG];                    /* [0] is EXIT; "" ignores */
volatile sig_atomic_t pending_signals, interrupted;
static volatile sig_atomic_t pending[_NSIG];
static int ignored_at_start[_NSIG];

static void note(int sig)
{
  if (sig == SIGINT) interrupted = 1;
  if (!traps[sig]) return;
  pending[sig] = 1;
  pending_signals = 1;
}

static void install(int sig)
{
  struct sigaction act = { SIG_DFL, 0, 0 };
  if (sig == SIGKILL || sig == SIGSTOP || sig == 0) return;
  if (traps[sig]) act.sa_handler = *traps[sig] ? note : SIG_IGN;
  else if (interactive && sig == SIGINT) act.sa_handler = note;
  else if (interactive && (sig == SIGQUIT || sig == SIGTERM)) act.sa_handler = SIG_IGN;
  else if (ignored_at_start[sig]) act.sa_handler = SIG_IGN;
  sigaction(sig, &act, 0);
}

void setup_signals(void)
{
  struct sigaction old;
  for (int sig = SIGHUP; sig <= SIGTERM; sig++) {
    if (sig != SIGHUP && sig != SIGINT && sig != SIGQUIT && sig != SIGTERM) continue;
    if (sigaction(sig, 0, &old) == 0) ignored_at_start[sig] = old.sa_handler == SIG_IGN;
  }
  if (!interactive) return;
  install(SIGINT);
  install(SIGQUIT);
  install(SIGTERM);
}

/* A child starts with the defaults, but what was ignored stays so. */
void traps_for_child(void)
{
  int was = interactive;
  interactive = 0;
  for (int sig = 0; sig < _NSIG; sig++) {
    int shell_did = sig == SIGINT || sig == SIGQUIT || sig == SIGTERM;
    if (traps[sig] && *traps[sig]) {
      free(traps[sig]);
      traps[sig] = 0;
      install(sig);
    } else if (was && shell_did && !traps[sig]) {
      install(sig);
    }
  }
  pending_signals = interrupted = 0;
}

void run_traps(void)
{
  while (pending_signals) {
    pending_signals = 0;
    for (int sig = 1; sig < _NSIG; sig++) {
      if (!pending[sig]) continue;
      pending[sig] = 0;
      if (!traps[sig] || !*traps[sig]) continue;
      int status = last_status;
      char *text = xstrdup(traps[sig]);
      run_text(text);
      free(text);
      last_status = status;
    }
  }
}

/* The end of the shell process, by way of its EXIT trap. */
void leave(int result)
{
  volatile int status = result;
  char *text = traps[0];
  traps[0] = 0;
  if (text && *text) {
    last_status = status;
    skip = SKIP_NONE;
    jmp_buf here;
    if (!setjmp(here)) {
      recover = &here;
      run_text(text);
    }
  }
  if (fflush(stdout) < 0 && !status) status = 1;
  _exit(status);
}

static void show_traps(void)
{
  for (int sig = 0; sig < _NSIG; sig++)
    if (traps[sig]) printf("trap -- '%s' %s\n", traps[sig], sig ? signame(sig) : "EXIT");
}

int do_trap(int argc, char **argv)
{
  int i = 1;
  if (argc > 1 && !strcmp(argv[1], "--")) i++;
  if (i >= argc) {
    show_traps();
    return 0;
  }
  const char *action = signum(argv[i]) >= 0 && (argc == i + 1 || argv[i][0] <= '9') ? "-" : argv[i++];
  for (; i < argc; i++) {
    int sig = signum(argv[i]);
    if (sig < 0) {
      complain("trap: %s: bad signal", argv[i]);
      return 1;
    }
    free(traps[sig]);
    traps[sig] = strcmp(action, "-") ? xstrdup(action) : 0;
    install(sig);
  }
  return 0;
}
