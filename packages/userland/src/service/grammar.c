/* Words ended by a semicolon, blocks in braces, "quotes", \ before any character, # to the end of the line after white space, include "FILE". */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "grammar.h"

#define MAX_WORD 511
#define MAX_INCLUDES 10

struct source { FILE *f; const char *name; int line, depth, quoted; };

static void say(const struct word *where, const char *format, va_list ap, const char *kind)
{
  char text[400];
  vsnprintf(text, sizeof text, format, ap);
  if (where) warnx("%s%s:%d: %s", kind, where->file, where->line, text);
  else warnx("%s%s", kind, text);
}

void fatal_at(const struct word *where, const char *format, ...)
{
  va_list ap;
  va_start(ap, format);
  say(where, format, ap, "fatal error: ");
  exit(1);
}

void warn_at(const struct word *where, const char *format, ...)
{
  va_list ap;
  va_start(ap, format);
  say(where, format, ap, "");
  va_end(ap);
}

static struct word here(const struct source *s) { return (struct word){ .file = s->name, .line = s->line }; }

static int next_char(struct source *s)
{
  int c = getc(s->f);
  if (c == '\n') s->line++;
  return c;
}

static int skip_space(struct source *s)
{
  for (;;) {
    int c;
    while (isspace(c = next_char(s))) continue;
    if (c != '#') return c;
    while ((c = next_char(s)) != '\n' && c != EOF) continue;
  }
}

/* A word, or one of { } ; as a text of its own; NULL at the end of the file. */
static char *next_text(struct source *s, struct word *where)
{
  char *text = xmalloc(MAX_WORD + 1);
  int n = 0, c = skip_space(s);
  *where = here(s);
  s->quoted = c == '"' || c == '\'';
  if (c == EOF) return 0;
  if (strchr("{};", c)) {
    text[n++] = c;
  } else {
    int quote = s->quoted ? c : 0;
    if (quote) c = next_char(s);
    for (; quote ? c != quote : c != EOF && !isspace(c) && !strchr("{};", c); c = next_char(s)) {
      if (c == '\\') c = next_char(s);
      if (c == EOF) fatal_at(where, quote ? "this quotation has no end: put a %c after it" : "the file ends after a \\", quote);
      if (n == MAX_WORD) fatal_at(where, "this %s is longer than %d characters", quote ? "quotation" : "word", MAX_WORD);
      text[n++] = c;
    }
    if (!quote && c != EOF) {
      if (c == '\n') s->line--;
      ungetc(c, s->f);
    }
  }
  text[n] = 0;
  return text;
}

static struct entry *read_entries(struct source *s, const struct word *open);

static struct entry *read_file(const char *name, const struct word *where, int depth)
{
  struct source s = { fopen(name, "r"), name, 1, depth, 0 };
  if (!s.f) {
    if (where) fatal_at(where, "%s cannot be included: %s", name, strerror(errno));
    fatal_at(0, "%s: %s", name, strerror(errno));
  }
  if (depth > MAX_INCLUDES) fatal_at(where, "files include each other, or more than %d deep", MAX_INCLUDES);
  struct entry *all = read_entries(&s, 0);
  fclose(s.f);
  return all;
}

struct entry *read_config(const char *file) { return read_file(file, 0, 0); }

/* Words up to a semicolon. NULL where the block or the file has no more. */
static struct word *read_words(struct source *s, const struct word *open)
{
  struct word *words = 0, **end = &words, where;
  for (;;) {
    char *text = next_text(s, &where);
    int special = text && !s->quoted && strchr("{};", text[0]) && text[0] && !text[1];
    if (special && text[0] == ';') {
      if (words) return words;
      continue;
    }
    if (!text || (special && text[0] == '}')) {
      if (words) fatal_at(&where, "a ; is missing after '%s' of line %d", words->text, words->line);
      if (text && !open) fatal_at(&where, "this } has no {");
      if (!text && open) fatal_at(open, "this { has no }");
      return 0;
    }
    struct word *w = xmalloc(sizeof *w);
    *w = where;
    w->next = 0;
    w->text = text;
    w->is_block = special;
    w->block = special ? read_entries(s, w) : 0;
    *end = w;
    end = &w->next;
  }
}

static struct entry *read_entries(struct source *s, const struct word *open)
{
  struct entry *first = 0, **end = &first;
  struct word *words;
  while ((words = read_words(s, open))) {
    if (!strcmp(words->text, "include")) {
      struct word *name = words->next;
      if (!name || name->is_block || name->next) fatal_at(words, "include takes the name of one file in quotes");
      *end = read_file(name->text, name, s->depth + 1);
      while (*end) end = &(*end)->next;
      continue;
    }
    struct entry *e = xmalloc(sizeof *e);
    *e = (struct entry){ 0, words };
    *end = e;
    end = &e->next;
  }
  return first;
}
