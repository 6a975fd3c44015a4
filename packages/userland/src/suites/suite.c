/* FIFOs, steps and memory, for all suites. */
#include <errno.h>
#include <fcntl.h>
#include <minix/callnr.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "suite.h"

unsigned char *buf, *spare;
endpoint_t partner = NONE;
cp_grant_id_t grant = GRANT_INVALID;

static int argument_count, from_partner = -1, to_partner = -1, from_other = -1, to_other = -1, results = -1;
static char **arguments;
static const char *suite, *step;
static int steps, failures, failed;

const char *argument(const char *name, const char *otherwise)
{
  size_t n = strlen(name);
  for (int i = 1; i < argument_count; i++)
    if (strncmp(arguments[i], name, n) == 0 && arguments[i][n] == '=') return arguments[i] + n + 1;
  return otherwise;
}

static int open_fifo(const char *name, int mode)
{
  char path[128];
  snprintf(path, sizeof path, "%s/%s", argument("at", "/tmp"), name);
  int fd = open(path, mode);
  if (fd < 0) panic("%s: %s", path, strerror(errno));
  return fd;
}

static void open_as_grantor(const char *out, const char *in)
{
  to_partner = open_fifo(out, O_WRONLY);
  from_partner = open_fifo(in, O_RDONLY);
}

static void open_as_requestor(const char *in, const char *out)
{
  from_partner = open_fifo(in, O_RDONLY);
  to_partner = open_fifo(out, O_WRONLY);
}

void other_partner(void)
{
  int from = from_partner, to = to_partner;
  from_partner = from_other;
  to_partner = to_other;
  from_other = from;
  to_other = to;
}

static void put(const void *p, int n)
{
  if (write(to_partner, p, n) != n) panic("%s: the other has gone", suite);
}

static int get(void *p, int n)
{
  for (int have = 0, r; have < n; have += r)
    if ((r = read(from_partner, (char *)p + have, n - have)) <= 0) return 0;
  return 1;
}

int answered;

int ask(int op, int a, int b, int c, int d)
{
  struct request r = { op, a, b, c, d };
  struct answer answer;
  put(&r, sizeof r);
  if (!get(&answer, sizeof answer)) panic("%s: the grantor has gone", suite);
  answered = answer.value;
  return answer.result;
}

int ask_last(int op, int a, int b)
{
  struct request r = { op, a, b, 0, 0 };
  struct answer answer;
  put(&r, sizeof r);
  return !get(&answer, sizeof answer);
}

int ask_value(int op, int a, int b)
{
  int r = ask(op, a, b, 0, 0);
  return r != 0 ? r : answered;
}

cp_grant_id_t make(endpoint_t to, int offset, int bytes, int access)
{
  int r = ask(OP_GRANT, to, offset, bytes, access);
  return r != 0 ? r : answered;
}

/* The memory is the grantor's. Where an odd number of links follows, the grantor makes the first two of them itself. */
void make_chain(struct chain *c, int hops)
{
  endpoint_t holder = hops % 2 == 0 ? sef_self() : partner;
  c->last = hops;
  c->makers[0] = partner;
  c->links[0] = make(holder, 0, BYTES, CPF_READ | CPF_WRITE | CPF_MAP);
  for (int i = 1; i <= hops; i++) {
    endpoint_t next = holder == partner ? sef_self() : partner;
    c->makers[i] = holder;
    if (holder == partner) c->links[i] = ask(OP_INDIRECT, next, c->makers[i - 1], c->links[i - 1], 0) == 0 ? answered : GRANT_INVALID;
    else c->links[i] = cpf_grant_indirect(next, c->makers[i - 1], c->links[i - 1]);
    holder = next;
  }
}

int revoke_link(struct chain *c, int i)
{
  cp_grant_id_t link = c->links[i];
  c->links[i] = GRANT_INVALID;
  if (link == GRANT_INVALID) return 0;
  return c->makers[i] == partner ? ask(OP_REVOKE, link, 0, 0, 0) : cpf_revoke(link);
}

void end_chain(struct chain *c)
{
  for (int i = c->last; i >= 0; i--) revoke_link(c, i);
}

int next_request(struct request *r) { return get(r, sizeof *r); }

void reply(int result, int value)
{
  struct answer answer = { result, value };
  put(&answer, sizeof answer);
}

void out(const char *format, ...)
{
  char line[200];
  va_list ap;
  va_start(ap, format);
  int n = vsnprintf(line, sizeof line, format, ap);
  va_end(ap);
  write(results, line, n < (int)sizeof line ? n : (int)sizeof line - 1);
}

void begin(const char *name)
{
  step = name;
  failed = 0;
}

void check(const char *what, int got, int wanted)
{
  if (got == wanted) return;
  if (!failed++) out("%s: %s FAILED: %s: %d instead of %d\n", suite, step, what, got, wanted);
}

void finish(void)
{
  steps++;
  failures += failed > 0;
  if (!failed) out("%s: %s succeeded\n", suite, step);
}

int conclude(void)
{
  message m;
  out("%s: %d steps, %d failed\n", suite, steps, failures);
  close(results);
  for (;;) sef_receive(ANY, &m);
}

void ask_end(void)
{
  struct request r = { .op = OP_END };
  put(&r, sizeof r);
}

void meet_grantor(void)
{
  partner = ask(OP_END, sef_self(), 0, 0, 0);
  grant = answered;
  buf = pages(BYTES);
  spare = pages(BYTES);
}

/* All resident, and nobody else's. */
void *pages(size_t bytes)
{
  void *p = minix_mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PREALLOC, -1, 0);
  if (p == MAP_FAILED) panic("%s: no memory", suite);
  return p;
}

/* Bytes that depend on their place. */
void fill(unsigned char *p, size_t bytes, int seed)
{
  for (size_t i = 0; i < bytes; i++) p[i] = seed + i * 7 + (i >> 8);
}

int sum(const unsigned char *p, size_t bytes)
{
  unsigned hash = 0;
  for (size_t i = 0; i < bytes; i++) hash = hash * 31 + p[i];
  return hash & 0x7FFFFFFF;
}

static pid_t child;
static endpoint_t child_endpoint;

static endpoint_t endpoint_of(pid_t pid)
{
  message m;
  m.m1_i1 = pid;
  m.m1_i2 = 0;
  return _syscall(PM_PROC_NR, GETPROCNR, &m) < 0 ? NONE : m.m1_i1;
}

int fork_child(int (*job)(void))
{
  child = fork();
  if (child < 0) return -errno;
  if (child == 0) _exit(job()); /* not before its parent gives it privileges */
  child_endpoint = endpoint_of(child);
  return 0;
}

int release_child(void)
{
  int status = 0, r = sys_privctl(child_endpoint, SYS_PRIV_SET_USER, 0);
  if (r == 0) r = sys_privctl(child_endpoint, SYS_PRIV_ALLOW, 0);
  if (r != 0) return r;
  if (waitpid(child, &status, 0) != child) return -errno;
  return status;
}

static int run(const char *role)
{
  results = open_fifo("results", O_WRONLY);
  if (strcmp(suite, "grants") == 0) return grants();
  if (strcmp(role, "middle") == 0) return open_as_grantor("4fifo", "3fifo"), grantor(BYTES);
  if (strcmp(role, "grantor") == 0) {
    open_as_grantor("2fifo", "1fifo");
    return strcmp(suite, "dstest") == 0 ? subs() : grantor(strcmp(suite, "safeperf") == 0 ? 0x400000 + PAGE : BYTES);
  }
  if (strcmp(suite, "chain") == 0) {
    open_as_requestor("4fifo", "3fifo");
    other_partner();
  }
  open_as_requestor("2fifo", "1fifo");
  if (strcmp(suite, "dstest") != 0) meet_grantor();
  if (strcmp(suite, "chain") == 0) return chain();
  if (strcmp(suite, "safecopy") == 0) return safecopy();
  if (strcmp(suite, "safemap") == 0) return safemap();
  if (strcmp(suite, "safeperf") == 0) return safeperf();
  if (strcmp(suite, "dstest") == 0) return dstest();
  panic("no suite %s", suite);
}

int main(int argc, char **argv)
{
  argument_count = argc;
  arguments = argv;
  suite = __progname;
  sef_setcb_signal_handler(sef_cb_signal_handler_term);
  sef_startup();
  return run(argument("role", "requestor"));
}
