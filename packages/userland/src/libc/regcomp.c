/* Basic and extended regular expressions, read into nodes. */
#include <ctype.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include "regnode.h"

static const char *at;
static regex_t *re;
static int flags, bad, depth;

static node *make(enum kind kind, int value)
{
  node *n = xmalloc(sizeof *n);
  memset(n, 0, sizeof *n);
  n->kind = kind;
  n->value = value;
  n->link = re->arena;
  re->arena = n;
  return n;
}

struct piece { node *first, *last; };  /* last->next is open */

static struct piece parse_alternatives(void);

static struct piece single(node *n)
{
  struct piece p = { n, n };
  return p;
}

static void add(uint32_t *set, int c)
{
  set[c >> 5 & 7] |= 1u << (c & 31);
  if (flags & REG_ICASE && isalpha(c)) set[(c ^ 32) >> 5 & 7] |= 1u << ((c ^ 32) & 31);
}

static struct piece parse_set(void)
{
  node *n = make(SET, 0);
  uint32_t *set = n->set = xmalloc(32);
  int negate = *at == '^', first = 1;
  memset(set, 0, 32);
  if (negate) at++;
  for (; first || *at != ']'; first = 0) {
    if (!*at) {
      bad = 1;
      return single(n);
    }
    const char *end = at[0] == '[' && at[1] == ':' ? strstr(at + 2, ":]") : 0;
    if (end) {
      for (int c = 1; c < 256; c++)
        if (_isclass(c, at + 2, end - at - 2)) add(set, c);
      at = end + 2;
      continue;
    }
    int low = (unsigned char)*at++, high = low;
    if (*at == '-' && at[1] && at[1] != ']') {
      high = (unsigned char)at[1];
      at += 2;
    }
    if (low > high) bad = 1;
    for (int c = low; c <= high; c++) add(set, c);
  }
  at++;
  if (negate)
    for (int i = 0; i < 8; i++) set[i] = ~set[i];
  return single(n);
}

static int extended(void) { return flags & REG_EXTENDED; }

/* Is this operator next: ( | ) { in an extended expression, \( \| \) \{ in a basic one? */
static int at_op(int c) { return extended() ? *at == c : at[0] == '\\' && at[1] == c; }
static void skip_op(void) { at += extended() ? 1 : 2; }

static struct piece parse_group(void)
{
  struct piece p;
  int number = ++re->groups;
  skip_op();
  depth++;
  struct piece inside = parse_alternatives();
  depth--;
  if (at_op(')')) skip_op();
  else bad = 1;
  p.first = make(OPEN, number);
  p.last = make(CLOSE, number);
  p.first->next = inside.first;
  inside.last->next = p.last;
  return p;
}

static struct piece parse_atom(int first)
{
  if (at_op('(')) return parse_group();
  int c = (unsigned char)*at++;
  if (c == '.') return single(make(ANY, 0));
  if (c == '[') return parse_set();
  if (c == '^' && (extended() || first)) return single(make(BEGIN, 0));
  if (c == '$' && (extended() || !*at || (at[0] == '\\' && (at[1] == ')' || at[1] == '|')))) return single(make(END, 0));
  if (c == '\\') {
    c = (unsigned char)*at;
    if (!c) {
      bad = 1;
      return single(make(CHAR, '\\'));
    }
    at++;
    if (c >= '1' && c <= '9') return single(make(BACK, c - '0'));
    if (c == 'b') return single(make(WORD, 0));
    if (c == 'B') return single(make(NOT_WORD, 0));
    if (c == '<') return single(make(WORD_BEGIN, 0));
    if (c == '>') return single(make(WORD_END, 0));
    if (c == 'w' || c == 'W') {
      const char *rest = at;
      at = c == 'w' ? "[:alnum:]_]" : "^[:alnum:]_]";
      struct piece p = parse_set();
      at = rest;
      return p;
    }
  }
  return single(make(CHAR, flags & REG_ICASE ? tolower(c) : c));
}

/* A repetition that follows: its bounds; 0 when there is none. */
static int parse_repeat(int *min, int *max)
{
  *min = 0;
  *max = -1;
  if (*at == '*') {
    at++;
    return 1;
  }
  int plain = extended() ? 0 : 1;
  if (plain ? at[0] == '\\' && (at[1] == '+' || at[1] == '?') : *at == '+' || *at == '?') {
    if (at[plain] == '+') *min = 1;
    else *max = 1;
    at += 1 + plain;
    return 1;
  }
  if (!at_op('{') || !isdigit((unsigned char)at[plain + 1])) return 0;
  skip_op();
  *min = *max = strtol(at, (char **)&at, 10);
  if (*at == ',') {
    at++;
    *max = isdigit((unsigned char)*at) ? strtol(at, (char **)&at, 10) : -1;
  }
  if (at_op('}')) skip_op();
  else bad = 1;
  if (*max >= 0 && *max < *min) bad = 1;
  return 1;
}

static struct piece parse_sequence(void)
{
  struct piece all = single(make(ENTER, 0)); /* a node without effect */
  for (int first = 1; *at && !bad; first = 0) {
    int min, max;
    if (at_op('|') || (depth > 0 && at_op(')'))) break;
    if (!extended() && first && *at == '*') {
      at++;
      node *star = make(CHAR, '*');
      all.last->next = star;
      all.last = star;
      continue;
    }
    struct piece atom = parse_atom(first);
    while (parse_repeat(&min, &max)) {
      node *loop = make(LOOP, 0), *enter = make(ENTER, 1);
      loop->min = min;
      loop->max = max;
      loop->body = atom.first;
      atom.last->next = atom.first == atom.last && atom.first->kind <= SET ? 0 : loop;
      enter->next = loop;
      atom.first = enter;
      atom.last = loop;
    }
    all.last->next = atom.first;
    all.last = atom.last;
  }
  return all;
}

static struct piece parse_alternatives(void)
{
  struct piece left = parse_sequence();
  while (at_op('|') && !bad) {
    skip_op();
    struct piece right = parse_sequence();
    node *alt = make(ALT, 0), *join = make(ENTER, 0);
    alt->body = left.first;
    alt->other = right.first;
    left.last->next = right.last->next = join;
    left.first = alt;
    left.last = join;
  }
  return left;
}

int regcomp(regex_t *r, const char *pattern, int how)
{
  memset(r, 0, sizeof *r);
  re = r;
  at = pattern;
  flags = how;
  bad = depth = 0;
  r->flags = how;
  struct piece p = parse_alternatives();
  if (*at) bad = 1;
  p.last->next = make(MATCH, 0);
  r->start = p.first;
  r->re_nsub = r->groups;
  if (r->groups >= REG_GROUPS) bad = 1;
  if (bad) regfree(r);
  return bad ? REG_BADPAT : 0;
}

void regfree(regex_t *r)
{
  for (node *n = r->arena, *link; n; n = link) {
    link = n->link;
    free(n->set);
    free(n);
  }
  r->arena = 0;
}
