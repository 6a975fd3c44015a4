/* Live update: a service that says nothing else does not take part in it (reference/rs-sef-ds-syslib.md 1.4). */
#include <errno.h>
#include <minix/sef.h>

#define STATE_NULL 0

int _sef_before_receive(void) { return 0; }

int _sef_live_update(message *m, int status)
{
  if (is_ipc_notify(status) || m->m_type != RS_LU_PREPARE || m->m_source != RS_PROC_NR) return 0;
  if (m->m1_i2 == STATE_NULL) return 1; /* RS forgets about it */
  m->m1_i1 = -ENOSYS;
  ipc_sendrec(RS_PROC_NR, m); /* RS answers once it has given up */
  return 1;
}
