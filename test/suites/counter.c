/* The counter of test/services/clients.mjs in C. Version 1 keeps a number, version 2 (-DVERSION=2) also how often it was asked. */
#include <errno.h>
#include <minix/sef.h>
#include <string.h>

#ifndef VERSION
#define VERSION 1
#endif
#ifndef CONTRACT
#define CONTRACT "1.0.0"
#endif
#ifndef STATE
#define STATE "counter"
#endif
#define COUNTER_ADD 0x7000

SEF_PROVIDES("counter", CONTRACT);

static int count;
#if VERSION == 2
static int calls;
static char last[16] = "nobody";
static const sef_field_t fields[] = { SEF_INT(count), SEF_INT(calls), SEF_TEXT(last) };

static int migrate(int from)
{
  calls = 0;
  return from == 1 ? sef_state_old_int("count", &count) : -ERESTART;
}
#else
static const sef_field_t fields[] = { SEF_INT(count) };

static int migrate(int from) { return from == 2 ? sef_state_old_int("count", &count) : -ERESTART; }
#endif

#ifdef REFUSES
static int refuse(int type, sef_init_info_t *info) { return (void)type, (void)info, -EGENERIC; }
#endif

static void dump(int state) { kprintf("counter in C: %d before state %d\n", count, state); }

int main(void)
{
  message m;
  int status;
  sef_setstate(STATE, VERSION, fields, sizeof fields / sizeof *fields);
  sef_setcb_state_migrate(migrate);
  sef_setcb_lu_state_dump(dump);
  sef_setcb_signal_handler(sef_cb_signal_handler_term);
#ifdef REFUSES
  sef_setcb_init_lu(refuse);
#endif
#ifdef CRASHES
  sef_setcb_init_lu(sef_cb_init_crash);
#endif
#ifdef HANGS
  sef_setcb_lu_prepare(sef_cb_lu_prepare_never_ready);
#endif
  sef_startup();
  kprintf("counter in C %d starts at %d\n", VERSION, count);
  for (;;) {
    if (sef_receive_status(ANY, &m, &status) != 0) panic("receive");
    if (is_ipc_notify(status)) continue;
    if (m.m_type != COUNTER_ADD) m.m_type = -ENOSYS;
    else if (m.m1_i1 == 0) m.m_type = -EDOM;
    else {
      count += m.m1_i1;
#if VERSION == 2
      calls++;
      strcpy(last, "somebody");
#endif
      m.m1_i1 = count;
      m.m_type = 0;
    }
    sef_sendreply(&m, status);
  }
}
