/* xargs [-0rt] [-n count] [-I word] [program [argument ...]] */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_ARGS 1024
#define MOST_BYTES 65536

static int status, zero, trace, by_line;

static void run(char **args)
{
  int raw;
  if (trace) {
    for (char **a = args; *a; a++) dprintf(2, "%s%c", *a, a[1] ? ' ' : '\n');
  }
  fflush(stdout);
  int pid = fork();
  if (pid < 0) err(1, "cannot fork");
  if (pid == 0) {
    execvp(args[0], args);
    int missing = errno == ENOENT;
    warn("%s", args[0]);
    _exit(missing ? 127 : 126);
  }
  while (waitpid(pid, &raw, 0) < 0 && errno == EINTR) continue;
  if (WIFSIGNALED(raw)) errx(125, "%s: killed by signal %d", args[0], WTERMSIG(raw));
  int code = WEXITSTATUS(raw);
  if (code == 126 || code == 127) exit(code);
  if (code == 255) exit(124);
  if (code) status = 123;
}

/* The next word of the input, with quotes and backslashes taken away; NULL at the end. */
static char *next_word(void)
{
  char *word = 0;
  int n = 0, size = 0, c, quote = 0, any = 0;
  while ((c = getchar()) != EOF) {
    if (zero ? c == 0 : !quote && (c == '\n' || (isspace(c) && !by_line))) {
      if (any || zero) break;
      continue;
    }
    any = 1;
    if (!zero && quote && c == quote) {
      quote = 0;
      continue;
    }
    if (!zero && !quote && (c == '\'' || c == '"')) {
      quote = c;
      continue;
    }
    if (!zero && !quote && c == '\\' && (c = getchar()) == EOF) break;
    if (n + 1 >= size) word = xrealloc(word, size = size ? size * 2 : 64);
    word[n++] = c;
  }
  if (!any && c == EOF) return 0;
  if (!word) word = xmalloc(1);
  word[n] = 0;
  return word;
}

static char *replace(const char *in, const char *what, const char *by)
{
  char *out = xmalloc(strlen(in) * (strlen(by) + 1) + strlen(in) + 1), *p = out;
  int n = strlen(what);
  while (*in) {
    if (!strncmp(in, what, n)) {
      p = stpcpy(p, by);
      in += n;
    } else {
      *p++ = *in++;
    }
  }
  *p = 0;
  return out;
}

int main(int argc, char **argv)
{
  static char *args[MOST_ARGS + 1], *echo[] = { "echo", 0 };
  int c, most = MOST_ARGS, not_empty = 0;
  char *mark = 0, *word;
  for (;;) {
    if (optind >= argc || argv[optind][0] != '-') break; /* the program's own options are not ours */
    c = getopt(argc, argv, "0rtn:I:");
    if (c == -1) break;
    if (c == '?') return 2;
    if (c == '0') zero = 1;
    else if (c == 'r') not_empty = 1;
    else if (c == 't') trace = 1;
    else if (c == 'n') most = atoi(optarg);
    else mark = optarg, by_line = 1;
  }
  char **command = optind < argc ? argv + optind : echo;
  int fixed = optind < argc ? argc - optind : 1;
  if (most < 1 || fixed >= MOST_ARGS) errx(2, "bad count");
  if (mark) {
    while ((word = next_word())) {
      for (int i = 0; i < fixed; i++) args[i] = replace(command[i], mark, word);
      args[fixed] = 0;
      run(args);
    }
    return status;
  }
  memcpy(args, command, fixed * sizeof *args);
  int n = fixed, bytes = 0, runs = 0;
  while ((word = next_word())) {
    int length = strlen(word) + 1;
    if (n > fixed && (n - fixed >= most || n >= MOST_ARGS || bytes + length > MOST_BYTES)) {
      args[n] = 0;
      run(args);
      runs++;
      while (n > fixed) free(args[--n]);
      bytes = 0;
    }
    args[n++] = word;
    bytes += length;
  }
  args[n] = 0;
  if (n > fixed || (!runs && !not_empty)) run(args);
  return status;
}
