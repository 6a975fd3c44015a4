/* Between input.c (characters) and lex.c (tokens). */
#ifndef LEX_H
#define LEX_H
#include "sh.h"

extern struct buffer *capture; /* the raw text of a $( ) while its inside is parsed */
extern int back[4], back_count; /* characters given back */
int get(void);
void unget(int c);
int get_joined(void);

#endif
