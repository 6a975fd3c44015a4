/* Simple commands, pipelines, command substitution, programs. */
#include <errno.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sh.h"

/* Where programs were found, so that PATH is walked once for each. */
struct found { struct found *next; char *name, *path; };
static struct found *found;

void forget_paths(void)
{
  while (found) {
    struct found *f = found;
    found = f->next;
    free(f->name);
    free(f->path);
    free(f);
  }
}

/* The file to run for a name; NULL, with errno ENOENT or EACCES. */
char *search_path(const char *name)
{
  struct stat st;
  if (strchr(name, '/')) return (char *)name;
  for (struct found *f = found; f; f = f->next)
    if (!strcmp(f->name, name)) return f->path;
  const char *path = get_var("PATH");
  int error = ENOENT;
  if (!path) path = "/bin:/sbin:/usr/bin:/usr/sbin";
  for (;;) {
    int n = strcspn(path, ":");
    char *full = arena_get(&scratch, n + strlen(name) + 2);
    memcpy(full, path, n);
    if (n) full[n++] = '/';
    strcpy(full + n, name);
    if (stat(full, &st) == 0 && S_ISREG(st.st_mode)) {
      if (st.st_mode & 0111) {
        struct found *f = xmalloc(sizeof *f);
        f->name = xstrdup(name);
        f->path = xstrdup(full);
        f->next = found;
        found = f;
        return f->path;
      }
      error = EACCES;
    }
    path += strcspn(path, ":");
    if (!*path++) break;
  }
  errno = error;
  return 0;
}

/* A file that no loader knows is a script, unless it is plainly not text. */
static int is_text(const char *path)
{
  char head[128];
  int fd = open(path, O_RDONLY), n = fd < 0 ? -1 : read(fd, head, sizeof head);
  close(fd);
  return n >= 0 && !memchr(head, 0, n) && !(n >= 4 && !memcmp(head, "\177ELF", 4));
}

void exec_program(char **argv, char **envp, const char *path)
{
  struct stat st;
  if (!path) path = search_path(argv[0]);
  if (path) {
    execve(path, argv, envp);
    if (errno == ENOEXEC && is_text(path)) {
      int n = 0;
      while (argv[n]) n++;
      char **args = arena_get(&scratch, (n + 2) * sizeof *args);
      args[0] = "sh";
      args[1] = (char *)path;
      memcpy(args + 2, argv + 1, n * sizeof *args);
      execve("/bin/sh", args, envp);
    }
  }
  int error = errno;
  if (error == ENOENT) complain("%s: not found", argv[0]);
  else if (error == EACCES && path && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) complain("%s: is a directory", argv[0]);
  else complain("%s: %s", argv[0], strerror(error));
  fflush(stdout);
  _exit(error == ENOENT || error == ENOTDIR ? 127 : 126);
}

/* The process after fork: jobs of the parent are not its own. */
void enter_child(int background)
{
  traps_for_child();
  in_main_shell = 0;
  forget_jobs();
  if (background) {
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    int fd = open("/dev/null", O_RDONLY);
    if (fd > 0) {
      dup2(fd, 0);
      close(fd);
    }
  }
  interactive = 0;
}

static void trace(char **words)
{
  struct buffer b = { 0, 0, 0 };
  const char *ps4 = get_var("PS4");
  put_text(&b, ps4 ? ps4 : "+ ");
  for (; *words; words++) {
    put_text(&b, *words);
    put(&b, ' ');
  }
  b.text[b.used - 1] = '\n';
  writeall(2, b.text, b.used);
  free(b.text);
}

/* Assignments alone: each is expanded once, with what the ones before have set. */
static void assign_all(struct word *assigns)
{
  for (struct word *w = assigns; w; w = w->next) {
    char *text = expand_assignment(w->text);
    if (opt_x) trace((char *[]){ text, 0 });
    set_assignment(text, 0);
  }
}

/* A builtin or a function with its redirections, and with assignments that last (special) or are taken back. */
static int run_inside(struct node *n, int argc, char **argv, const struct builtin *b, struct function *f, int flags)
{
  struct saved *saved = 0;
  volatile int status = 1;
  int keep = b && b->special, forever = b && !strcmp(b->name, "exec") && argc == 1;
  struct local *locals = locals_begin();
  if (redirect(n->redirs, forever ? 0 : &saved) < 0) {
    restore(saved);
    if (b && b->special && !interactive) leave(2);
    return 1;
  }
  int tested = in_test;
  if (flags & X_TESTED) in_test = 1;
  jmp_buf here, *outer = recover;
  int thrown = setjmp(here);
  if (!thrown) {
    recover = &here;
    for (struct word *w = n->assigns; w; w = w->next) {
      char *text = expand_assignment(w->text);
      if (!keep) save_local(arena_text(&scratch, text, strcspn(text, "=")));
      set_assignment(text, keep ? 0 : V_EXPORT);
    }
    status = f ? call_function(f, argc, argv) : b->run(argc, argv);
  }
  recover = outer;
  in_test = tested;
  if (fflush(stdout) < 0 && !thrown) {
    if (errno != EPIPE) complain("%s: write error: %s", argv[0], strerror(errno));
    clearerr(stdout);
    status = 1;
  }
  if (!keep && n->assigns) locals_end(locals);
  restore(saved);
  if (thrown) longjmp(*recover, thrown);
  return status;
}

static int run_program(struct node *n, char **argv, int flags)
{
  fflush(stdout);
  const char *path = n->assigns ? 0 : search_path(argv[0]); /* in this process, so that it is remembered */
  int pid = flags & X_EXIT ? 0 : fork();
  if (pid < 0) {
    complain("cannot fork: %s", strerror(errno));
    return 2;
  }
  if (pid > 0) return wait_for(pid);
  in_main_shell = 0;
  traps_for_child();
  if (redirect(n->redirs, 0) < 0) _exit(1);
  for (struct word *w = n->assigns; w; w = w->next) set_assignment(expand_assignment(w->text), V_EXPORT);
  exec_program(argv, environment(), path);
}

int run_simple(struct node *n, int flags)
{
  struct mark m = arena_mark(&scratch);
  int argc, status, before = substitutions;
  char **argv = expand_words(n->words, &argc);
  if (opt_x && argc > 0) trace(argv);
  if (argc == 0) {
    struct saved *saved = 0;
    int failed = redirect(n->redirs, &saved) < 0;
    assign_all(n->assigns);
    restore(saved);
    status = failed ? 1 : substitutions != before ? last_status : 0; /* $? in an assignment is that of the command before */
  } else {
    const struct builtin *b = find_builtin(argv[0]);
    struct function *f = b && b->special ? 0 : find_function(argv[0]);
    if (b || f) status = run_inside(n, argc, argv, f ? 0 : b, f, flags);
    else status = run_program(n, argv, flags);
  }
  arena_release(&scratch, m);
  return status;
}

int run_pipe(struct node *n, int flags)
{
  int in = -1, last = 0, ends[2], pids[64], count = 0;
  (void)flags;
  fflush(stdout);
  for (struct node *p = n->a; p; p = p->next) {
    ends[0] = ends[1] = -1;
    if (p->next && pipe(ends) < 0) fail(2, "cannot make a pipe: %s", strerror(errno));
    int pid = fork();
    if (pid < 0) {
      close(ends[0]);
      close(ends[1]);
      close(in);
      fail(2, "cannot fork: %s", strerror(errno));
    }
    if (pid == 0) {
      enter_child(0);
      loop_depth = 0;
      if (in >= 0) {
        dup2(in, 0);
        close(in);
      }
      if (ends[1] >= 0) {
        close(ends[0]);
        dup2(ends[1], 1);
        close(ends[1]);
      }
      leave(run(p, X_EXIT));
    }
    if (in >= 0) close(in);
    if (ends[1] >= 0) close(ends[1]);
    in = ends[0];
    if (count < 64) pids[count++] = pid;
    last = pid;
  }
  int status = 0;
  for (int i = 0; i < count; i++) {
    int s = wait_for(pids[i]);
    if (pids[i] == last) status = s;
  }
  return status;
}

/* What a command writes, without the newlines at its end. */
char *substitute_command(const char *text)
{
  int ends[2];
  fflush(stdout);
  if (pipe(ends) < 0) fail(2, "cannot make a pipe: %s", strerror(errno));
  int pid = fork();
  if (pid < 0) {
    close(ends[0]);
    close(ends[1]);
    fail(2, "cannot fork: %s", strerror(errno));
  }
  if (pid == 0) {
    enter_child(0);
    loop_depth = 0;
    close(ends[0]);
    if (ends[1] != 1) {
      dup2(ends[1], 1);
      close(ends[1]);
    }
    leave(run_text(text));
  }
  close(ends[1]);
  struct buffer b = { 0, 0, 0 };
  char block[1024];
  for (;;) {
    int got = read(ends[0], block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    for (int i = 0; i < got; i++)
      if (block[i]) put(&b, block[i]);
  }
  close(ends[0]);
  last_status = wait_for(pid);
  substitutions++;
  while (b.used > 0 && b.text[b.used - 1] == '\n') b.used--;
  char *out = arena_text(&scratch, b.text ? b.text : "", b.used);
  free(b.text);
  return out;
}
