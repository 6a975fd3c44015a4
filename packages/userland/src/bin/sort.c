/* sort [-bcfnru] [-t separator] [-k from[,to][bfnr]] [-o output] [file ...] */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLANKS = 1, FOLD = 2, NUMERIC = 4, REVERSE = 8, DICTIONARY = 16 };
struct key { int field, offset, end_field, end_offset, flags; };
struct line { char *text; };

static struct key keys[16];
static int key_count, global, separator, unique;
static struct line *lines;
static int count, size;

static int flag_of(int c) { return c == 'b' ? BLANKS : c == 'f' ? FOLD : c == 'n' ? NUMERIC : c == 'r' ? REVERSE : c == 'd' ? DICTIONARY : 0; }

static const char *number(const char *p, int *n)
{
  char *end;
  *n = strtol(p, &end, 10);
  return end;
}

static void add_key(const char *text)
{
  struct key *k = &keys[key_count++];
  const char *p = number(text, &k->field);
  if (key_count > 15 || k->field < 1) errx(2, "%s: bad key", text);
  k->offset = 1;
  if (*p == '.') p = number(p + 1, &k->offset);
  for (; flag_of(*p); p++) k->flags |= flag_of(*p);
  if (*p == ',') {
    p = number(p + 1, &k->end_field);
    if (*p == '.') p = number(p + 1, &k->end_offset);
    for (; flag_of(*p); p++) k->flags |= flag_of(*p);
  }
  if (*p) errx(2, "%s: bad key", text);
}

/* Where a field begins; with no separator the blanks before a field belong to it. */
static const char *field_start(const char *s, int field)
{
  while (--field > 0 && *s) {
    if (separator) {
      while (*s && *s != separator) s++;
      if (*s) s++;
    } else {
      while (isblank((unsigned char)*s)) s++;
      while (*s && !isblank((unsigned char)*s)) s++;
    }
  }
  return s;
}

static const char *field_end(const char *s)
{
  if (separator) return s + strcspn(s, (char[]){ separator, 0 });
  while (isblank((unsigned char)*s)) s++;
  while (*s && !isblank((unsigned char)*s)) s++;
  return s;
}

static const char *find(const char *s, const struct key *k, int flags, const char **end)
{
  const char *start = field_start(s, k->field);
  if (flags & BLANKS)
    while (isblank((unsigned char)*start)) start++;
  for (int i = 1; i < k->offset && *start; i++) start++;
  if (!k->end_field) {
    *end = start + strlen(start);
  } else {
    const char *last = field_start(s, k->end_field);
    if (!k->end_offset) *end = field_end(last);
    else {
      for (int i = 0; i < k->end_offset && *last; i++) last++;
      *end = last;
    }
  }
  if (*end < start) *end = start;
  return start;
}

/* Decimal numbers of any length, with a sign and a fraction. */
static int compare_numbers(const char *a, const char *ae, const char *b, const char *be)
{
  while (a < ae && isspace((unsigned char)*a)) a++;
  while (b < be && isspace((unsigned char)*b)) b++;
  int minus_a = a < ae && *a == '-', minus_b = b < be && *b == '-';
  a += minus_a || (a < ae && *a == '+');
  b += minus_b || (b < be && *b == '+');
  while (a < ae && *a == '0') a++;
  while (b < be && *b == '0') b++;
  const char *x = a, *y = b;
  while (x < ae && isdigit((unsigned char)*x)) x++;
  while (y < be && isdigit((unsigned char)*y)) y++;
  int order = (x - a) - (y - b), zero_a = x == a, zero_b = y == b;
  if (!order) order = strncmp(a, b, x - a);
  if (x < ae && *x == '.') x++;
  else x = ae;
  if (y < be && *y == '.') y++;
  else y = be;
  int fraction = 0;
  while (!fraction) {
    int p = x < ae && isdigit((unsigned char)*x) ? *x++ : 0, q = y < be && isdigit((unsigned char)*y) ? *y++ : 0;
    if (!p && !q) break;
    if ((p && p != '0')) zero_a = 0;
    if ((q && q != '0')) zero_b = 0;
    fraction = (p ? p : '0') - (q ? q : '0');
  }
  if (!order) order = fraction;
  if (zero_a) minus_a = 0;
  if (zero_b) minus_b = 0;
  if (minus_a != minus_b) return minus_a ? -1 : 1;
  return minus_a ? -order : order;
}

static int compare_text(const char *a, const char *ae, const char *b, const char *be, int flags)
{
  for (;;) {
    if (flags & DICTIONARY) {
      while (a < ae && !isalnum((unsigned char)*a) && !isblank((unsigned char)*a)) a++;
      while (b < be && !isalnum((unsigned char)*b) && !isblank((unsigned char)*b)) b++;
    }
    if (a >= ae || b >= be) return (a < ae) - (b < be);
    int x = (unsigned char)*a++, y = (unsigned char)*b++;
    if (flags & FOLD) x = toupper(x), y = toupper(y);
    if (x != y) return x - y;
  }
}

static int compare_keys(const char *a, const char *b)
{
  static const struct key whole = { 1, 1, 0, 0, 0 };
  for (int i = 0; i < (key_count ? key_count : 1); i++) {
    const struct key *k = key_count ? &keys[i] : &whole;
    int flags = k->flags ? k->flags : global;
    const char *ae, *be, *as = find(a, k, flags, &ae), *bs = find(b, k, flags, &be);
    int order = flags & NUMERIC ? compare_numbers(as, ae, bs, be) : compare_text(as, ae, bs, be, flags);
    if (order) return flags & REVERSE ? -order : order;
  }
  return 0;
}

static int compare(const void *x, const void *y)
{
  const char *a = ((const struct line *)x)->text, *b = ((const struct line *)y)->text;
  int order = key_count || global & ~REVERSE ? compare_keys(a, b) : 0;
  if (order || unique) return order ? order : key_count || global & ~REVERSE ? 0 : global & REVERSE ? strcmp(b, a) : strcmp(a, b);
  return global & REVERSE ? strcmp(b, a) : strcmp(a, b);
}

static void read_all(FILE *f, const char *name)
{
  char *line = 0;
  size_t room = 0;
  ssize_t n;
  while ((n = getline(&line, &room, f)) > 0) {
    if (line[n - 1] == '\n') line[--n] = 0;
    if (count == size) {
      size = size ? size * 2 : 256;
      lines = xrealloc(lines, size * sizeof *lines);
    }
    char *copy = xmalloc(n + 1);
    memcpy(copy, line, n + 1);
    lines[count++].text = copy;
  }
  if (ferror(f)) err(2, "%s", name);
  free(line);
}

int main(int argc, char **argv)
{
  int c, check = 0;
  const char *output = 0;
  while ((c = getopt(argc, argv, "bcdfmnrsut:k:o:")) != -1) {
    if (c == '?') return 2;
    if (c == 't') separator = optarg[0] == '\\' && optarg[1] == 't' ? '\t' : *optarg;
    else if (c == 'k') add_key(optarg);
    else if (c == 'o') output = optarg;
    else if (c == 'u') unique = 1;
    else if (c == 'c') check = 1;
    else global |= flag_of(c);
  }
  if (optind >= argc) read_all(stdin, "standard input");
  for (; optind < argc; optind++) {
    FILE *f = strcmp(argv[optind], "-") ? fopen(argv[optind], "r") : stdin;
    if (!f) err(2, "%s", argv[optind]);
    read_all(f, argv[optind]);
    if (f != stdin) fclose(f);
  }
  if (check) {
    for (int i = 1; i < count; i++)
      if (compare(&lines[i - 1], &lines[i]) > (unique ? -1 : 0)) errx(1, "disorder: %s", lines[i].text);
    return 0;
  }
  qsort(lines, count, sizeof *lines, compare);
  FILE *out = output ? fopen(output, "w") : stdout;
  if (!out) err(2, "%s", output);
  for (int i = 0; i < count; i++) {
    if (unique && i > 0 && compare(&lines[i - 1], &lines[i]) == 0) continue;
    fputs(lines[i].text, out);
    putc('\n', out);
  }
  return fflush(out) < 0 ? 2 : 0;
}
