/* A service in C, with SEF: adds two numbers for whoever asks. Arguments: how it starts again, and what is wrong with it. */
#include <errno.h>
#include <minix/ds.h>
#include <minix/sef.h>
#include <signal.h>
#include <string.h>

#define ADD 0x7001

static int start(int type, sef_init_info_t *info)
{
  static const char *const names[] = { "fresh", "update", "restart" };
  kprintf("echo: %s at %d, before %d\n", names[type], info->endpoint, info->old_endpoint);
  return 0;
}

static void signalled(int signal)
{
  kprintf("echo: signal %d\n", signal);
  sef_cb_signal_handler_term(signal);
}

int main(int argc, char **argv)
{
  message m;
  int status;
  const char *how = argc > 1 ? argv[1] : "";
  sef_setcb_init_fresh(strcmp(how, "fail") == 0 ? sef_cb_init_fail : strcmp(how, "crash") == 0 ? sef_cb_init_crash : start);
  if (strcmp(how, "stays") == 0) sef_setcb_init_restart(start);
  if (strcmp(how, "deaf") == 0) sef_setcb_ping_reply(sef_cb_ping_reply_null);
  sef_setcb_signal_handler(signalled);
  sef_startup();
  if (strcmp(how, "returns") == 0) return 3;
  for (;;) {
    if (sef_receive_status(ANY, &m, &status) != 0) panic("receive");
    if (is_ipc_notify(status)) continue;
    if (m.m_type == ADD) m.m1_i1 += m.m1_i2;
    m.m_type = m.m_type == ADD ? 0 : -ENOSYS;
    ipc_sendnb(m.m_source, &m);
  }
}
