/* cut -c list | -b list | -f list [-d delimiter] [-s] [file ...] */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct { long from, to; } ranges[64];
static int range_count, by_field, only_delimited, delimiter = '\t';

static void parse(char *list)
{
  for (char *p = strtok(list, ", "); p; p = strtok(0, ", ")) {
    char *end;
    long from = *p == '-' ? 1 : strtol(p, &end, 10), to = from;
    if (*p == '-') end = p;
    if (*end == '-') to = end[1] ? strtol(end + 1, &end, 10) : 0x7FFFFFFF;
    else if (*end) errx(2, "%s: bad list", p);
    if (from < 1 || to < from || range_count == 64) errx(2, "%s: bad list", p);
    ranges[range_count].from = from;
    ranges[range_count++].to = to;
  }
}

static int wanted(long n)
{
  for (int i = 0; i < range_count; i++)
    if (n >= ranges[i].from && n <= ranges[i].to) return 1;
  return 0;
}

static void cut_fields(char *line)
{
  if (!strchr(line, delimiter)) {
    if (!only_delimited) puts(line);
    return;
  }
  int any = 0;
  for (long n = 1; line; n++) {
    char *end = strchr(line, delimiter);
    if (end) *end++ = 0;
    if (wanted(n)) {
      if (any++) putchar(delimiter);
      fputs(line, stdout);
    }
    line = end;
  }
  putchar('\n');
}

static void cut_file(FILE *f)
{
  char *line = 0;
  size_t size = 0;
  ssize_t n;
  while ((n = getline(&line, &size, f)) > 0) {
    if (line[n - 1] == '\n') line[--n] = 0;
    if (by_field) {
      cut_fields(line);
      continue;
    }
    for (ssize_t i = 0; i < n; i++)
      if (wanted(i + 1)) putchar(line[i]);
    putchar('\n');
  }
}

int main(int argc, char **argv)
{
  int c, status = 0;
  while ((c = getopt(argc, argv, "b:c:f:d:s")) != -1) {
    if (c == '?') return 2;
    if (c == 'd') delimiter = *optarg;
    else if (c == 's') only_delimited = 1;
    else {
      by_field = c == 'f';
      parse(optarg);
    }
  }
  if (!range_count) errx(2, "usage: cut -c list | -f list [-d delimiter] [-s] [file ...]");
  if (optind >= argc) cut_file(stdin);
  for (; optind < argc; optind++) {
    FILE *f = strcmp(argv[optind], "-") ? fopen(argv[optind], "r") : stdin;
    if (!f) {
      warn("%s", argv[optind]);
      status = 1;
      continue;
    }
    cut_file(f);
    if (f != stdin) fclose(f);
  }
  return status;
}
