/* The system event framework: how a service written in C starts, receives, is pinged, signalled, updated and restarted.
 *
 *   static int init(int type, sef_init_info_t *info) { … return 0; }
 *
 *   int main(void)
 *   {
 *     message m;
 *     int status;
 *     sef_setcb_init_fresh(init);
 *     sef_setcb_init_restart(init);             // without it a crash starts the service anew, with a new endpoint
 *     sef_setcb_signal_handler(sef_cb_signal_handler_term);
 *     sef_startup();                            // waits for RS's request, runs init, tells RS
 *     for (;;) {
 *       if (sef_receive_status(ANY, &m, &status) != 0) panic("receive");
 *       if (is_ipc_notify(status)) continue;    // pings of RS do not get here
 *       …                                       // m is the service's own
 *       ipc_sendnb(m.m_source, &m);             // never wait for a client
 *     }
 *   }
 *
 * Compile it with build/compile.mjs, or gcc with its flags and src/libc, src/libsys; `service up /path/program` starts it with what
 * /etc/system.conf.d/program allows. A service that returns from main, or calls exit(), has crashed for RS.
 *
 * A callback that is not set has the default named beside it. Numbers and rules: reference/rs-sef-ds-syslib.md 1. */
#ifndef MINIX_SEF_H
#define MINIX_SEF_H
#include <minix/com.h>
#include <minix/ipc.h>
#include <minix/syslib.h>

/* Why init runs. */
#define SEF_INIT_FRESH 0
#define SEF_INIT_LU 1
#define SEF_INIT_RESTART 2

typedef struct {
  cp_grant_id_t rproctab_gid;  /* a grant of RS over its public table */
  endpoint_t endpoint;
  endpoint_t old_endpoint;     /* where the instance before this one is now, or NONE */
} sef_init_info_t;

void sef_startup(void);
int sef_receive_status(endpoint_t from, message *m, int *status);
int sef_receive(endpoint_t from, message *m);
endpoint_t sef_self(void);
const char *sef_self_name(void);
void sef_exit(int status) __attribute__((noreturn));

typedef int (*sef_cb_init_t)(int type, sef_init_info_t *info);
void sef_setcb_init_fresh(sef_cb_init_t cb);                   /* sef_cb_init_null */
void sef_setcb_init_lu(sef_cb_init_t cb);                      /* sef_cb_init_null */
void sef_setcb_init_restart(sef_cb_init_t cb);                 /* sef_cb_init_reset */
void sef_setcb_init_response(int (*cb)(message *m));           /* sef_cb_init_response_rs_reply */
int sef_cb_init_null(int type, sef_init_info_t *info);         /* 0 */
int sef_cb_init_fail(int type, sef_init_info_t *info);         /* ENOSYS: the start fails */
int sef_cb_init_reset(int type, sef_init_info_t *info);        /* ERESTART: start me anew */
int sef_cb_init_crash(int type, sef_init_info_t *info);
int sef_cb_init_response_rs_reply(message *m);

void sef_setcb_ping_reply(void (*cb)(endpoint_t from));        /* sef_cb_ping_reply_pong */
void sef_cb_ping_reply_pong(endpoint_t from);
void sef_cb_ping_reply_null(endpoint_t from);

void sef_setcb_signal_handler(void (*cb)(int signal));         /* sef_cb_signal_handler_null */
void sef_cb_signal_handler_null(int signal);
void sef_cb_signal_handler_term(int signal);                   /* ends the service at SIGTERM */
void sef_cb_signal_handler_posix_default(int signal);
void sef_setcb_signal_manager(int (*cb)(endpoint_t target, int signal)); /* sef_cb_signal_manager_null */
int sef_cb_signal_manager_null(endpoint_t target, int signal);

/* Inside: sef_receive asks each of these whether a message is its own. Non-zero: it was, the service does not see it. */
int _sef_ping(message *m, int status);
int _sef_live_update(message *m, int status);
int _sef_signal(message *m, int status);
/* Runs before each receive: a live update that waits may be answered here. 0, or what the receive shall give. */
int _sef_before_receive(void);

#endif
