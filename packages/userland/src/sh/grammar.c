/* The grammar of commands; each function begins at its first token and ends behind its last. */
#include <string.h>
#include "parse.h"

static struct node *parse_and_or(void);

static const char *const closers[] = { "then", "else", "elif", "fi", "do", "done", "esac", "}", 0 };

static int at_list_end(void)
{
  if (peek() == T_EOF || token == T_RPAREN || token == T_DSEMI) return 1;
  for (int i = 0; closers[i]; i++)
    if (at_word(closers[i])) return 1;
  return 0;
}

struct node *parse_list(int newlines)
{
  struct node *all = 0;
  if (newlines) skip_newlines();
  command_position = 1;
  while (!at_list_end()) {
    struct node *n = parse_and_or();
    int separated = 0;
    command_position = 1;
    if (peek() == T_AMP) {
      n = new_node(N_BACKGROUND, n, 0);
      take();
      separated = 1;
    } else if (token == T_SEMI) {
      take();
      separated = 1;
    }
    all = all ? new_node(N_SEQ, all, n) : n;
    command_position = 1;
    if (newlines && peek() == T_NEWLINE) {
      skip_newlines();
      separated = 1;
    }
    if (!separated || (!newlines && peek() == T_NEWLINE)) break;
  }
  return all;
}

static struct node *parse_body(const char *what)
{
  struct node *n = parse_list(1);
  if (!n) unexpected(what);
  return n;
}

static void parse_redirections(struct node *n)
{
  struct redir **end = &n->redirs;
  command_position = 0;
  while (at_redirection()) {
    *end = parse_redirection();
    end = &(*end)->next;
    command_position = 0;
  }
}

static struct node *parse_if(void)
{
  struct node *n = new_node(N_IF, 0, 0);
  n->a = parse_body("a condition");
  expect_word("then");
  n->b = parse_body("a command");
  if (at_word("elif")) {
    take();
    n->c = parse_if();
    return n; /* the inner one took the fi */
  }
  if (at_word("else")) {
    take();
    n->c = parse_body("a command");
  }
  expect_word("fi");
  return n;
}

static struct node *parse_do(void)
{
  expect_word("do");
  struct node *n = parse_body("a command");
  expect_word("done");
  return n;
}

static struct node *parse_for(void)
{
  struct node *n = new_node(N_FOR, 0, 0);
  struct word **end = &n->words;
  command_position = 0;
  if (peek() != T_WORD || !is_name(token_text, strlen(token_text))) unexpected("a name");
  n->name = token_text;
  take();
  int line_end = peek() == T_NEWLINE;
  while (peek() == T_NEWLINE) take();
  if (at_word("in")) {
    take();
    while (peek() == T_WORD) {
      append(&end, token_text);
      take();
    }
    if (peek() != T_SEMI && token != T_NEWLINE) unexpected(";");
    take();
  } else {
    append(&end, "\"$@\"");
    if (!line_end && peek() == T_SEMI) take();
  }
  skip_newlines();
  n->a = parse_do();
  return n;
}

static struct node *parse_item(void)
{
  struct node *n = new_node(N_ITEM, 0, 0);
  struct word **end = &n->words;
  command_position = 0;
  if (peek() == T_LPAREN) take();
  for (;;) {
    if (peek() != T_WORD) unexpected("a pattern");
    append(&end, token_text);
    take();
    if (peek() != T_PIPE) break;
    take();
  }
  expect(T_RPAREN);
  n->a = parse_list(1);
  if (peek() == T_DSEMI) take();
  else if (!at_word("esac")) unexpected(";;");
  skip_newlines();
  return n;
}

static struct node *parse_case(void)
{
  struct node *n = new_node(N_CASE, 0, 0);
  struct node **item = &n->a;
  struct word **end = &n->words;
  command_position = 0;
  if (peek() != T_WORD) unexpected("word");
  append(&end, token_text);
  take();
  while (peek() == T_NEWLINE) take();
  if (!at_word("in")) unexpected("in");
  take();
  skip_newlines();
  while (!at_word("esac")) {
    command_position = 0;
    *item = parse_item();
    item = &(*item)->next;
  }
  take();
  return n;
}

static int at_function_body(void) { return peek() == T_LPAREN; }

static struct node *parse_compound(void);

static struct node *parse_function(char *name)
{
  take();
  expect(T_RPAREN);
  skip_newlines();
  struct node *n = new_node(N_FUNCTION, 0, 0);
  n->name = name;
  n->a = parse_compound();
  if (!n->a) unexpected("{");
  function_seen = 1;
  return n;
}

static struct node *parse_simple(void)
{
  struct node *n = new_node(N_SIMPLE, 0, 0);
  struct word **words = &n->words, **assigns = &n->assigns;
  struct redir **redirs = &n->redirs;
  int line = token_line;
  for (;;) {
    command_position = !n->words;
    if (at_redirection()) {
      command_position = 0;
      *redirs = parse_redirection();
      redirs = &(*redirs)->next;
      continue;
    }
    if (token != T_WORD) break;
    char *text = token_text;
    int name = strcspn(text, "=");
    if (!n->words && text[name] && is_name(text, name)) {
      append(&assigns, text);
      take();
      continue;
    }
    append(&words, text);
    command_position = 0;
    int first = n->words->next == 0 && !n->assigns && !n->redirs && !token_quoted;
    take();
    if (first && at_function_body()) {
      if (!is_name(text, strlen(text))) unexpected(0);
      return parse_function(text);
    }
  }
  n->line = line;
  if (!n->words && !n->assigns && !n->redirs) unexpected(0);
  return n;
}

/* NULL when the next token begins none. */
static struct node *parse_compound(void)
{
  struct node *n = 0;
  command_position = 1;
  if (peek() == T_LPAREN) {
    take();
    n = new_node(N_SUBSHELL, parse_body("a command"), 0);
    expect(T_RPAREN);
  } else if (token != T_WORD || token_quoted) {
    return 0;
  } else if (at_word("{")) {
    take();
    n = new_node(N_GROUP, parse_body("a command"), 0);
    expect_word("}");
  } else if (at_word("if")) {
    take();
    n = parse_if();
  } else if (at_word("while") || at_word("until")) {
    enum node_type type = token_text[0] == 'w' ? N_WHILE : N_UNTIL;
    take();
    n = new_node(type, 0, 0);
    n->a = parse_body("a condition");
    n->b = parse_do();
  } else if (at_word("for")) {
    take();
    n = parse_for();
  } else if (at_word("case")) {
    take();
    n = parse_case();
  } else {
    return 0;
  }
  parse_redirections(n);
  return n;
}

static struct node *parse_one(void)
{
  struct node *n = parse_compound();
  return n ? n : parse_simple();
}

static struct node *parse_pipeline(void)
{
  int negate = 0;
  command_position = 1;
  while (at_word("!")) {
    negate = !negate;
    take();
  }
  struct node *n = parse_one();
  if (peek() == T_PIPE) {
    struct node *pipe = new_node(N_PIPE, n, 0), *last = n;
    while (peek() == T_PIPE) {
      take();
      skip_newlines();
      last->next = parse_one();
      last = last->next;
    }
    n = pipe;
  }
  return negate ? new_node(N_NOT, n, 0) : n;
}

static struct node *parse_and_or(void)
{
  struct node *n = parse_pipeline();
  while (peek() == T_AND || token == T_OR) {
    enum node_type type = token == T_AND ? N_AND : N_OR;
    take();
    skip_newlines();
    struct node *right = parse_pipeline();
    n = new_node(type, n, right);
  }
  return n;
}
