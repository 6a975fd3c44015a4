/* The builtins that touch the shell itself, and the table of all. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "sh.h"

static int do_colon(int argc, char **argv)
{
  (void)argc;
  (void)argv;
  return 0;
}

static int do_false(int argc, char **argv)
{
  (void)argc;
  (void)argv;
  return 1;
}

static int number(const char *text, const char *who)
{
  char *end;
  long n = strtol(text, &end, 10);
  if (*end || end == text || n < 0) fail(2, "%s: %s: bad number", who, text);
  return n;
}

static int do_cd(int argc, char **argv)
{
  char cwd[1024];
  const char *to = argc > 1 ? argv[1] : get_var("HOME");
  int tell = 0;
  if (to && !strcmp(to, "-")) {
    to = get_var("OLDPWD");
    tell = 1;
  }
  if (!to) {
    complain("cd: no %s", argc > 1 ? "OLDPWD" : "HOME");
    return 1;
  }
  if (chdir(to) < 0) {
    complain("cd: %s: %s", to, strerror(errno));
    return 1;
  }
  const char *old = get_var("PWD");
  if (old) set_var("OLDPWD", old, 0);
  if (getcwd(cwd, sizeof cwd)) set_var("PWD", cwd, 0);
  if (tell) puts(cwd);
  return 0;
}

static int do_pwd(int argc, char **argv)
{
  char cwd[1024];
  (void)argc;
  (void)argv;
  if (!getcwd(cwd, sizeof cwd)) {
    complain("pwd: %s", strerror(errno));
    return 1;
  }
  puts(cwd);
  return 0;
}

static int do_exit(int argc, char **argv) { leave(argc > 1 ? number(argv[1], "exit") & 255 : last_status); }

static int do_loop_skip(int argc, char **argv)
{
  int n = argc > 1 ? number(argv[1], argv[0]) : 1;
  if (!loop_depth || n < 1) return 0;
  skip_count = n < loop_depth ? n : loop_depth;
  skip = argv[0][0] == 'b' ? SKIP_BREAK : SKIP_CONTINUE;
  return 0;
}

static int do_return(int argc, char **argv)
{
  int status = argc > 1 ? number(argv[1], "return") & 255 : last_status;
  skip = SKIP_RETURN;
  last_status = status;
  return status;
}

static int mark_vars(int argc, char **argv, int flag)
{
  int i = 1;
  if (i < argc && !strcmp(argv[i], "-p")) i++;
  if (i >= argc) list_vars(flag, flag == V_EXPORT ? "export " : "readonly ");
  for (; i < argc; i++) set_assignment(argv[i], flag);
  return 0;
}

static int do_export(int argc, char **argv)
{
  if (argc > 1 && !strcmp(argv[1], "-n")) {
    for (int i = 2; i < argc; i++) {
      struct var *v = find_var(argv[i], strlen(argv[i]));
      if (v) v->flags &= ~V_EXPORT;
    }
    return 0;
  }
  return mark_vars(argc, argv, V_EXPORT);
}

static int do_readonly(int argc, char **argv) { return mark_vars(argc, argv, V_READONLY); }

static int do_local(int argc, char **argv)
{
  if (!function_depth) fail(2, "local: not in a function");
  for (int i = 1; i < argc; i++) {
    int n = strcspn(argv[i], "=");
    char *name = arena_text(&scratch, argv[i], n);
    if (!is_name(name, n)) fail(2, "%s: bad variable name", name);
    save_local(name);
    set_assignment(argv[i], 0);
  }
  return 0;
}

static int do_unset(int argc, char **argv)
{
  int status = 0, functions = 0, i = 1;
  if (i < argc && (!strcmp(argv[i], "-f") || !strcmp(argv[i], "-v"))) functions = argv[i++][1] == 'f';
  for (; i < argc; i++) status |= functions ? unset_function(argv[i]) : unset_var(argv[i]);
  return status;
}

static int do_set(int argc, char **argv)
{
  if (argc == 1) {
    list_vars(0, "");
    return 0;
  }
  int used = set_options(argc - 1, argv + 1);
  if (used < 0) return 2;
  int explicit_end = used > 0 && !strcmp(argv[used], "--");
  if (used < argc - 1 || explicit_end) set_positional(argv + 1 + used, argc - 1 - used);
  return 0;
}

static int do_shift(int argc, char **argv)
{
  int n = argc > 1 ? number(argv[1], "shift") : 1;
  if (n > positional_count) {
    complain("shift: only %d parameters", positional_count);
    return 1;
  }
  int left = positional_count - n;
  char **rest = arena_get(&scratch, (left + 1) * sizeof *rest);
  for (int i = 0; i < left; i++) rest[i] = arena_text(&scratch, positional[n + i], strlen(positional[n + i]));
  set_positional(rest, left);
  return 0;
}

static int do_eval(int argc, char **argv)
{
  struct buffer b = { 0, 0, 0 };
  for (int i = 1; i < argc; i++) {
    if (i > 1) put(&b, ' ');
    put_text(&b, argv[i]);
  }
  if (!b.text) return 0;
  char *text = arena_text(&scratch, b.text, b.used);
  free(b.text);
  return run_text(text);
}

static int do_dot(int argc, char **argv)
{
  if (argc < 2) fail(2, ".: a file, please");
  const char *path = argv[1];
  if (!strchr(path, '/') && access(path, R_OK) < 0) {
    const char *found = search_path(path);
    if (found) path = found;
  }
  int fd = open(path, O_RDONLY);
  if (fd < 0) fail(2, "%s: %s", argv[1], strerror(errno));
  int high = fcntl(fd, F_DUPFD, 10);
  close(fd);
  fcntl(high, F_SETFD, FD_CLOEXEC);
  char *buf = arena_get(&scratch, 1024);
  struct input in = { .fd = high, .buf = buf, .step = 1024, .line = 1 };
  int status = run_input(&in, 0);
  close(high);
  if (skip == SKIP_RETURN) skip = SKIP_NONE;
  return status;
}

static int do_exec(int argc, char **argv)
{
  if (argc < 2) return 0;
  fflush(stdout);
  traps_for_child();
  exec_program(argv + 1, environment(), 0);
}

static const struct builtin builtins[] = {
  { ":", do_colon, 1 }, { ".", do_dot, 1 }, { "[", test_main, 0 }, { "alias", do_alias, 0 }, { "break", do_loop_skip, 1 },
  { "cd", do_cd, 0 }, { "command", do_command, 0 }, { "continue", do_loop_skip, 1 }, { "echo", echo_main, 0 },
  { "eval", do_eval, 1 }, { "exec", do_exec, 1 }, { "exit", do_exit, 1 }, { "export", do_export, 1 }, { "false", do_false, 0 },
  { "getopts", do_getopts, 0 }, { "jobs", do_jobs, 0 }, { "kill", do_kill, 0 }, { "local", do_local, 0 },
  { "printf", printf_main, 0 }, { "pwd", do_pwd, 0 }, { "read", do_read, 0 }, { "readonly", do_readonly, 1 },
  { "return", do_return, 1 }, { "set", do_set, 1 }, { "shift", do_shift, 1 }, { "test", test_main, 0 }, { "trap", do_trap, 1 },
  { "true", do_colon, 0 }, { "type", do_type, 0 }, { "umask", do_umask, 0 }, { "unalias", do_unalias, 0 },
  { "unset", do_unset, 1 }, { "wait", do_wait, 0 },
};

const struct builtin *find_builtin(const char *name)
{
  for (unsigned i = 0; i < sizeof builtins / sizeof *builtins; i++)
    if (builtins[i].name[0] == name[0] && !strcmp(builtins[i].name, name)) return &builtins[i];
  return 0;
}
