/* $(( )): C's expressions on 64-bit integers; a name stands for its variable's value. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sh.h"

static const char *at, *whole_text;
static int quiet;                      /* in the branch not taken: no effect, no division by zero */

static void blank(void)
{
  while (isspace((unsigned char)*at) || *at == '"') at++;
}

static void bad(void) { fail(2, "arithmetic: syntax error in \"%s\"", whole_text); }

static int take_op(const char *op)
{
  blank();
  int n = strlen(op);
  if (strncmp(at, op, n)) return 0;
  at += n;
  return 1;
}

static int64_t assignment(void);

static int64_t variable(const char *name)
{
  const char *value = get_var(name);
  char *end;
  if (!value || !*value) {
    if (!value && opt_u) fail(2, "%s: parameter not set", name);
    return 0;
  }
  int64_t n = strtoll(value, &end, 0);
  while (isspace((unsigned char)*end)) end++;
  if (*end) fail(2, "arithmetic: \"%s\" is no number", value);
  return n;
}

static void assign(const char *name, int64_t value)
{
  char digits[24];
  if (quiet) return;
  snprintf(digits, sizeof digits, "%lld", (long long)value);
  set_var(name, digits, 0);
}

static char *name_here(void)
{
  blank();
  const char *start = at;
  if (!isalpha((unsigned char)*at) && *at != '_') return 0;
  while (isalnum((unsigned char)*at) || *at == '_') at++;
  return arena_text(&scratch, start, at - start);
}

static int64_t primary(void)
{
  blank();
  if (take_op("(")) {
    int64_t n = assignment();
    if (!take_op(")")) bad();
    return n;
  }
  if (take_op("++") || take_op("--")) {
    int step = at[-1] == '+' ? 1 : -1;
    char *name = name_here();
    if (!name) bad();
    int64_t n = variable(name) + step;
    assign(name, n);
    return n;
  }
  if (take_op("-")) return -primary();
  if (take_op("+")) return primary();
  if (take_op("!")) return !primary();
  if (take_op("~")) return ~primary();
  if (isdigit((unsigned char)*at)) {
    char *end;
    int64_t n = strtoull(at, &end, 0);
    if (isalnum((unsigned char)*end)) bad();
    at = end;
    return n;
  }
  char *name = name_here();
  if (!name) bad();
  int64_t n = variable(name);
  if (take_op("++")) assign(name, n + 1);
  else if (take_op("--")) assign(name, n - 1);
  return n;
}

static const struct { char op[3]; int level; } operators[] = {
  { "*", 10 }, { "/", 10 }, { "%", 10 }, { "+", 9 }, { "-", 9 }, { "<<", 8 }, { ">>", 8 }, { "<=", 7 }, { ">=", 7 }, { "<", 7 },
  { ">", 7 }, { "==", 6 }, { "!=", 6 }, { "&&", 2 }, { "||", 1 }, { "&", 5 }, { "^", 4 }, { "|", 3 },
};

/* The operator that comes next, if it binds at least so tightly (longer ones stand first in the table). */
static int binary(int level)
{
  blank();
  for (unsigned i = 0; i < sizeof operators / sizeof *operators; i++) {
    int n = strlen(operators[i].op);
    if (strncmp(at, operators[i].op, n)) continue;
    return operators[i].level >= level ? (int)i : -1;
  }
  return -1;
}

static int64_t apply(const char *op, int64_t a, int64_t b)
{
  switch (op[0]) {
    case '*': return a * b;
    case '/':
    case '%':
      if (b == 0) {
        if (quiet) return 0;
        fail(2, "arithmetic: division by zero");
      }
      if (b == -1) return op[0] == '/' ? -(uint64_t)a : 0;
      return op[0] == '/' ? a / b : a % b;
    case '+': return a + b;
    case '-': return a - b;
    case '<': return op[1] == '<' ? a << (b & 63) : op[1] == '=' ? a <= b : a < b;
    case '>': return op[1] == '>' ? a >> (b & 63) : op[1] == '=' ? a >= b : a > b;
    case '=': return a == b;
    case '!': return a != b;
    case '&': return op[1] ? a && b : a & b;
    case '|': return op[1] ? a || b : a | b;
    default: return a ^ b;
  }
}

static int64_t level(int least)
{
  int64_t a = primary();
  int i;
  while ((i = binary(least)) >= 0) {
    const char *op = operators[i].op;
    at += strlen(op);
    int skipped = operators[i].level == 2 ? !a : operators[i].level == 1 ? a != 0 : 0;
    quiet += skipped;
    int64_t b = level(operators[i].level + 1);
    quiet -= skipped;
    a = apply(op, a, b);
  }
  return a;
}

static int64_t conditional(void)
{
  int64_t c = level(1);
  if (!take_op("?")) return c;
  quiet += !c;
  int64_t a = assignment();
  quiet -= !c;
  if (!take_op(":")) bad();
  quiet += c != 0;
  int64_t b = conditional();
  quiet -= c != 0;
  return c ? a : b;
}

static int64_t assignment(void)
{
  const char *start = at;
  char *name = name_here();
  if (name) {
    blank();
    static const char *const ops[] = { "<<=", ">>=", "*=", "/=", "%=", "+=", "-=", "&=", "^=", "|=" };
    if (*at == '=' && at[1] != '=') {
      at++;
      int64_t n = assignment();
      assign(name, n);
      return n;
    }
    for (unsigned i = 0; i < sizeof ops / sizeof *ops; i++) {
      if (!take_op(ops[i])) continue;
      char op[3] = { ops[i][0], ops[i][1] == '=' ? 0 : ops[i][1], 0 };
      int64_t right = assignment(), n = apply(op, variable(name), right);
      assign(name, n);
      return n;
    }
  }
  at = start;
  return conditional();
}

int64_t arithmetic(const char *text)
{
  const char *kept = at, *kept_text = whole_text;
  int kept_quiet = quiet;
  at = whole_text = text;
  quiet = 0;
  blank();
  int64_t n = *at ? assignment() : 0;
  blank();
  if (*at) bad();
  at = kept;
  whole_text = kept_text;
  quiet = kept_quiet;
  return n;
}
