/* uniq [-cdui] [input [output]] */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int counts, only_repeated, only_single;

static void show(FILE *out, const char *line, long n)
{
  if ((only_repeated && n < 2) || (only_single && n > 1)) return;
  if (counts) fprintf(out, "%7ld ", n);
  fputs(line, out);
  putc('\n', out);
}

int main(int argc, char **argv)
{
  char *line = 0, *last = 0;
  size_t size = 0;
  ssize_t n;
  long count = 0;
  int c, fold = 0;
  while ((c = getopt(argc, argv, "cdui")) != -1) {
    if (c == '?') return 2;
    counts |= c == 'c';
    only_repeated |= c == 'd';
    only_single |= c == 'u';
    fold |= c == 'i';
  }
  FILE *in = optind < argc && strcmp(argv[optind], "-") ? fopen(argv[optind], "r") : stdin;
  if (!in) err(1, "%s", argv[optind]);
  FILE *out = optind + 1 < argc ? fopen(argv[optind + 1], "w") : stdout;
  if (!out) err(1, "%s", argv[optind + 1]);
  while ((n = getline(&line, &size, in)) > 0) {
    if (line[n - 1] == '\n') line[n - 1] = 0;
    if (last && !(fold ? strcasecmp : strcmp)(last, line)) {
      count++;
      continue;
    }
    if (last) show(out, last, count);
    count = 1;
    last = xstrdup(line);
  }
  if (last) show(out, last, count);
  return 0;
}
