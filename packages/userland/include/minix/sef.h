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

/* Live update: RS asks for a state of work; the service says when it is in it, and the next version takes its place. */
#define SEF_LU_STATE_NULL 0
#define SEF_LU_STATE_WORK_FREE 1
#define SEF_LU_STATE_REQUEST_FREE 2
#define SEF_LU_STATE_PROTOCOL_FREE 3
#define SEF_LU_STATE_CUSTOM_BASE 4
void sef_setcb_lu_prepare(int (*cb)(int state));               /* null; always_ready with a state. 0: in that state now */
int sef_cb_lu_prepare_null(int state);                         /* ENOTREADY */
int sef_cb_lu_prepare_always_ready(int state);
int sef_cb_lu_prepare_never_ready(int state);
void sef_setcb_lu_state_isvalid(int (*cb)(int state));         /* null; standard with a state */
int sef_cb_lu_state_isvalid_null(int state);                   /* none: the answer is ENOSYS */
int sef_cb_lu_state_isvalid_standard(int state);               /* 1 to 3 */
int sef_cb_lu_state_isvalid_workfree(int state);
void sef_setcb_lu_state_changed(void (*cb)(int from, int to));
void sef_setcb_lu_state_dump(void (*cb)(int state));           /* before each try */
void sef_setcb_lu_state_save(int (*cb)(int state));            /* before "ready" is said */
void sef_setcb_lu_response(int (*cb)(message *m));             /* rs_reply */
int sef_cb_lu_response_rs_reply(message *m);

/* State that outlives the instance: variables by name, of a kind each, and a version. SEF keeps a copy before each receive; the
 * next instance (after a crash, or another version, in C or hosted: the form is that of packages/sef) finds it.
 *
 *   static int count;
 *   static char owner[20];
 *   static const sef_field_t fields[] = { SEF_INT(count), SEF_TEXT(owner) };
 *   sef_setstate("counter", 1, fields, 2);     // before sef_startup, which then restores after an update and a restart
 *
 * Where the state there has another version, the migration gets its values and sets the variables. */
enum { SEF_FIELD_INT, SEF_FIELD_TEXT };
typedef struct { const char *name; int kind; void *place; size_t room; } sef_field_t;
#define SEF_INT(variable) { #variable, SEF_FIELD_INT, &variable, sizeof variable }
#define SEF_TEXT(variable) { #variable, SEF_FIELD_TEXT, variable, sizeof variable }
void sef_setstate(const char *name, int version, const sef_field_t *fields, int count);
void sef_setcb_state_migrate(int (*cb)(int from_version));     /* none: another version is refused, and the update taken back */
int sef_state_old_int(const char *name, int *value);           /* 0, or -ESRCH */
int sef_state_old_text(const char *name, char *value, size_t size);
int sef_restore(int type, sef_init_info_t *info);              /* 0, or -ERESTART where there is nothing that it understands */
int sef_cb_init_restore(int type, sef_init_info_t *info);

/* Answers a request in the way in which it came; m_source is still the client. The state is saved first: what a client was told is
 * never lost. It waits for nobody. */
int sef_sendreply(message *m, int status);

/* Says in the ELF file which contract the program serves, once for each, outside of any function: SEF_PROVIDES("counter", "1.0.0").
 * RS lets a program take the place of another only where name and major version agree. */
#define SEF_PROVIDES(name, version) \
  __asm__(".pushsection .note.procyon,\"a\",@note\n.balign 4\n.long 8, 9f-8f, 1\n.asciz \"Procyon\"\n8: .asciz \"" name " " version \
          "\"\n9: .balign 4\n.popsection")

/* Inside: sef_receive asks each of these whether a message is its own. Non-zero: it was, the service does not see it. */
int _sef_ping(message *m, int status);
int _sef_live_update(message *m, int status);
int _sef_signal(message *m, int status);
/* Runs before each receive: the state is saved, and a live update that waits may be answered. */
void _sef_before_receive(void);
void _sef_save_state(void);
void _sef_lu_with_state(void);
void _sef_init_with_state(void);

#endif
