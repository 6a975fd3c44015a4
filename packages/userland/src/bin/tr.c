/* tr [-cds] set1 [set2] */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct set { unsigned char chars[1024]; int n; };

static int one(const char **p)
{
  int c = (unsigned char)*(*p)++;
  if (c != '\\' || !**p) return c;
  c = (unsigned char)*(*p)++;
  static const char from[] = "abfnrtv\\", to[] = "\a\b\f\n\r\t\v\\";
  const char *found = strchr(from, c);
  if (found) return to[found - from];
  if (c < '0' || c > '7') return c;
  int n = c - '0';
  for (int i = 0; i < 2 && **p >= '0' && **p <= '7'; i++) n = n * 8 + *(*p)++ - '0';
  return n & 255;
}

static void add(struct set *s, int c)
{
  if (s->n < (int)sizeof s->chars) s->chars[s->n++] = c;
}

static void parse(struct set *s, const char *p, int room)
{
  while (*p) {
    const char *end = p[0] == '[' && p[1] == ':' ? strstr(p + 2, ":]") : 0;
    if (end) {
      for (int c = 0; c < 256; c++)
        if (_isclass(c, p + 2, end - p - 2)) add(s, c);
      p = end + 2;
      continue;
    }
    if (p[0] == '[' && p[1] && p[2] == '*') {
      const char *q = p + 1;
      int c = one(&q);
      char *close;
      long n = strtol(q + 1, &close, 10);
      if (*close == ']') {
        if (n == 0) n = room - s->n;
        while (n-- > 0) add(s, c);
        p = close + 1;
        continue;
      }
    }
    int low = one(&p), high = low;
    if (*p == '-' && p[1]) {
      p++;
      high = one(&p);
      if (high < low) errx(2, "a range is backwards");
    }
    for (int c = low; c <= high; c++) add(s, c);
  }
}

int main(int argc, char **argv)
{
  static struct set a, b;
  unsigned char map[256], drop[256] = { 0 }, squeeze[256] = { 0 }, in_a[256] = { 0 };
  int c, complement = 0, delete = 0, squeezing = 0, last = -1;
  while ((c = getopt(argc, argv, "cCds")) != -1) {
    if (c == '?') return 2;
    if (c == 'd') delete = 1;
    else if (c == 's') squeezing = 1;
    else complement = 1;
  }
  int sets = argc - optind;
  if (sets < 1 || sets > 2 || (sets == 1 && !delete && !squeezing)) errx(2, "usage: tr [-cds] set1 [set2]");
  parse(&a, argv[optind], 0);
  for (int i = 0; i < a.n; i++) in_a[a.chars[i]] = 1;
  if (complement) {
    a.n = 0;
    for (int i = 0; i < 256; i++)
      if ((in_a[i] = !in_a[i])) add(&a, i);
  }
  if (sets == 2) parse(&b, argv[optind + 1], a.n);
  for (int i = 0; i < 256; i++) map[i] = i;
  if (delete) memcpy(drop, in_a, sizeof drop);
  else if (sets == 2 && b.n > 0)
    for (int i = 0; i < a.n; i++) map[a.chars[i]] = b.chars[i < b.n ? i : b.n - 1];
  struct set *squeezed = sets == 2 ? &b : &a;
  for (int i = 0; squeezing && i < squeezed->n; i++) squeeze[squeezed->chars[i]] = 1;
  while ((c = getchar()) != EOF) {
    if (drop[c]) continue;
    c = map[c];
    if (c == last && squeeze[c]) continue;
    putchar(c);
    last = c;
  }
  return fflush(stdout) < 0;
}
