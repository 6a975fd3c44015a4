/* A word to fields: tilde, parameters, commands, arithmetic; then splitting at IFS; then file names. */
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "expand.h"

void emit(struct result *r, int c, int kind)
{
  put(&r->text, c);
  put(&r->kind, kind);
}

void emit_text(struct result *r, const char *s, int kind)
{
  while (*s) emit(r, *s++, kind);
}

/* After a CTL_BEGIN: its CTL_END. */
const char *skip_ctl(const char *p)
{
  for (int depth = 1;; p++) {
    if (*p == CTL_BEGIN) depth++;
    if (*p == CTL_END && --depth == 0) return p;
  }
}

static const char *tilde(struct result *r, const char *p, const char *end)
{
  const char *q = p + 1;
  while (q < end && *q != '/' && *q != ':' && !strchr("\\'\"$\001`", *q)) q++;
  if (q < end && *q != '/' && *q != ':') return p;
  const char *home = 0;
  if (q == p + 1) {
    home = get_var("HOME");
  } else {
    struct passwd *pw = getpwnam(arena_text(&scratch, p + 1, q - p - 1));
    if (pw) home = pw->pw_dir;
  }
  if (!home) return p;
  emit_text(r, home, A_QUOTED);
  return q;
}

static const char *control(struct result *r, const char *p, int mode)
{
  const char *end = skip_ctl(p);
  int kind = mode & E_QUOTED ? A_QUOTED : A_SPLIT;
  char *inside = arena_text(&scratch, p + 1, end - p - 1);
  if (*p == 'c') {
    emit_text(r, substitute_command(inside), kind);
  } else {
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)arithmetic(expand_here(inside)));
    emit_text(r, digits, kind);
  }
  return end + 1;
}

static const char *closing_quote(const char *p, const char *end)
{
  while (p < end && *p != '"') {
    if (*p == '\\') p++;
    else if (*p == CTL_BEGIN) p = skip_ctl(p + 1);
    else if (*p == '$' && p[1] == '{') {
      int depth = 0;
      for (p++; p < end; p++) {
        if (*p == '\\') p++;
        else if (*p == CTL_BEGIN) p = skip_ctl(p + 1);
        else if (*p == '{' && p[-1] == '$') depth++;
        else if (*p == '}' && --depth == 0) break;
      }
    }
    p++;
  }
  return p;
}

static const char *double_quoted(struct result *r, const char *p, const char *end)
{
  const char *close = closing_quote(p, end);
  int nothing = close - p == 2 && p[0] == '$' && p[1] == '@' && positional_count == 0;
  if (!nothing) {
    emit(r, ' ', A_EMPTY);
    expand_into(r, p, close, E_QUOTED);
  }
  return close < end ? close + 1 : close;
}

void expand_into(struct result *r, const char *p, const char *end, int mode)
{
  int plain = mode & E_QUOTED ? A_QUOTED : mode & E_SPLIT ? A_SPLIT : A_LITERAL, start = 1;
  while (p < end) {
    if (start && *p == '~' && !(mode & E_QUOTED)) {
      const char *q = tilde(r, p, end);
      start = 0;
      if (q != p) {
        p = q;
        continue;
      }
    }
    start = *p == ':' && mode & E_ASSIGN;
    int c = *p++;
    if (c == '\\' && p < end) {
      if (mode & E_QUOTED) {
        int special = *p == '$' || *p == '`' || *p == '\\' || (*p == '"' && !(mode & E_HERE)) || (*p == '}' && mode & E_SPLIT);
        if (!special) emit(r, '\\', A_QUOTED);
      }
      emit(r, *p++, A_QUOTED);
    } else if (c == '\'' && !(mode & E_QUOTED)) {
      emit(r, ' ', A_EMPTY);
      while (p < end && *p != '\'') emit(r, *p++, A_QUOTED);
      p++;
    } else if (c == '"' && !(mode & E_QUOTED)) {
      p = double_quoted(r, p, end);
    } else if (c == '"' && mode & E_SPLIT) {
      continue; /* "${x:-"a"}" */
    } else if (c == CTL_BEGIN) {
      p = control(r, p, mode);
    } else if (c == '$') {
      p = expand_dollar(r, p, end, mode);
    } else {
      emit(r, c, plain);
    }
  }
}

void begin_result(struct result *r) { memset(r, 0, sizeof *r); }

void end_result(struct result *r)
{
  free(r->text.text);
  free(r->kind.text);
}

/* One string of the result; as a pattern, what was quoted is behind a backslash. */
char *flatten(struct result *r, int pattern)
{
  char *out = arena_get(&scratch, r->text.used * 2 + 1), *p = out;
  for (size_t i = 0; i < r->text.used; i++) {
    int c = r->text.text[i], kind = r->kind.text[i];
    if (kind == A_EMPTY) continue;
    if (kind == A_BREAK) c = ' ', kind = A_QUOTED;
    if (pattern && (kind == A_QUOTED || c == '\\') && strchr("*?[]\\-!^", c)) *p++ = '\\';
    *p++ = c;
  }
  *p = 0;
  return out;
}

static char *whole(const char *text, int mode, int pattern)
{
  struct result r;
  begin_result(&r);
  expand_into(&r, text, text + strlen(text), mode);
  char *s = flatten(&r, pattern);
  end_result(&r);
  return s;
}

char *expand_string(const char *text) { return whole(text, 0, 0); }
char *expand_pattern(const char *text) { return whole(text, 0, 1); }
char *expand_here(const char *text) { return whole(text, E_QUOTED | E_HERE, 0); }

/* NAME=value: only the value is expanded. */
char *expand_assignment(const char *text)
{
  int n = strcspn(text, "=") + 1;
  char *value = whole(text + n, E_ASSIGN, 0), *out = arena_get(&scratch, n + strlen(value) + 1);
  memcpy(out, text, n);
  strcpy(out + n, value);
  return out;
}

struct fields { char **list; int count, size; };

static void add_field(struct fields *f, char *text)
{
  if (f->count + 1 >= f->size) {
    int size = f->size ? f->size * 2 : 16;
    char **list = arena_get(&scratch, size * sizeof *list);
    memcpy(list, f->list, f->count * sizeof *list);
    f->list = list;
    f->size = size;
  }
  f->list[f->count++] = text;
}

/* The characters from..to of a result are a field: file names where it is a pattern, else itself. */
static void finish_field(struct fields *f, struct result *r, int from, int to)
{
  struct result part = { { r->text.text + from, to - from, 0 }, { r->kind.text + from, to - from, 0 } };
  int magic = 0;
  for (int i = from; i < to && !opt_f; i++)
    magic |= (r->kind.text[i] == A_LITERAL || r->kind.text[i] == A_SPLIT) && strchr("*?[", r->text.text[i]);
  if (magic) {
    glob_t g;
    if (glob(flatten(&part, 1), 0, 0, &g) == 0) {
      for (size_t i = 0; i < g.gl_pathc; i++) add_field(f, arena_text(&scratch, g.gl_pathv[i], strlen(g.gl_pathv[i])));
      globfree(&g);
      return;
    }
  }
  add_field(f, flatten(&part, 0));
}

static void split(struct fields *f, struct result *r)
{
  const char *ifs = get_var("IFS");
  int from = 0, some = 0, n = r->text.used;
  if (!ifs) ifs = " \t\n";
  for (int i = 0; i < n; i++) {
    int c = r->text.text[i], kind = r->kind.text[i];
    if (kind == A_BREAK) {
      if (some) finish_field(f, r, from, i);
      from = i + 1;
      some = 0;
    } else if (kind == A_SPLIT && strchr(ifs, c)) {
      int white = strchr(" \t\n", c) != 0;
      if (some || !white) finish_field(f, r, from, i);
      /* a delimiter takes the white space around it along */
      int j = i + 1, hard = !white;
      while (j < n && r->kind.text[j] == A_SPLIT && strchr(ifs, r->text.text[j])) {
        if (!strchr(" \t\n", r->text.text[j])) {
          if (hard) break;
          hard = 1;
        }
        j++;
      }
      from = j;
      some = 0;
      i = j - 1;
    } else {
      some = 1;
    }
  }
  if (some) finish_field(f, r, from, n);
}

char **expand_words(struct word *w, int *count)
{
  struct fields f = { 0, 0, 0 };
  for (; w; w = w->next) {
    struct result r;
    if (!strpbrk(w->text, "$*?[~'\"\\\001")) { /* by far the most */
      add_field(&f, arena_text(&scratch, w->text, strlen(w->text)));
      continue;
    }
    begin_result(&r);
    expand_into(&r, w->text, w->text + strlen(w->text), 0);
    split(&f, &r);
    end_result(&r);
  }
  if (!f.list) add_field(&f, 0), f.count = 0;
  f.list[f.count] = 0;
  *count = f.count;
  return f.list;
}
