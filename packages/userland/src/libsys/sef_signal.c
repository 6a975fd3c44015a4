/* Signals, for this service and for those that it manages: reference/rs-sef-ds-syslib.md 1.6. */
#include <errno.h>
#include <minix/sef.h>
#include <signal.h>

static void (*handler)(int) = sef_cb_signal_handler_null;
static int (*manager)(endpoint_t, int) = sef_cb_signal_manager_null;

void sef_setcb_signal_handler(void (*cb)(int signal)) { handler = cb; }
void sef_setcb_signal_manager(int (*cb)(endpoint_t target, int signal)) { manager = cb; }
void sef_cb_signal_handler_null(int signal) { (void)signal; }
int sef_cb_signal_manager_null(endpoint_t target, int signal) { return (void)target, (void)signal, 0; }

void sef_cb_signal_handler_term(int signal)
{
  if (signal == SIGTERM) sef_exit(1);
}

void sef_cb_signal_handler_posix_default(int signal)
{
  switch (signal) {
  case SIGCHLD: case SIGWINCH: case SIGCONT: case SIGTSTP: case SIGTTIN: case SIGTTOU: return;
  default: if (signal < SIGKMEM) sef_exit(1);
  }
}

/* Takes the signals of each process that has some, and says when they are dealt with. */
static void drain_managed(void)
{
  endpoint_t target;
  unsigned long set;
  for (;;) {
    if (sys_getksig(&target, &set) != 0) panic("sef: sys_getksig failed");
    if (target == NONE) return;
    int r = 0;
    for (int signal = 1; signal < SIGKMEM && r != -EDEADEPT && r != -EDEADSRCDST; signal++)
      if (set & 1UL << signal) r = manager(target, signal);
    if (r == 0 && (r = sys_endksig(target)) == -EPERM) panic("sef: sys_endksig of %d failed: %d", target, r);
  }
}

int _sef_signal(message *m, int status)
{
  if (!is_ipc_notify(status)) {
    if (m->m_type != SIGS_SIGNAL_RECEIVED || m->m_source >= INIT_PROC_NR) return 0;
    handler(m->m1_i1);
    return 1;
  }
  if (m->m_source != SYSTEM) return 0;
  unsigned long set = m->NOTIFY_ARG;
  for (int signal = SIGKMEM; signal <= SIGKSIG; signal++) {
    if (!(set & 1UL << signal)) continue;
    handler(signal);
    if (signal == SIGKSIG) drain_managed();
    if (signal == SIGKSIGSM)
      for (int own = 1; own < SIGKMEM; own++)
        if (set & 1UL << own) handler(own);
  }
  return 1;
}
