/* A compiled regular expression: between regcomp.c and regexec.c. */
#ifndef REGNODE_H
#define REGNODE_H
#include <regex.h>
#include <stdint.h>

enum kind { CHAR, ANY, SET, BEGIN, END, WORD, NOT_WORD, WORD_BEGIN, WORD_END, OPEN, CLOSE, BACK, ALT, ENTER, LOOP, MATCH };
struct _node {
  enum kind kind;
  struct _node *next, *body, *other;   /* ALT: body or other; LOOP: body, and next when done */
  int value, min, max;                 /* a character, a group, or a loop's bounds (-1: none) */
  int count;                           /* of a loop while it runs */
  const char *last;                    /* where its last round began */
  uint32_t *set;
  struct _node *link;                  /* all nodes of an expression, to free them */
};
typedef struct _node node;

#endif
