/* Parameters: $x, ${x}, ${x:-word} and the rest. */
#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "expand.h"

/* $? $# $$ $! $- $0; NULL for one that is unset. */
char *special_value(int c, char *space)
{
  char *p = space;
  switch (c) {
    case '?': sprintf(space, "%d", last_status); return space;
    case '#': sprintf(space, "%d", positional_count); return space;
    case '$': sprintf(space, "%d", shell_pid); return space;
    case '!': sprintf(space, "%d", last_background); return last_background ? space : 0;
    case '0': return (char *)shell_name;
    case '-':
      if (opt_e) *p++ = 'e';
      if (opt_f) *p++ = 'f';
      if (interactive) *p++ = 'i';
      if (opt_u) *p++ = 'u';
      if (opt_x) *p++ = 'x';
      *p = 0;
      return space;
    default: return 0;
  }
}

/* $* and $@ as one string. */
static char *joined(void)
{
  const char *ifs = get_var("IFS");
  struct buffer b = { 0, 0, 0 };
  for (int i = 0; i < positional_count; i++) {
    if (i && (!ifs || *ifs)) put(&b, ifs ? *ifs : ' ');
    put_text(&b, positional[i]);
  }
  char *s = arena_text(&scratch, b.text ? b.text : "", b.used);
  free(b.text);
  return s;
}

static const char *value_of(const char *name, int length, char *space)
{
  if (isdigit(*name) && !(length == 1 && *name == '0')) {
    int n = atoi(name);
    return n >= 1 && n <= positional_count ? positional[n - 1] : 0;
  }
  if (*name == '@' || *name == '*') return positional_count ? joined() : 0;
  if (isalpha(*name) || *name == '_') {
    struct var *v = find_var(name, length);
    return v ? v->value : 0;
  }
  return special_value(*name, space);
}

static void emit_at(struct result *r, int quoted)
{
  for (int i = 0; i < positional_count; i++) {
    if (i) emit(r, ' ', A_BREAK);
    if (quoted) emit(r, ' ', A_EMPTY);
    emit_text(r, positional[i], quoted ? A_QUOTED : A_SPLIT);
  }
}

static int name_length(const char *p)
{
  int n = 0;
  if (isdigit(*p)) {
    while (isdigit(p[n])) n++;
    return n;
  }
  while (isalnum((unsigned char)p[n]) || p[n] == '_') n++;
  return n ? n : *p && strchr("@*#?-$!", *p) ? 1 : 0;
}

/* What is left of `value` without the shortest or longest match at its beginning or end. */
static char *trim(const char *value, const char *pattern, int suffix, int longest)
{
  int n = strlen(value);
  char *copy = arena_text(&scratch, value, n);
  for (int k = 0; k <= n; k++) {
    int take = longest ? n - k : k; /* length of the part to remove */
    if (suffix) {
      if (fnmatch(pattern, copy + n - take, 0)) continue;
      copy[n - take] = 0;
      return copy;
    }
    int kept = copy[take];
    copy[take] = 0;
    int match = fnmatch(pattern, copy, 0) == 0;
    copy[take] = kept;
    if (match) return copy + take;
  }
  return copy;
}

static char *sub_expand(const char *p, const char *end, int mode, int pattern)
{
  struct result r;
  begin_result(&r);
  expand_into(&r, p, end, mode);
  char *s = flatten(&r, pattern);
  end_result(&r);
  return s;
}

static const char *closing_brace(const char *p, int quoted)
{
  for (;; p++) {
    if (!*p) fail(2, "bad substitution");
    if (*p == '\\' && p[1]) p++;
    else if (*p == CTL_BEGIN) p = skip_ctl(p + 1);
    else if (*p == '$' && p[1] == '{') p = closing_brace(p + 2, quoted);
    else if (*p == '\'' && !quoted) p = strchr(p + 1, '\'');
    else if (*p == '"') {
      for (p++; *p && *p != '"'; p++) {
        if (*p == '\\' && p[1]) p++;
        else if (*p == CTL_BEGIN) p = skip_ctl(p + 1);
        else if (*p == '$' && p[1] == '{') p = closing_brace(p + 2, 1);
      }
    } else if (*p == '}') return p;
  }
}

static void unset_error(const char *name, int length, const char *message)
{
  char *n = arena_text(&scratch, name, length);
  fail(2, "%s: %s", n, message);
}

/* The part behind the name: an operator and its word. Emits the result. */
static void operate(struct result *r, const char *name, int length, const char *p, const char *end, int mode)
{
  char space[24];
  const char *value = value_of(name, length, space);
  int quoted = mode & E_QUOTED, kind = quoted ? A_QUOTED : A_SPLIT, colon = *p == ':';
  int many = length == 1 && (*name == '@' || (*name == '*' && !quoted));
  if (p < end && (*p == '%' || *p == '#')) {
    int longest = p[1] == *p, suffix = *p == '%';
    if (!value && opt_u) unset_error(name, length, "parameter not set");
    char *pattern = sub_expand(p + 1 + longest, end, 0, 1);
    emit_text(r, trim(value ? value : "", pattern, suffix, longest), kind);
    return;
  }
  if (colon) p++;
  int op = p < end ? *p++ : 0;
  int present = value && !(colon && !*value);
  if (op && !strchr("-=?+", op)) fail(2, "bad substitution");
  if (op == '+' ? present : op && !present) {
    if (op == '=') {
      if (!is_name(name, length)) fail(2, "bad substitution");
      char *new = sub_expand(p, end, quoted ? mode | E_SPLIT : 0, 0);
      set_var(arena_text(&scratch, name, length), new, 0);
      emit_text(r, new, kind);
    } else if (op == '?') {
      unset_error(name, length, p < end ? sub_expand(p, end, 0, 0) : "parameter not set");
    } else {
      expand_into(r, p, end, mode | E_SPLIT);
    }
    return;
  }
  if (op == '+') return;
  if (!value && opt_u && !many && *name != '*') unset_error(name, length, "parameter not set");
  if (many) emit_at(r, quoted);
  else if (value) emit_text(r, value, kind);
}

/* Behind the dollar; the text behind the parameter. */
const char *expand_dollar(struct result *r, const char *p, const char *end, int mode)
{
  if (p < end && *p == '{') {
    const char *close = closing_brace(++p, mode & E_QUOTED);
    if (*p == '#' && p + 1 < close && name_length(p + 1) == close - p - 1) {
      char space[24], digits[16];
      const char *value = value_of(p + 1, close - p - 1, space);
      if (!value && opt_u) unset_error(p + 1, close - p - 1, "parameter not set");
      snprintf(digits, sizeof digits, "%d", p[1] == '@' || p[1] == '*' ? positional_count : (int)strlen(value ? value : ""));
      emit_text(r, digits, mode & E_QUOTED ? A_QUOTED : A_SPLIT);
      return close + 1;
    }
    int n = name_length(p);
    if (!n) fail(2, "bad substitution");
    operate(r, p, n, p + n, close, mode);
    return close + 1;
  }
  int n = p < end ? (isdigit(*p) ? 1 : name_length(p)) : 0;
  if (!n) {
    emit(r, '$', mode & E_QUOTED ? A_QUOTED : A_LITERAL);
    return p;
  }
  operate(r, p, n, p + n, p + n, mode);
  return p + n;
}
