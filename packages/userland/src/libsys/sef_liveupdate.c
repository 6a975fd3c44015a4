/* Live update: reference/rs-sef-ds-syslib.md 1.4. A service that has neither a state (sef_setstate) nor callbacks takes no part in it. */
#include <errno.h>
#include <minix/sef.h>

static int (*prepare)(int state) = sef_cb_lu_prepare_null;
static int (*is_valid)(int state) = sef_cb_lu_state_isvalid_null;
static void (*state_changed)(int from, int to);
static void (*state_dump)(int state);
static int (*state_save)(int state);
static int (*response)(message *m) = sef_cb_lu_response_rs_reply;
static int lu_state, cycle;

void sef_setcb_lu_prepare(int (*cb)(int state)) { prepare = cb; }
void sef_setcb_lu_state_isvalid(int (*cb)(int state)) { is_valid = cb; }
void sef_setcb_lu_state_changed(void (*cb)(int from, int to)) { state_changed = cb; }
void sef_setcb_lu_state_dump(void (*cb)(int state)) { state_dump = cb; }
void sef_setcb_lu_state_save(int (*cb)(int state)) { state_save = cb; }
void sef_setcb_lu_response(int (*cb)(message *m)) { response = cb; }

int sef_cb_lu_prepare_null(int state) { return (void)state, -ENOTREADY; }
int sef_cb_lu_prepare_always_ready(int state) { return (void)state, 0; }
int sef_cb_lu_prepare_never_ready(int state) { return (void)state, -ENOTREADY; }
int sef_cb_lu_state_isvalid_null(int state) { return (void)state, 0; }
int sef_cb_lu_state_isvalid_standard(int state) { return state > SEF_LU_STATE_NULL && state < SEF_LU_STATE_CUSTOM_BASE; }
int sef_cb_lu_state_isvalid_workfree(int state) { return state == SEF_LU_STATE_WORK_FREE; }
/* RS answers only where there is no update: then this instance goes on. */
int sef_cb_lu_response_rs_reply(message *m)
{
  int r = ipc_sendrec(RS_PROC_NR, m);
  return r != 0 ? r : m->m_type == RS_LU_PREPARE ? -EINTR : m->m_type;
}

/* What a service with a state has where it sets nothing itself. */
void _sef_lu_with_state(void)
{
  if (prepare == sef_cb_lu_prepare_null) prepare = sef_cb_lu_prepare_always_ready;
  if (is_valid == sef_cb_lu_state_isvalid_null) is_valid = sef_cb_lu_state_isvalid_standard;
}

static void change(int to)
{
  int from = lu_state;
  if (from == to) return;
  lu_state = to;
  cycle = 0;
  if (state_changed) state_changed(from, to);
}

/* Says "ready", or why not. Comes back only where the update does not happen. */
static void ready(int result)
{
  message m = { 0 };
  if (result == 0 && state_save) result = state_save(lu_state);
  m.m_type = RS_LU_PREPARE;
  m.m1_i1 = result;
  m.m1_i2 = lu_state;
  response(&m);
  change(SEF_LU_STATE_NULL);
}

void _sef_before_receive(void)
{
  _sef_save_state();
  if (lu_state == SEF_LU_STATE_NULL) return;
  if (state_dump) {
    kprintf("%s: cycle=%d state=%d\n", sef_self_name(), ++cycle, lu_state);
    state_dump(lu_state);
  }
  if (lu_state == SEF_LU_STATE_WORK_FREE || prepare(lu_state) == 0) ready(0);
}

int _sef_live_update(message *m, int status)
{
  if (is_ipc_notify(status) || m->m_type != RS_LU_PREPARE || m->m_source != RS_PROC_NR) return 0;
  int state = m->m1_i2;
  if (state == SEF_LU_STATE_NULL || is_valid(state)) change(state);
  else ready(is_valid == sef_cb_lu_state_isvalid_null ? -ENOSYS : -EINVAL);
  return 1;
}
