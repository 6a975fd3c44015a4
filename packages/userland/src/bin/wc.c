/* wc [-clmw] [file ...] */
#include <ctype.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int want_lines, want_words, want_bytes, several;

static void show(const unsigned long n[3], const char *name)
{
  int want[3] = { want_lines, want_words, want_bytes }, alone = want_lines + want_words + want_bytes == 1 && !several;
  for (int i = 0, first = 1; i < 3; i++) {
    if (!want[i]) continue;
    if (alone) printf("%lu", n[i]);
    else printf(first ? "%7lu" : " %7lu", n[i]);
    first = 0;
  }
  if (name) printf(" %s", name);
  putchar('\n');
}

static int count(int fd, unsigned long n[3])
{
  static char buf[32768];
  int got, inside = 0;
  while ((got = read(fd, buf, sizeof buf)) > 0) {
    n[2] += got;
    if (!want_lines && !want_words) continue;
    for (char *p = buf; p < buf + got; p++) {
      if (*p == '\n') n[0]++;
      int space = isspace((unsigned char)*p);
      if (!space && !inside) n[1]++;
      inside = !space;
    }
  }
  return got;
}

int main(int argc, char **argv)
{
  unsigned long total[3] = { 0, 0, 0 };
  int c, status = 0;
  while ((c = getopt(argc, argv, "clmw")) != -1) {
    if (c == '?') return 2;
    if (c == 'l') want_lines = 1;
    else if (c == 'w') want_words = 1;
    else want_bytes = 1;
  }
  if (!want_lines && !want_words && !want_bytes) want_lines = want_words = want_bytes = 1;
  if (optind >= argc) {
    if (count(0, total) < 0) err(1, "standard input");
    show(total, 0);
    return 0;
  }
  several = argc - optind > 1;
  for (int i = optind; i < argc; i++) {
    unsigned long n[3] = { 0, 0, 0 };
    int fd = open(argv[i], O_RDONLY);
    if (fd < 0 || count(fd, n) < 0) {
      warn("%s", argv[i]);
      status = 1;
      if (fd < 0) continue;
    }
    close(fd);
    show(n, argv[i]);
    for (int k = 0; k < 3; k++) total[k] += n[k];
  }
  if (several) show(total, "total");
  return status;
}
