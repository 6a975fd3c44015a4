/* expr: | & comparisons + - * / % and : (match), each an argument */
#include <err.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char **at;
static char *or_level(void);

static char *from_number(long long n)
{
  char *text = xmalloc(24);
  snprintf(text, 24, "%lld", n);
  return text;
}

static int is_number(const char *s)
{
  char *end;
  strtoll(s, &end, 10);
  return *s && !*end;
}

static long long number(const char *s)
{
  if (!is_number(s)) errx(2, "%s: not a number", s);
  return strtoll(s, 0, 10);
}

static int is(const char *op) { return *at && !strcmp(*at, op); }
static int empty(const char *s) { return !*s || (is_number(s) && number(s) == 0); }

static char *primary(void)
{
  if (!*at) errx(2, "syntax error");
  if (is("(")) {
    at++;
    char *value = or_level();
    if (!is(")")) errx(2, "syntax error: ) expected");
    at++;
    return value;
  }
  if (is("length") && at[1]) {
    at++;
    return from_number(strlen(primary()));
  }
  return *at++;
}

static char *match_level(void)
{
  char *value = primary();
  while (is(":")) {
    regex_t re;
    regmatch_t m[2];
    at++;
    char *pattern = primary();
    if (regcomp(&re, pattern, 0)) errx(2, "%s: bad pattern", pattern);
    int hit = regexec(&re, value, 2, m, 0) == 0 && m[0].rm_so == 0;
    if (re.re_nsub) value = hit && m[1].rm_so >= 0 ? strndup(value + m[1].rm_so, m[1].rm_eo - m[1].rm_so) : "";
    else value = from_number(hit ? m[0].rm_eo : 0);
  }
  return value;
}

static char *product_level(void)
{
  char *value = match_level();
  while (is("*") || is("/") || is("%")) {
    char op = **at++;
    long long a = number(value), b = number(match_level());
    if (op != '*' && b == 0) errx(2, "division by zero");
    value = from_number(op == '*' ? a * b : op == '/' ? a / b : a % b);
  }
  return value;
}

static char *sum_level(void)
{
  char *value = product_level();
  while (is("+") || is("-")) {
    char op = **at++;
    long long a = number(value), b = number(product_level());
    value = from_number(op == '+' ? a + b : a - b);
  }
  return value;
}

static char *compare_level(void)
{
  static const char *const ops[] = { "=", "==", "!=", "<", "<=", ">", ">=" };
  char *value = sum_level();
  for (;;) {
    unsigned op = 0;
    while (op < 7 && !is(ops[op])) op++;
    if (op == 7) return value;
    at++;
    char *right = sum_level();
    long long order = is_number(value) && is_number(right) ? number(value) - number(right) : strcmp(value, right);
    int yes = op < 2 ? order == 0 : op == 2 ? order != 0 : op == 3 ? order < 0 : op == 4 ? order <= 0 : op == 5 ? order > 0 : order >= 0;
    value = from_number(yes);
  }
}

static char *and_level(void)
{
  char *value = compare_level();
  while (is("&")) {
    at++;
    char *right = compare_level();
    if (empty(value) || empty(right)) value = "0";
  }
  return value;
}

static char *or_level(void)
{
  char *value = and_level();
  while (is("|")) {
    at++;
    char *right = and_level();
    if (empty(value)) value = right;
  }
  return value;
}

int main(int argc, char **argv)
{
  if (argc < 2) errx(2, "usage: expr expression");
  at = argv + 1;
  char *value = or_level();
  if (*at) errx(2, "syntax error at %s", *at);
  puts(value);
  return empty(value);
}
