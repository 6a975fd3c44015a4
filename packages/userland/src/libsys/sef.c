/* Start and receive: reference/rs-sef-ds-syslib.md 1.1, 1.2, 1.5. */
#include <errno.h>
#include <minix/sef.h>
#include <unistd.h>

static endpoint_t self = SELF;
static char name[20] = "Unknown";

static sef_cb_init_t init_fresh = sef_cb_init_null, init_lu = sef_cb_init_null, init_restart = sef_cb_init_reset;
static int (*init_response)(message *) = sef_cb_init_response_rs_reply;
static void (*ping_reply)(endpoint_t) = sef_cb_ping_reply_pong;

void _sef_init_with_state(void)
{
  if (init_lu == sef_cb_init_null) init_lu = sef_cb_init_restore;
  if (init_restart == sef_cb_init_reset) init_restart = sef_cb_init_restore;
}

endpoint_t sef_self(void) { return self; }
const char *sef_self_name(void) { return name; }
void sef_setcb_init_fresh(sef_cb_init_t cb) { init_fresh = cb; }
void sef_setcb_init_lu(sef_cb_init_t cb) { init_lu = cb; }
void sef_setcb_init_restart(sef_cb_init_t cb) { init_restart = cb; }
void sef_setcb_init_response(int (*cb)(message *m)) { init_response = cb; }
void sef_setcb_ping_reply(void (*cb)(endpoint_t)) { ping_reply = cb; }

int sef_cb_init_null(int type, sef_init_info_t *info) { return (void)type, (void)info, 0; }
int sef_cb_init_fail(int type, sef_init_info_t *info) { return (void)type, (void)info, -ENOSYS; }
int sef_cb_init_reset(int type, sef_init_info_t *info) { return (void)type, (void)info, -ERESTART; }
int sef_cb_init_crash(int type, sef_init_info_t *info) { panic("init of type %d, before endpoint %d: crash", type, info->old_endpoint); }
void sef_cb_ping_reply_pong(endpoint_t from) { ipc_notify(from); }
void sef_cb_ping_reply_null(endpoint_t from) { (void)from; }

/* RS acknowledges; where the result is an error it ends the service instead. */
int sef_cb_init_response_rs_reply(message *m) { return ipc_sendrec(RS_PROC_NR, m); }

extern void (*_service_exit)(int status); /* what _exit does instead of asking PM */

void sef_exit(int status)
{
  sys_exit(); /* RS only hears that the service has ended */
  _service_exit = 0;
  _exit(status);
}

static int run_init(int type, sef_init_info_t *info)
{
  switch (type) {
  case SEF_INIT_FRESH: return init_fresh(type, info);
  case SEF_INIT_LU: return init_lu(type, info);
  case SEF_INIT_RESTART:
    sys_statectl(SYS_STATE_CLEAR_IPC_REFS); /* whoever waits for the dead instance hears that it died */
    return init_restart(type, info);
  default: return -EINVAL;
  }
}

void sef_startup(void)
{
  message m;
  int flags, r;
  if (sys_whoami(&self, name, sizeof name, &flags) != 0) self = SELF;
  _service_exit = sef_exit;
  do { /* what came before was meant for an instance that has died */
    if ((r = ipc_receive(RS_PROC_NR, &m, 0)) != 0) panic("sef: receive from RS failed: %d", r);
  } while (m.m_type != RS_INIT);
  sef_init_info_t info = { m.m7_i3, self, m.m7_i4 };
  int type = m.m7_i2, result = run_init(type, &info);
  if (result == 0) _sef_save_state();
  m.m_source = self;
  m.m_type = RS_INIT;
  m.m7_i1 = result;
  if ((r = init_response(&m)) != 0) panic("sef: RS does not take the result of the initialization: %d", r);
  if (result != 0) panic("sef: initialization failed: %d", result);
}

int _sef_ping(message *m, int status)
{
  if (!is_ipc_notify(status) || m->m_source != RS_PROC_NR) return 0;
  ping_reply(m->m_source);
  return 1;
}

int sef_receive_status(endpoint_t from, message *m, int *status_out)
{
  for (;;) {
    int status, r;
    _sef_before_receive();
    r = ipc_receive(from, m, &status);
    if (status_out && r == 0) *status_out = status;
    if (r != 0) return r;
    if (_sef_ping(m, status) || _sef_live_update(m, status) || _sef_signal(m, status)) continue;
    if (m->m_type == RS_INIT && m->m_source == RS_PROC_NR && !is_ipc_notify(status)) continue; /* for a version that died before it took it */
    return 0;
  }
}

int sef_receive(endpoint_t from, message *m) { return sef_receive_status(from, m, 0); }
