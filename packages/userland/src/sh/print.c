/* echo and printf, for the shell and as programs. */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef TEST_PROGRAM
#define complain warnx
#else
#include "sh.h"
#endif

/* An escape after its backslash; the text behind it. `b`: the form of %b and echo -e, \0ooo. Sets *stop for \c. */
static const char *escape(const char *p, int b, int *stop)
{
  static const char from[] = "abefnrtv\\", to[] = "\a\b\033\f\n\r\t\v\\";
  const char *found = *p ? strchr(from, *p) : 0;
  if (found) {
    putchar(to[found - from]);
    return p + 1;
  }
  if (*p == 'c' && b) {
    *stop = 1;
    return p + 1;
  }
  if (*p >= '0' && *p <= '7') {
    int n = 0, digits = 0, most = b && *p == '0' ? 4 : 3;
    while (digits < most && *p >= '0' && *p <= '7') n = n * 8 + *p++ - '0', digits++;
    putchar(n);
    return p;
  }
  putchar('\\');
  return p;
}

static void put_escaped(const char *s, int *stop)
{
  while (*s && !*stop) {
    if (*s == '\\') s = escape(s + 1, 1, stop);
    else putchar(*s++);
  }
}

int echo_main(int argc, char **argv)
{
  int newline = 1, escapes = 0, stop = 0, i = 1;
  for (; i < argc && argv[i][0] == '-' && argv[i][1] && !argv[i][1 + strspn(argv[i] + 1, "neE")]; i++)
    for (char *p = argv[i] + 1; *p; p++) {
      if (*p == 'n') newline = 0;
      else escapes = *p == 'e';
    }
  for (int first = i; i < argc && !stop; i++) {
    if (i > first) putchar(' ');
    if (escapes) put_escaped(argv[i], &stop);
    else fputs(argv[i], stdout);
  }
  if (newline && !stop) putchar('\n');
  return 0;
}

static char **args;
static int status;

static const char *next(void) { return *args ? *args++ : 0; }

static long long next_number(void)
{
  const char *s = next();
  char *end;
  if (!s) return 0;
  if (*s == '\'' || *s == '"') return (unsigned char)s[1];
  long long n = strtoll(s, &end, 0);
  if (*end || end == s) {
    complain("printf: %s: no number", s);
    status = 1;
  }
  return n;
}

/* One conversion after its %; the text behind it. */
static const char *convert(const char *p, int *stop)
{
  char spec[40];
  int n = 0, width = 0, precision = -1;
  spec[n++] = '%';
  while (*p && strchr("-+ #0", *p) && n < 8) spec[n++] = *p++;
  if (*p == '*') width = next_number(), p++;
  while (isdigit((unsigned char)*p)) width = width * 10 + *p++ - '0';
  if (*p == '.') {
    precision = 0;
    if (*++p == '*') precision = next_number(), p++;
    while (isdigit((unsigned char)*p)) precision = precision * 10 + *p++ - '0';
  }
  while (*p == 'l' || *p == 'h') p++;
  int c = *p ? *p++ : 0;
  const char *tail = c == 's' || c == 'c' ? "*.*s" : "*.*lld";
  strcpy(spec + n, tail);
  if (strchr("diouxX", c) && c) {
    spec[strlen(spec) - 1] = c;
    printf(spec, width, precision, next_number());
  } else if (c == 's') {
    const char *s = next();
    printf(spec, width, precision, s ? s : "");
  } else if (c == 'c') {
    const char *s = next();
    printf(spec, width, 1, s ? s : "");
  } else if (c == 'b') {
    const char *s = next();
    if (s) put_escaped(s, stop);
  } else if (c == '%') {
    putchar('%');
  } else {
    complain("printf: %%%c: bad conversion", c ? c : ' ');
    status = 1;
    *stop = 1;
  }
  return p;
}

int printf_main(int argc, char **argv)
{
  int stop = 0, i = argc > 1 && !strcmp(argv[1], "--") ? 2 : 1;
  if (argc <= i) {
    complain("usage: printf format [argument ...]");
    return 2;
  }
  status = 0;
  args = argv + i + 1;
  char **before;
  do {
    before = args;
    for (const char *p = argv[i]; *p && !stop;) {
      if (*p == '\\') p = escape(p + 1, 0, &stop);
      else if (*p == '%') p = convert(p + 1, &stop);
      else putchar(*p++);
    }
  } while (*args && args != before && !stop);
  return status;
}
