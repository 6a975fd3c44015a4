/* find [path ...] [expression]: -name -type -size -newer -maxdepth -mtime -print -print0 -exec … \; -delete, ! -a -o ( ) */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum kind { AND, OR, NOT, NAME, PATH, TYPE, SIZE, NEWER, MTIME, EMPTY, PRINT, PRINT0, EXEC, DELETE, PRUNE, TRUE };
struct node { enum kind kind; struct node *a, *b; char *text, **args; int argc, sign; long number; };

static char **at, **end;
static int acts, max_depth = -1, min_depth, status, pruned, depth_first;

static struct node *make(enum kind kind, struct node *a, struct node *b)
{
  struct node *n = xmalloc(sizeof *n);
  memset(n, 0, sizeof *n);
  n->kind = kind;
  n->a = a;
  n->b = b;
  return n;
}

static struct node *parse_or(void);

static char *argument(const char *of)
{
  if (at >= end) errx(1, "%s: an argument is missing", of);
  return *at++;
}

static struct node *parse_test(void)
{
  static const struct { const char *name; enum kind kind; int takes; } tests[] = {
    { "-name", NAME, 1 }, { "-path", PATH, 1 }, { "-type", TYPE, 1 }, { "-size", SIZE, 1 }, { "-newer", NEWER, 1 }, { "-mtime", MTIME, 1 },
    { "-empty", EMPTY, 0 }, { "-print", PRINT, 0 }, { "-print0", PRINT0, 0 }, { "-delete", DELETE, 0 }, { "-prune", PRUNE, 0 }, { "-true", TRUE, 0 },
  };
  struct stat st;
  char *word = *at++;
  if (!strcmp(word, "!")) return make(NOT, parse_test(), 0);
  if (!strcmp(word, "(")) {
    struct node *n = parse_or();
    if (at >= end || strcmp(*at++, ")")) errx(1, ") is missing");
    return n;
  }
  if (!strcmp(word, "-maxdepth") || !strcmp(word, "-mindepth")) {
    *(word[2] == 'a' ? &max_depth : &min_depth) = atoi(argument(word));
    return make(TRUE, 0, 0);
  }
  if (!strcmp(word, "-depth")) {
    depth_first = 1;
    return make(TRUE, 0, 0);
  }
  if (!strcmp(word, "-exec")) {
    struct node *n = make(EXEC, 0, 0);
    n->args = at;
    while (at < end && strcmp(*at, ";")) at++, n->argc++;
    if (at >= end || !n->argc) errx(1, "-exec: no ;");
    *at++ = 0;
    acts = 1;
    return n;
  }
  for (unsigned i = 0; i < sizeof tests / sizeof *tests; i++) {
    if (strcmp(word, tests[i].name)) continue;
    struct node *n = make(tests[i].kind, 0, 0);
    if (tests[i].takes) n->text = argument(word);
    if (n->kind == PRINT || n->kind == PRINT0 || n->kind == DELETE) acts = 1;
    if (n->kind == DELETE) depth_first = 1;
    if (n->kind == NEWER) {
      if (stat(n->text, &st) < 0) err(1, "%s", n->text);
      n->number = st.st_mtime;
    }
    if (n->kind == SIZE || n->kind == MTIME) {
      n->sign = *n->text == '+' ? 1 : *n->text == '-' ? -1 : 0;
      n->number = atol(n->text + (n->sign != 0));
    }
    return n;
  }
  errx(1, "%s: unknown", word);
}

static struct node *parse_and(void)
{
  struct node *n = parse_test();
  while (at < end && strcmp(*at, "-o") && strcmp(*at, ")")) {
    if (!strcmp(*at, "-a")) at++;
    if (at < end) n = make(AND, n, parse_test());
  }
  return n;
}

static struct node *parse_or(void)
{
  if (at >= end) errx(1, "an expression is missing");
  struct node *n = parse_and();
  while (at < end && !strcmp(*at, "-o")) {
    at++;
    if (at >= end) errx(1, "an expression is missing");
    n = make(OR, n, parse_and());
  }
  return n;
}

static int execute(const struct node *n, const char *path)
{
  char **args = xmalloc((n->argc + 1) * sizeof *args);
  int raw = 1;
  for (int i = 0; i <= n->argc; i++) args[i] = n->args[i] && !strcmp(n->args[i], "{}") ? (char *)path : n->args[i];
  fflush(stdout);
  int pid = fork();
  if (pid == 0) {
    execvp(args[0], args);
    warn("%s", args[0]);
    _exit(127);
  }
  while (pid > 0 && waitpid(pid, &raw, 0) < 0 && errno == EINTR) continue;
  free(args);
  return raw == 0;
}

static int compare(long long value, const struct node *n)
{
  return n->sign > 0 ? value > n->number : n->sign < 0 ? value < n->number : value == n->number;
}

static long long in_units(const struct stat *st, const char *text)
{
  int last = text[strlen(text) - 1], unit = last == 'c' ? 1 : last == 'k' ? 1024 : 512;
  return (st->st_size + unit - 1) / unit;
}

static int is_empty(const char *path, const struct stat *st)
{
  if (!S_ISDIR(st->st_mode)) return S_ISREG(st->st_mode) && st->st_size == 0;
  DIR *d = opendir(path);
  struct dirent *e;
  int n = 0;
  while (d && (e = readdir(d))) n++;
  if (d) closedir(d);
  return n == 2;
}

static int evaluate(const struct node *n, const char *path, const struct stat *st)
{
  static const char letters[] = "?pc?d?b?f?l?s???";
  const char *slash = strrchr(path, '/');
  switch (n->kind) {
    case AND: return evaluate(n->a, path, st) && evaluate(n->b, path, st);
    case OR: return evaluate(n->a, path, st) || evaluate(n->b, path, st);
    case NOT: return !evaluate(n->a, path, st);
    case NAME: return fnmatch(n->text, slash && slash[1] ? slash + 1 : path, 0) == 0;
    case PATH: return fnmatch(n->text, path, 0) == 0;
    case TYPE: return letters[st->st_mode >> 12 & 15] == *n->text;
    case SIZE: return compare(in_units(st, n->text), n);
    case NEWER: return st->st_mtime > n->number;
    case MTIME: return compare((time(0) - st->st_mtime) / 86400, n);
    case EMPTY: return is_empty(path, st);
    case EXEC: return execute(n, path);
    case PRUNE: pruned = 1; return 1;
    case DELETE:
      if (!strcmp(path, ".") || (S_ISDIR(st->st_mode) ? rmdir : unlink)(path) == 0) return 1;
      warn("%s", path);
      status = 1;
      return 0;
    case PRINT: puts(path); return 1;
    case PRINT0: fwrite(path, 1, strlen(path) + 1, stdout); return 1;
    default: return 1;
  }
}

static void visit(const struct node *n, const char *path, const struct stat *st, int depth)
{
  if (depth < min_depth) return;
  if (n && !evaluate(n, path, st)) return;
  if (!acts) puts(path);
}

static void walk(const struct node *n, const char *path, int depth)
{
  struct stat st;
  struct dirent *e;
  if (lstat(path, &st) < 0) {
    warn("%s", path);
    status = 1;
    return;
  }
  pruned = 0;
  if (!depth_first) visit(n, path, &st, depth);
  if (S_ISDIR(st.st_mode) && !pruned && (max_depth < 0 || depth < max_depth)) {
    char *full = xmalloc(PATH_MAX);
    DIR *d = opendir(path);
    if (!d) warn("%s", path), status = 1;
    while (d && (e = readdir(d))) {
      if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
      snprintf(full, PATH_MAX, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/", e->d_name);
      walk(n, full, depth + 1);
    }
    if (d) closedir(d);
    free(full);
  }
  if (depth_first) visit(n, path, &st, depth);
}

int main(int argc, char **argv)
{
  int paths = 1;
  while (paths < argc && argv[paths][0] != '-' && strcmp(argv[paths], "!") && strcmp(argv[paths], "(")) paths++;
  at = argv + paths;
  end = argv + argc;
  struct node *n = at < end ? parse_or() : 0;
  if (at < end) errx(1, "%s: unexpected", *at);
  if (paths == 1) walk(n, ".", 0);
  for (int i = 1; i < paths; i++) walk(n, argv[i], 0);
  return status;
}
