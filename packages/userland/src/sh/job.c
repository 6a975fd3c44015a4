/* Children: those waited for at once, and those in the background. */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "sh.h"

struct job { struct job *next; int number, pid, done, status; char *text; };
static struct job *jobs;
int last_background;

static int to_status(int raw) { return WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw); }

static void describe(struct buffer *b, struct node *n)
{
  if (!n) return;
  if (n->type == N_SIMPLE) {
    for (struct word *w = n->words; w; w = w->next) {
      if (w != n->words) put(b, ' ');
      for (char *p = w->text; *p; p++)
        if (*p == CTL_BEGIN) put_text(b, "$("), p++;
        else put(b, *p == CTL_END ? ')' : *p);
    }
  } else if (n->type == N_PIPE) {
    for (struct node *p = n->a; p; p = p->next) {
      describe(b, p);
      if (p->next) put_text(b, " | ");
    }
  } else {
    put_text(b, "( ... )");
  }
}

void add_job(int pid, struct node *n)
{
  struct job *j = xmalloc(sizeof *j), **at = &jobs;
  struct buffer b = { 0, 0, 0 };
  put_text(&b, "");
  describe(&b, n);
  j->number = 1;
  while (*at) {
    if ((*at)->number >= j->number) j->number = (*at)->number + 1;
    at = &(*at)->next;
  }
  j->pid = pid;
  j->done = j->status = 0;
  j->text = b.text ? b.text : xstrdup("");
  j->next = 0;
  *at = j;
  if (interactive) dprintf(2, "[%d] %d\n", j->number, pid);
}

void forget_jobs(void) { jobs = 0; }

static void remember(int pid, int raw)
{
  for (struct job *j = jobs; j; j = j->next)
    if (j->pid == pid && !j->done) {
      j->done = 1;
      j->status = raw;
    }
}

static void remove_job(struct job *gone)
{
  struct job **at = &jobs;
  while (*at != gone) at = &(*at)->next;
  *at = gone->next;
  free(gone->text);
  free(gone);
}

static const char *state(const struct job *j)
{
  static char text[32];
  if (!j->done) return "Running";
  if (WIFSIGNALED(j->status)) return strsignal(WTERMSIG(j->status));
  if (!WEXITSTATUS(j->status)) return "Done";
  snprintf(text, sizeof text, "Exit %d", WEXITSTATUS(j->status));
  return text;
}

/* Notes who has ended; an interactive shell tells. */
void reap_jobs(int tell)
{
  int raw, pid;
  if (!jobs) return;
  while ((pid = waitpid(-1, &raw, WNOHANG)) > 0) remember(pid, raw);
  for (struct job *j = jobs, *next; j; j = next) {
    next = j->next;
    if (!j->done || !tell) continue;
    dprintf(2, "[%d] %s  %s\n", j->number, state(j), j->text);
    remove_job(j);
  }
}

/* A child in the foreground: its status, after a word about a death that would else go unseen. */
int wait_for(int pid)
{
  int raw, r;
  for (;;) {
    r = waitpid(pid, &raw, 0);
    if (r == pid) break;
    if (r < 0 && errno != EINTR) return 127;
  }
  if (WIFSIGNALED(raw)) {
    int sig = WTERMSIG(raw);
    if (sig == SIGINT) {
      if (interactive) {
        writeall(2, "\n", 1);
        interrupted = 2; /* and the line is ended */
      }
    } else if (sig != SIGPIPE && in_main_shell) {
      dprintf(2, "%s%s\n", strsignal(sig), WCOREDUMP(raw) ? " (core dumped)" : "");
    }
  } else {
    interrupted = 0; /* it lived through the interrupt, so the shell does, too */
  }
  return to_status(raw);
}

static struct job *find_job(int pid)
{
  for (struct job *j = jobs; j; j = j->next)
    if (j->pid == pid) return j;
  return 0;
}

/* The wait builtin for one process; a signal with a trap ends it. */
int wait_one(int pid)
{
  struct job *j = find_job(pid);
  int raw;
  if (!j) return 127;
  while (!j->done) {
    int r = waitpid(pid, &raw, 0);
    if (r > 0) remember(r, raw);
    else if (r < 0 && errno == EINTR && (pending_signals || interrupted)) return 128 + SIGINT;
    else if (r < 0 && errno != EINTR) return 127;
  }
  int status = to_status(j->status);
  remove_job(j);
  return status;
}

int wait_all(void)
{
  int status = 0;
  while (jobs && status <= 128) {
    int running = jobs->pid, done = jobs->done;
    status = wait_one(running);
    if (done) status = 0;
    if (status == 128 + SIGINT && (pending_signals || interrupted)) return status;
    if (status > 128) status = 0;
  }
  return 0;
}

/* "%1" or a number; -1 when there is no such job. */
int job_pid(const char *name)
{
  if (*name != '%') return isdigit((unsigned char)*name) || (*name == '-' && isdigit((unsigned char)name[1])) ? atoi(name) : -1;
  struct job *last = 0;
  for (struct job *j = jobs; j; j = j->next) {
    if (atoi(name + 1) == j->number) return j->pid;
    last = j;
  }
  return last && (!name[1] || name[1] == '%' || name[1] == '+') ? last->pid : -1;
}

void list_jobs(void)
{
  reap_jobs(0);
  for (struct job *j = jobs, *next; j; j = next) {
    next = j->next;
    printf("[%d] %d %s  %s\n", j->number, j->pid, state(j), j->text);
    if (j->done) remove_job(j);
  }
}
