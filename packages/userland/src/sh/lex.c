/* Characters to tokens. A word keeps its quotes; what it holds of $( ), ` ` and $(( )) is enclosed in CTL bytes, so that
   nobody has to find its end again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lex.h"

char *token_text;
int token_quoted, token_line;

static void eof_error(const char *what) { fail(2, "syntax error: end of file looking for %s", what); }

static void word_quoted(struct buffer *b, int here);
static void word_dollar(struct buffer *b, int quoted);

/* `...`: the inside with its backslashes taken away. */
static void word_backquote(struct buffer *b, int quoted)
{
  put(b, CTL_BEGIN);
  put(b, 'c');
  for (;;) {
    int c = get();
    if (c == EOF) eof_error("`");
    if (c == '`') break;
    if (c == '\\') {
      c = get();
      if (c == '\n') continue;
      if (c != '`' && c != '\\' && c != '$' && !(quoted && c == '"')) put(b, '\\');
      if (c == EOF) continue;
    }
    put(b, c);
  }
  put(b, CTL_END);
}

static void word_command(struct buffer *b)
{
  struct buffer inside = { 0, 0, 0 }, *before = capture;
  char *text = token_text;
  int quoted = token_quoted, line = token_line;
  capture = &inside;
  parse_until_paren();
  capture = before;
  if (before) put_text(before, inside.text);
  put(b, CTL_BEGIN);
  put(b, 'c');
  inside.text[inside.used - 1] = 0; /* its ')' */
  put_text(b, inside.text);
  put(b, CTL_END);
  free(inside.text);
  token_text = text;
  token_quoted = quoted;
  token_line = line;
}

static void word_arithmetic(struct buffer *b)
{
  int depth = 0;
  put(b, CTL_BEGIN);
  put(b, 'a');
  for (;;) {
    int c = get_joined();
    if (c == EOF) eof_error("))");
    if (c == '$') {
      word_dollar(b, 1);
      continue;
    }
    if (c == '`') {
      word_backquote(b, 1);
      continue;
    }
    if (c == '(') depth++;
    if (c == ')' && depth-- == 0) {
      if (get() != ')') fail(2, "syntax error: )) expected");
      break;
    }
    put(b, c);
  }
  put(b, CTL_END);
}

/* ${...}: up to the brace that closes it. */
static void word_brace(struct buffer *b, int quoted)
{
  for (;;) {
    int c = get();
    if (c == EOF) eof_error("}");
    if (c == '\\') {
      c = get();
      if (c == '\n') continue;
      put(b, '\\');
      if (c != EOF) put(b, c);
      continue;
    }
    if (c == '$') {
      word_dollar(b, quoted);
      continue;
    }
    if (c == '`') {
      word_backquote(b, quoted);
      continue;
    }
    put(b, c);
    if (c == '}') return;
    if (c == '"') {
      word_quoted(b, 0);
    } else if (c == '\'' && !quoted) {
      while ((c = get()) != '\'') {
        if (c == EOF) eof_error("'");
        put(b, c);
      }
      put(b, c);
    }
  }
}

static void word_dollar(struct buffer *b, int quoted)
{
  int c = get_joined();
  if (c == '(') {
    c = get_joined();
    if (c == '(') {
      word_arithmetic(b);
    } else {
      unget(c);
      word_command(b);
    }
    return;
  }
  put(b, '$');
  if (c == '{') {
    put(b, c);
    word_brace(b, quoted);
  } else {
    unget(c);
  }
}

/* After a double quote up to the next one, or (for a here-document) to the end. */
static void word_quoted(struct buffer *b, int here)
{
  for (;;) {
    int c = get();
    if (c == EOF) {
      if (here) return;
      eof_error("\"");
    }
    if (c == '\\') {
      c = get();
      if (c == '\n') continue;
      put(b, '\\');
      if (c != EOF) put(b, c);
    } else if (c == '$') {
      word_dollar(b, 1);
    } else if (c == '`') {
      word_backquote(b, 1);
    } else {
      put(b, c);
      if (c == '"' && !here) return;
    }
  }
}

/* The body of a here-document in the form that expand_here takes. */
char *encode_here(char *body)
{
  struct input in = { .text = body };
  struct buffer b = { 0, 0, 0 };
  int kept[4], kept_count = back_count;
  struct buffer *before = capture;
  memcpy(kept, back, sizeof kept);
  capture = 0;
  back_count = 0;
  push_input(&in);
  word_quoted(&b, 1);
  pop_input();
  memcpy(back, kept, sizeof kept);
  back_count = kept_count;
  capture = before;
  char *text = arena_text(parse_arena, b.text ? b.text : "", b.used);
  free(b.text);
  return text;
}

static enum token word_token(int c)
{
  struct buffer b = { 0, 0, 0 };
  token_quoted = 0;
  for (;; c = get()) {
    if (c == EOF || c == '\n' || strchr(" \t;&|<>()", c)) break;
    if (c == '\\') {
      c = get();
      if (c == '\n') continue;
      token_quoted = 1;
      put(&b, '\\');
      if (c != EOF) put(&b, c);
    } else if (c == '\'') {
      token_quoted = 1;
      put(&b, c);
      while ((c = get()) != '\'') {
        if (c == EOF) eof_error("'");
        put(&b, c);
      }
      put(&b, c);
    } else if (c == '"') {
      token_quoted = 1;
      put(&b, c);
      word_quoted(&b, 0);
    } else if (c == '$') {
      word_dollar(&b, 0);
    } else if (c == '`') {
      word_backquote(&b, 0);
    } else {
      put(&b, c);
    }
  }
  unget(c);
  token_text = arena_text(parse_arena, b.text ? b.text : "", b.used);
  free(b.text);
  int digits = *token_text && !token_text[strspn(token_text, "0123456789")];
  return digits && !token_quoted && (c == '<' || c == '>') ? T_IONUMBER : T_WORD;
}

static enum token either(int c, enum token yes, enum token no)
{
  int d = get_joined();
  if (d == c) return yes;
  unget(d);
  return no;
}

enum token next_token(void)
{
  int c;
  do c = get_joined();
  while (c == ' ' || c == '\t' || c == '\r');
  if (c == '#')
    do c = get();
    while (c != '\n' && c != EOF);
  token_line = input->line;
  switch (c) {
    case EOF: return T_EOF;
    case '\n': read_here_documents(); return T_NEWLINE;
    case ';': return either(';', T_DSEMI, T_SEMI);
    case '&': return either('&', T_AND, T_AMP);
    case '|': return either('|', T_OR, T_PIPE);
    case '(': return T_LPAREN;
    case ')': return T_RPAREN;
    case '>':
      switch (c = get_joined()) {
        case '>': return T_DGREAT;
        case '&': return T_GREATAND;
        case '|': return T_CLOBBER;
        default: unget(c); return T_GREAT;
      }
    case '<':
      switch (c = get_joined()) {
        case '<': return either('-', T_DLESSDASH, T_DLESS);
        case '&': return T_LESSAND;
        case '>': return T_LESSGREAT;
        default: unget(c); return T_LESS;
      }
    default: return word_token(c);
  }
}
