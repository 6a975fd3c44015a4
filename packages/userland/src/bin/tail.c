/* tail [-n lines | -c bytes | -lines] [-f] [file] : a count with + is from the beginning */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void from_start(FILE *f, long n, int by_bytes)
{
  int c;
  for (n--; n > 0 && (c = getc(f)) != EOF;)
    if (by_bytes || c == '\n') n--;
  while ((c = getc(f)) != EOF) putchar(c);
}

/* The last lines in a ring, or the last bytes in one. */
static void last_lines(FILE *f, long n)
{
  struct { char *text; size_t size; ssize_t length; } *ring = calloc(n + 1, sizeof *ring);
  long count = 0;
  if (!ring) errx(1, "out of memory");
  for (;;) {
    long at = count % (n + 1);
    ring[at].length = getline(&ring[at].text, &ring[at].size, f);
    if (ring[at].length < 0) break;
    count++;
  }
  for (long i = count > n ? count - n : 0; i < count; i++) fwrite(ring[i % (n + 1)].text, 1, ring[i % (n + 1)].length, stdout);
}

static void last_bytes(FILE *f, long n)
{
  char *ring = xmalloc(n + 1);
  long count = 0;
  int c;
  while ((c = getc(f)) != EOF) ring[count++ % (n + 1)] = c;
  for (long i = count > n ? count - n : 0; i < count; i++) putchar(ring[i % (n + 1)]);
}

int main(int argc, char **argv)
{
  int c, by_bytes = 0, follow = 0;
  const char *text = "10";
  if (argc > 1 && (argv[1][0] == '-' || argv[1][0] == '+') && isdigit((unsigned char)argv[1][1])) {
    text = argv[1][0] == '-' ? argv[1] + 1 : argv[1];
    argv[1] = argv[0];
    argv++;
    argc--;
  }
  while ((c = getopt(argc, argv, "n:c:f")) != -1) {
    if (c == '?') return 2;
    if (c == 'f') follow = 1;
    else {
      text = optarg;
      by_bytes = c == 'c';
    }
  }
  FILE *f = optind < argc ? fopen(argv[optind], "r") : stdin;
  if (!f) err(1, "%s", argv[optind]);
  long n = atol(*text == '+' || *text == '-' ? text + 1 : text);
  if (*text == '+') from_start(f, n, by_bytes);
  else if (by_bytes) last_bytes(f, n);
  else last_lines(f, n);
  while (follow) {
    fflush(stdout);
    sleep(1);
    clearerr(f);
    while ((c = getc(f)) != EOF) putchar(c);
  }
  return 0;
}
