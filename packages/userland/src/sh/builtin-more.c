/* Builtins about input, jobs and names. */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sh.h"

/* A line, byte by byte so that nothing behind it is taken; -1 at the end of input. */
static int read_line(struct buffer *b, struct buffer *quoted, int raw)
{
  char c;
  for (;;) {
    int n = read(0, &c, 1);
    if (n < 0 && errno == EINTR && !pending_signals && !interrupted) continue;
    if (n <= 0) return -1;
    if (c == '\n') return 0;
    if (c == 0) continue;
    int escaped = 0;
    if (c == '\\' && !raw) {
      if (read(0, &c, 1) <= 0) return -1;
      if (c == '\n') continue;
      escaped = 1;
    }
    put(b, c);
    put(quoted, escaped ? 1 : 2);
  }
}

int do_read(int argc, char **argv)
{
  int raw = 0, i = 1;
  for (; i < argc && argv[i][0] == '-'; i++) {
    if (!strcmp(argv[i], "-r")) raw = 1;
    else if (!strcmp(argv[i], "-p") && i + 1 < argc) writeall(2, argv[i + 1], strlen(argv[i + 1])), i++;
    else fail(2, "read: %s: no such option", argv[i]);
  }
  struct buffer line = { 0, 0, 0 }, quoted = { 0, 0, 0 };
  fflush(stdout);
  int end = read_line(&line, &quoted, raw);
  const char *ifs = get_var("IFS");
  if (!ifs) ifs = " \t\n";
  char *text = line.text ? line.text : "", *mark = quoted.text;
  int at = 0, n = line.used;
#define IS_IFS(k) (mark[k] == 2 && strchr(ifs, text[k]))
#define IS_WHITE(k) (IS_IFS(k) && strchr(" \t\n", text[k]))
  while (at < n && IS_WHITE(at)) at++;
  for (; i < argc; i++) {
    int start = at, stop;
    if (i == argc - 1) {
      stop = n;
      while (stop > start && IS_WHITE(stop - 1)) stop--;
      int fields = 0; /* one delimiter at the very end belongs to the last field only when more came before it */
      for (int k = start; k < stop - 1; k++) fields += IS_IFS(k) != 0;
      if (!fields && stop > start && IS_IFS(stop - 1)) stop--;
      at = n;
    } else {
      while (at < n && !IS_IFS(at)) at++;
      stop = at;
      int hard = 0;
      while (at < n && IS_IFS(at) && (IS_WHITE(at) || !hard)) hard |= !IS_WHITE(at), at++;
    }
    set_var(argv[i], arena_text(&scratch, text + start, stop - start), 0);
  }
  free(line.text);
  free(quoted.text);
  return end < 0;
}

int do_getopts(int argc, char **argv)
{
  static int place = 1, last_index = 1;
  char letter[2] = "?", digits[12];
  if (argc < 3) fail(2, "getopts: options and a name, please");
  char **args = argc > 3 ? argv + 3 : positional;
  int count = argc > 3 ? argc - 3 : positional_count;
  const char *spec = argv[1], *optind_text = get_var("OPTIND");
  int index = optind_text ? atoi(optind_text) : 1, status = 0;
  if (index != last_index) place = 1;
  const char *word = index >= 1 && index <= count ? args[index - 1] : 0;
  unset_var("OPTARG");
  if (!word || word[0] != '-' || !word[1] || !strcmp(word, "--")) {
    if (word && !strcmp(word, "--")) index++;
    status = 1;
    place = 1;
  } else {
    int c = word[place++];
    const char *known = c == ':' ? 0 : strchr(spec, c);
    int more = word[place] != 0;
    letter[0] = known ? c : '?';
    if (!known) {
      char bad[2] = { c, 0 };
      if (*spec == ':') set_var("OPTARG", bad, 0);
      else complain("unknown option -%c", c);
    } else if (known[1] == ':') {
      if (more) set_var("OPTARG", word + place, 0);
      else if (index < count) set_var("OPTARG", args[index++], 0);
      else {
        char bad[2] = { c, 0 };
        letter[0] = *spec == ':' ? ':' : '?';
        if (*spec == ':') set_var("OPTARG", bad, 0);
        else complain("option -%c needs an argument", c);
      }
      more = 0;
    }
    if (!more) {
      index++;
      place = 1;
    }
  }
  snprintf(digits, sizeof digits, "%d", index);
  set_var("OPTIND", digits, 0);
  last_index = index;
  set_var(argv[2], letter, 0);
  return status;
}

int do_kill(int argc, char **argv)
{
  int sig = SIGTERM, i = 1, status = 0;
  if (argc > 1 && !strcmp(argv[1], "-l")) {
    if (argc > 2) {
      int n = atoi(argv[2]);
      const char *name = signame(n > 128 ? n - 128 : n);
      if (name) puts(name);
      return !name;
    }
    for (int n = 1; n < _NSIG; n++) printf("%s%c", signame(n), n == _NSIG - 1 ? '\n' : ' ');
    return 0;
  }
  if (argc > 2 && !strcmp(argv[1], "-s")) {
    sig = signum(argv[2]);
    i = 3;
  } else if (argc > 1 && argv[1][0] == '-' && strcmp(argv[1], "--")) {
    sig = signum(argv[1] + 1);
    i = 2;
  }
  if (i < argc && !strcmp(argv[i], "--")) i++;
  if (sig < 0) {
    complain("kill: bad signal");
    return 1;
  }
  if (i >= argc) {
    complain("usage: kill [-s signal] process ...");
    return 2;
  }
  for (; i < argc; i++) {
    char *end;
    long pid = *argv[i] == '%' ? job_pid(argv[i]) : strtol(argv[i], &end, 10);
    if (*argv[i] == '%' ? pid < 0 : *end || end == argv[i]) {
      complain("kill: %s: no such %s", argv[i], *argv[i] == '%' ? "job" : "process");
      status = 1;
    } else if (kill(pid, sig) < 0) {
      complain("kill: %s: %s", argv[i], strerror(errno));
      status = 1;
    }
  }
  return status;
}

int do_wait(int argc, char **argv)
{
  int status = 0;
  if (argc == 1) return wait_all();
  for (int i = 1; i < argc; i++) {
    int pid = job_pid(argv[i]);
    status = pid < 0 ? 127 : wait_one(pid);
  }
  return status;
}

int do_jobs(int argc, char **argv)
{
  (void)argc;
  (void)argv;
  list_jobs();
  return 0;
}

int do_umask(int argc, char **argv)
{
  if (argc > 1) {
    char *end;
    long mask = strtol(argv[1], &end, 8);
    if (*end || mask < 0 || mask > 0777) {
      complain("umask: %s: bad mask", argv[1]);
      return 1;
    }
    umask(mask);
    return 0;
  }
  int mask = umask(0);
  umask(mask);
  printf("%04o\n", mask);
  return 0;
}

int do_alias(int argc, char **argv)
{
  int status = 0;
  if (argc == 1)
    for (struct alias *a = aliases; a; a = a->next) printf("alias %s='%s'\n", a->name, a->value);
  for (int i = 1; i < argc; i++) {
    int n = strcspn(argv[i], "=");
    char *name = arena_text(&scratch, argv[i], n);
    struct alias *a = find_alias(name);
    if (!argv[i][n]) {
      if (a) printf("alias %s='%s'\n", a->name, a->value);
      else complain("alias: %s: not found", name), status = 1;
      continue;
    }
    if (!a) {
      a = xmalloc(sizeof *a);
      a->name = xstrdup(name);
      a->busy = 0;
      a->next = aliases;
      aliases = a;
    }
    a->value = xstrdup(argv[i] + n + 1); /* the old text may be an input */
  }
  return status;
}

int do_unalias(int argc, char **argv)
{
  int status = 0;
  for (int i = 1; i < argc; i++) {
    struct alias **at = &aliases;
    while (*at && strcmp((*at)->name, argv[i]) && strcmp(argv[i], "-a")) at = &(*at)->next;
    if (!*at && strcmp(argv[i], "-a")) complain("unalias: %s: not found", argv[i]), status = 1;
    else if (!strcmp(argv[i], "-a")) aliases = 0;
    else *at = (*at)->next;
  }
  return status;
}

static const char *const keywords = " if then else elif fi for in do done while until case esac { } ! ";

static int tell(const char *name, int brief)
{
  char spaced[32];
  const struct builtin *b = find_builtin(name);
  struct alias *a = find_alias(name);
  char *path;
  snprintf(spaced, sizeof spaced, " %s ", name);
  if (a) printf(brief ? "alias %s='%s'\n" : "%s is an alias for %s\n", name, a->value);
  else if (strlen(name) < 8 && strstr(keywords, spaced)) printf(brief ? "%s\n" : "%s is a keyword\n", name);
  else if (find_function(name)) printf(brief ? "%s\n" : "%s is a function\n", name);
  else if (b) printf(brief ? "%s\n" : "%s is a shell builtin\n", name);
  else if ((path = search_path(name)) && access(path, X_OK) == 0) {
    if (brief) puts(path);
    else printf("%s is %s\n", name, path);
  } else {
    if (!brief) complain("%s: not found", name);
    return 127;
  }
  return 0;
}

int do_type(int argc, char **argv)
{
  int status = 0;
  for (int i = 1; i < argc; i++) status |= tell(argv[i], 0);
  return status;
}

/* command -v name; command name …: no function of that name. */
int do_command(int argc, char **argv)
{
  if (argc > 2 && (!strcmp(argv[1], "-v") || !strcmp(argv[1], "-V"))) return tell(argv[2], argv[1][1] == 'v');
  int i = argc > 1 && !strcmp(argv[1], "-p") ? 2 : 1;
  if (i >= argc) return 0;
  const struct builtin *b = find_builtin(argv[i]);
  if (b) return b->run(argc - i, argv + i);
  fflush(stdout);
  int pid = fork();
  if (pid < 0) fail(2, "cannot fork: %s", strerror(errno));
  if (pid > 0) return wait_for(pid);
  in_main_shell = 0;
  traps_for_child();
  exec_program(argv + i, environment(), 0);
}
