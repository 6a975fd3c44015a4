/* test and [: by the number of arguments as POSIX says, then by the grammar with -a, -o and parentheses. */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef TEST_PROGRAM
#define complain warnx
#else
#include "sh.h"
#endif

static char **at, **end;
static int wrong;

static int bad(const char *what, const char *why)
{
  if (!wrong) complain("test: %s: %s", what, why);
  wrong = 1;
  return 0;
}

static long long number(const char *s)
{
  char *rest;
  long long n = strtoll(s, &rest, 10);
  while (isspace((unsigned char)*rest)) rest++;
  if (*rest || rest == s) bad(s, "no number");
  return n;
}

static int is_unary(const char *s) { return s[0] == '-' && s[1] && !s[2] && strchr("bcdefghLnprsStuwxzk", s[1]); }

static const char *const binaries[] = { "=", "==", "!=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef", "<", ">", 0 };

static int which_binary(const char *s)
{
  for (int i = 0; binaries[i]; i++)
    if (!strcmp(binaries[i], s)) return i;
  return -1;
}

static int unary(int op, const char *s)
{
  struct stat st;
  switch (op) {
    case 'n': return *s != 0;
    case 'z': return *s == 0;
    case 't': return isatty(number(s));
    case 'r': return access(s, R_OK) == 0;
    case 'w': return access(s, W_OK) == 0;
    case 'x': return access(s, X_OK) == 0;
    case 'h':
    case 'L': return lstat(s, &st) == 0 && S_ISLNK(st.st_mode);
    default: break;
  }
  if (stat(s, &st) < 0) return 0;
  switch (op) {
    case 'b': return S_ISBLK(st.st_mode);
    case 'c': return S_ISCHR(st.st_mode);
    case 'd': return S_ISDIR(st.st_mode);
    case 'f': return S_ISREG(st.st_mode);
    case 'p': return S_ISFIFO(st.st_mode);
    case 'S': return S_ISSOCK(st.st_mode);
    case 's': return st.st_size > 0;
    case 'u': return (st.st_mode & S_ISUID) != 0;
    case 'g': return (st.st_mode & S_ISGID) != 0;
    case 'k': return (st.st_mode & S_ISVTX) != 0;
    default: return 1;
  }
}

static int files(const char *a, int op, const char *b)
{
  struct stat x, y;
  int have_a = stat(a, &x) == 0, have_b = stat(b, &y) == 0;
  if (op == 11) return have_a && have_b && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
  if (op == 9) return have_a && (!have_b || x.st_mtime > y.st_mtime);
  return have_b && (!have_a || x.st_mtime < y.st_mtime);
}

static int binary(const char *a, int op, const char *b)
{
  if (op <= 1) return !strcmp(a, b);
  if (op == 2) return strcmp(a, b) != 0;
  if (op == 12) return strcmp(a, b) < 0;
  if (op == 13) return strcmp(a, b) > 0;
  if (op >= 9) return files(a, op, b);
  long long x = number(a), y = number(b);
  switch (op) {
    case 3: return x == y;
    case 4: return x != y;
    case 5: return x < y;
    case 6: return x <= y;
    case 7: return x > y;
    default: return x >= y;
  }
}

static int or_expression(void);

static int primary(void)
{
  if (at >= end) return bad("", "an argument is missing");
  int op = at + 2 < end ? which_binary(at[1]) : -1;
  if (op >= 0) {
    at += 3;
    return binary(at[-3], op, at[-1]);
  }
  if (!strcmp(*at, "!")) {
    at++;
    return !primary();
  }
  if (!strcmp(*at, "(")) {
    at++;
    int r = or_expression();
    if (at >= end || strcmp(*at, ")")) return bad("(", "not closed");
    at++;
    return r;
  }
  if (is_unary(*at) && at + 1 < end) {
    at += 2;
    return unary(at[-2][1], at[-1]);
  }
  return *(*at++) != 0;
}

static int and_expression(void)
{
  int r = primary();
  while (at < end && !strcmp(*at, "-a")) {
    at++;
    r &= primary();
  }
  return r;
}

static int or_expression(void)
{
  int r = and_expression();
  while (at < end && !strcmp(*at, "-o")) {
    at++;
    r |= and_expression();
  }
  return r;
}

static int evaluate(int n)
{
  if (n == 0) return 0;
  if (n == 1) return *at[0] != 0;
  if (!strcmp(at[0], "!") && n <= 4 && !(n == 3 && which_binary(at[1]) >= 0)) {
    at++;
    return !evaluate(n - 1);
  }
  if (n == 2) {
    if (!is_unary(at[0])) return bad(at[0], "no such operator");
    return unary(at[0][1], at[1]);
  }
  if (n == 3 && which_binary(at[1]) >= 0) return binary(at[0], which_binary(at[1]), at[2]);
  if (n == 3 && !strcmp(at[0], "(") && !strcmp(at[2], ")")) return *at[1] != 0;
  int r = or_expression();
  if (at < end) bad(*at, "unexpected");
  return r;
}

int test_main(int argc, char **argv)
{
  const char *slash = strrchr(argv[0], '/');
  wrong = 0;
  at = argv + 1;
  end = argv + argc;
  if (!strcmp(slash ? slash + 1 : argv[0], "[")) {
    if (argc < 2 || strcmp(argv[argc - 1], "]")) {
      bad("[", "] is missing");
      return 2;
    }
    end--;
  }
  int yes = evaluate(end - at);
  return wrong ? 2 : !yes;
}
