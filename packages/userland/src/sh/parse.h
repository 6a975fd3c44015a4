/* Between parse.c (tokens, redirections) and grammar.c (commands). */
#ifndef PARSE_H
#define PARSE_H
#include "sh.h"

extern enum token token;
extern int command_position;
enum token peek(void);
void take(void);
void unexpected(const char *wanted) __attribute__((noreturn));
int at_word(const char *text);
void expect_word(const char *text);
void expect(enum token t);
struct node *new_node(enum node_type type, struct node *a, struct node *b);
struct word ***append(struct word ***end, char *text);
void skip_newlines(void);
int at_redirection(void);
struct redir *parse_redirection(void);
struct node *parse_list(int newlines); /* newlines: they separate, too */

#endif
