/* Between expand.c (words) and param.c (what follows a dollar). */
#ifndef EXPAND_H
#define EXPAND_H
#include "sh.h"

/* What is known of each character of a result. */
enum { A_LITERAL, A_QUOTED, A_SPLIT, A_BREAK, A_EMPTY }; /* A_BREAK ends a field, A_EMPTY is '' */
struct result { struct buffer text, kind; };
#define E_QUOTED 1                     /* inside double quotes */
#define E_HERE 2                       /* the same, but a double quote is a character */
#define E_SPLIT 4                      /* literal text counts as a result: the word of ${x:-word} */
#define E_ASSIGN 8                     /* ~ also after a colon */

void emit(struct result *r, int c, int kind);
void emit_text(struct result *r, const char *s, int kind);
void expand_into(struct result *r, const char *p, const char *end, int mode);
const char *expand_dollar(struct result *r, const char *p, const char *end, int mode);
char *flatten(struct result *r, int pattern);
const char *skip_ctl(const char *p);
void begin_result(struct result *r);
void end_result(struct result *r);
#endif
