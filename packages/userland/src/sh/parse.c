/* Tokens to a tree, by recursive descent. */
#include <ctype.h>
#include <string.h>
#include <stdlib.h>
#include <err.h>
#include "parse.h"

int function_seen;
static int peeked;
enum token token;
static struct redir *here_documents;
int command_position;           /* the next word may be an alias */

static const char *const token_names[] = {
  "end of file", "newline", "word", ";", ";;", "&", "&&", "|", "||", "(", ")", "<", ">", ">>", ">|", "<>", "<&", ">&", "<<", "<<-",
};

enum token peek(void)
{
  if (!peeked) {
    token = next_token();
    peeked = 1;
    if (token == T_WORD && command_position && !token_quoted) {
      struct alias *a = find_alias(token_text);
      if (a && !a->busy) {
        struct input *in = xmalloc(sizeof *in);
        memset(in, 0, sizeof *in);
        in->text = a->value;
        in->alias = a;
        in->line = input->line;
        a->busy = 1;
        push_input(in);
        peeked = 0;
        return peek();
      }
    }
  }
  return token;
}

void take(void) { peeked = 0; }

void unexpected(const char *wanted)
{
  peek();
  const char *got = token == T_WORD ? token_text : token_names[token];
  fail(2, "syntax error: %s unexpected%s%s", got, wanted ? ", expecting " : "", wanted ? wanted : "");
}

int at_word(const char *text) { return peek() == T_WORD && !token_quoted && !strcmp(token_text, text); }

void expect_word(const char *text)
{
  command_position = 1;
  if (!at_word(text)) unexpected(text);
  take();
}

void expect(enum token t)
{
  if (peek() != t) unexpected(token_names[t]);
  take();
}

struct node *new_node(enum node_type type, struct node *a, struct node *b)
{
  struct node *n = arena_get(parse_arena, sizeof *n);
  memset(n, 0, sizeof *n);
  n->type = type;
  n->a = a;
  n->b = b;
  n->line = input->line;
  return n;
}

struct word ***append(struct word ***end, char *text)
{
  struct word *w = arena_get(parse_arena, sizeof *w);
  w->text = text;
  w->next = 0;
  **end = w;
  *end = &w->next;
  return end;
}

void skip_newlines(void)
{
  command_position = 1;
  while (peek() == T_NEWLINE) take();
}

void add_here_document(struct redir *r)
{
  struct redir **at = &here_documents;
  while (*at) at = &(*at)->next;
  struct redir *copy = arena_get(parse_arena, sizeof *copy);
  *copy = *r;
  copy->text = (char *)r; /* where the body goes */
  copy->next = 0;
  *at = copy;
}

/* The word between << and the newline, its quotes taken away. */
static char *unquote(const char *s)
{
  char *out = arena_get(parse_arena, strlen(s) + 1), *p = out;
  int quote = 0;
  for (; *s; s++) {
    if (*s == '\\' && quote != '\'' && s[1]) *p++ = *++s;
    else if (quote ? *s == quote : *s == '\'' || *s == '"') quote = quote ? 0 : *s;
    else *p++ = *s;
  }
  *p = 0;
  return out;
}

void read_here_documents(void)
{
  while (here_documents) {
    struct redir *list = here_documents, *r = (struct redir *)list->text;
    here_documents = list->next;
    char *end = unquote(r->text);
    struct buffer line = { 0, 0, 0 }, body = { 0, 0, 0 };
    while (read_line_raw(&line)) {
      char *s = line.text;
      if (r->strip)
        while (*s == '\t') s++;
      int n = strcspn(s, "\n");
      if (!strncmp(s, end, n) && !end[n]) break;
      put_text(&body, s);
    }
    char *text = body.text ? body.text : "";
    r->text = r->quoted ? arena_text(parse_arena, text, strlen(text)) : encode_here(text);
    free(line.text);
    free(body.text);
  }
}

struct redir *parse_redirection(void)
{
  int fd = -1;
  if (peek() == T_IONUMBER) {
    fd = atoi(token_text);
    take();
  }
  static const struct { enum token t; enum redir_type type; int fd; } kinds[] = {
    { T_LESS, R_IN, 0 }, { T_GREAT, R_OUT, 1 }, { T_DGREAT, R_APPEND, 1 }, { T_CLOBBER, R_CLOBBER, 1 }, { T_LESSGREAT, R_RDWR, 0 },
    { T_LESSAND, R_DUP_IN, 0 }, { T_GREATAND, R_DUP_OUT, 1 }, { T_DLESS, R_HERE, 0 }, { T_DLESSDASH, R_HERE, 0 },
  };
  unsigned i = 0;
  peek();
  while (i < sizeof kinds / sizeof *kinds && kinds[i].t != token) i++;
  if (i == sizeof kinds / sizeof *kinds) unexpected(0);
  struct redir *r = arena_get(parse_arena, sizeof *r);
  memset(r, 0, sizeof *r);
  r->type = kinds[i].type;
  r->fd = fd >= 0 ? fd : kinds[i].fd;
  r->strip = token == T_DLESSDASH;
  take();
  command_position = 0;
  if (peek() != T_WORD) unexpected("word");
  take();
  r->text = token_text;
  r->quoted = token_quoted;
  if (r->type == R_HERE) add_here_document(r);
  return r;
}

int at_redirection(void) { return peek() >= T_LESS; }

/* Forgets everything about an input that was wrong. */
void parse_reset(void)
{
  peeked = 0;
  here_documents = 0;
  command_position = 0;
  lex_reset();
}

/* The inside of $( ) is parsed only to find its end; the tree is not kept. */
struct node *parse_until_paren(void)
{
  struct redir *here = here_documents;
  int position = command_position, seen = function_seen;
  here_documents = 0;
  peeked = 0;
  struct node *n = parse_list(1);
  if (peek() != T_RPAREN) unexpected(")");
  take();
  here_documents = here;
  command_position = position;
  function_seen = seen;
  return n;
}

struct node *parse_command(int *end)
{
  command_position = 1;
  function_seen = 0;
  *end = 0;
  prompt_level = 0;
  if (peek() == T_EOF) {
    take();
    *end = 1;
    return 0;
  }
  if (token == T_NEWLINE) {
    take();
    return 0;
  }
  struct node *n = parse_list(0);
  if (peek() != T_NEWLINE && token != T_EOF) unexpected(0);
  take();
  return n;
}
