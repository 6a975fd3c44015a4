/* Running a tree. */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "sh.h"

int skip, skip_count, loop_depth, function_depth;
int in_main_shell = 1;
int in_test;                           /* a function or builtin runs whose result is tested */

static void check_interrupt(void)
{
  if (interrupted && interactive && in_main_shell) {
    int told = interrupted > 1;
    interrupted = 0;
    run_traps();
    if (!told) writeall(2, "\n", 1);
    give_up(130);
  }
  if (pending_signals) run_traps();
}

/* After each round of a loop: is it over? */
static int loop_over(void)
{
  check_interrupt();
  if (!skip) return 0;
  if (skip == SKIP_RETURN) return 1;
  if (--skip_count > 0) return 1;
  int over = skip == SKIP_BREAK;
  skip = SKIP_NONE;
  return over;
}

static int run_while(struct node *n, int flags)
{
  int status = 0;
  loop_depth++;
  for (;;) {
    struct mark m = arena_mark(&scratch);
    int yes = (run(n->a, X_TESTED) == 0) == (n->type == N_WHILE);
    int over = skip ? loop_over() : 0;
    if (over || (!skip && !yes)) break;
    if (yes && !skip) status = run(n->b, flags & X_TESTED);
    arena_release(&scratch, m);
    if (loop_over()) break;
  }
  loop_depth--;
  return status;
}

static int run_for(struct node *n, int flags)
{
  int count, status = 0;
  char **words = expand_words(n->words, &count);
  loop_depth++;
  for (int i = 0; i < count; i++) {
    struct mark m = arena_mark(&scratch);
    set_var(n->name, words[i], 0);
    status = run(n->a, flags & X_TESTED);
    arena_release(&scratch, m);
    if (loop_over()) break;
  }
  loop_depth--;
  return status;
}

static int run_case(struct node *n, int flags)
{
  char *subject = expand_string(n->words->text);
  last_status = 0;
  for (struct node *item = n->a; item; item = item->next)
    for (struct word *w = item->words; w; w = w->next)
      if (fnmatch(expand_pattern(w->text), subject, 0) == 0) return item->a ? run(item->a, flags) : 0;
  return 0;
}

static int run_subshell(struct node *n, int flags)
{
  int pid = flags & X_EXIT ? 0 : fork();
  if (pid < 0) fail(2, "cannot fork: %s", strerror(errno));
  if (pid > 0) return wait_for(pid);
  enter_child(0);
  loop_depth = 0;
  if (redirect(n->redirs, 0) < 0) leave(1);
  leave(run(n->a, X_EXIT | (flags & X_TESTED)));
}

static int run_background(struct node *n)
{
  fflush(stdout);
  int pid = fork();
  if (pid < 0) fail(2, "cannot fork: %s", strerror(errno));
  if (pid == 0) {
    enter_child(1);
    leave(run(n->a, X_EXIT));
  }
  last_background = pid;
  add_job(pid, n->a);
  return 0;
}

/* A compound command with redirections: they hold while it runs. */
static int run_redirected(struct node *n, int flags)
{
  struct saved *saved = 0;
  struct redir *redirs = n->redirs;
  volatile int status = 1;
  if (redirect(redirs, &saved) == 0) {
    n->redirs = 0;
    jmp_buf here, *outer = recover;
    int thrown = setjmp(here);
    if (!thrown) {
      recover = &here;
      status = run(n, flags & ~X_EXIT);
    }
    recover = outer;
    n->redirs = redirs;
    if (thrown) {
      restore(saved);
      longjmp(*recover, thrown);
    }
  }
  restore(saved);
  return status;
}

static int run_kind(struct node *n, int flags)
{
  switch (n->type) {
    case N_SIMPLE: return run_simple(n, flags);
    case N_PIPE: return run_pipe(n, flags);
    case N_AND:
    case N_OR: {
      int status = run(n->a, X_TESTED);
      if (skip || (status == 0) != (n->type == N_AND)) return status;
      return run(n->b, flags);
    }
    case N_SEQ: {
      int status = run(n->a, flags & X_TESTED);
      return skip ? status : run(n->b, flags);
    }
    case N_BACKGROUND: return run_background(n);
    case N_NOT: return !run(n->a, X_TESTED);
    case N_SUBSHELL: return run_subshell(n, flags);
    case N_GROUP: return run(n->a, flags);
    case N_IF: {
      int yes = run(n->a, X_TESTED) == 0;
      if (skip) return last_status;
      return yes ? run(n->b, flags) : n->c ? run(n->c, flags) : 0;
    }
    case N_WHILE:
    case N_UNTIL: return run_while(n, flags);
    case N_FOR: return run_for(n, flags);
    case N_CASE: return run_case(n, flags);
    case N_FUNCTION: define_function(n->name, n->a); return 0;
    default: return 0;
  }
}

int run(struct node *n, int flags)
{
  if (!n || opt_n) return 0;
  int redirected = n->redirs && n->type != N_SIMPLE && n->type != N_SUBSHELL;
  last_status = redirected ? run_redirected(n, flags) : run_kind(n, flags);
  check_interrupt();
  int plain = n->type == N_SIMPLE || n->type == N_PIPE || n->type == N_SUBSHELL;
  if (opt_e && last_status && plain && !(flags & X_TESTED) && !in_test && !skip) leave(last_status);
  return last_status;
}

int call_function(struct function *f, int argc, char **argv)
{
  char **kept = positional;
  int kept_count = positional_count, loops = loop_depth;
  volatile int status = 1;
  struct local *locals = locals_begin();
  if (function_depth > 500) fail(2, "%s: functions nested too deep", f->name);
  positional = 0;
  positional_count = 0;
  set_positional(argv + 1, argc - 1);
  loop_depth = 0;
  function_depth++;
  jmp_buf here, *outer = recover;
  int thrown = setjmp(here);
  if (!thrown) {
    recover = &here;
    status = run(f->body, 0);
  }
  recover = outer;
  function_depth--;
  loop_depth = loops;
  locals_end(locals);
  set_positional(0, 0);
  free(positional);
  positional = kept;
  positional_count = kept_count;
  if (thrown) longjmp(*recover, thrown);
  if (skip == SKIP_RETURN) {
    skip = SKIP_NONE;
    status = last_status;
  }
  return status;
}

/* Every complete command of an input, until its end (or exit, or return out of it). */
int run_input(struct input *in, int toplevel)
{
  struct arena *outer = parse_arena;
  int end = 0;
  push_input(in);
  if (!toplevel) last_status = 0;
  while (!end && !skip) {
    struct arena mine = { 0 };
    struct mark m = arena_mark(&scratch), none = { 0, 0 };
    if (toplevel) {
      reap_jobs(interactive);
      interrupted = 0;
    }
    parse_arena = &mine;
    struct node *n = parse_command(&end);
    int keep = function_seen;
    if (n) run(n, 0);
    if (!keep) arena_release(&mine, none);
    arena_release(&scratch, m);
    if (toplevel && skip && !function_depth) skip = SKIP_NONE;
  }
  parse_arena = outer;
  pop_input();
  return last_status;
}

int run_text(const char *text)
{
  struct input in = { .text = text, .line = 1 };
  return run_input(&in, 0);
}
