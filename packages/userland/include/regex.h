#ifndef REGEX_H
#define REGEX_H
#include <sys/types.h>
typedef struct { struct _node *start; int groups; int flags; size_t re_nsub; void *arena; } regex_t;
typedef struct { int rm_so, rm_eo; } regmatch_t;
#define REG_EXTENDED 1
#define REG_ICASE 2
#define REG_NOTBOL 1
#define REG_NOMATCH 1
#define REG_BADPAT 2
#define REG_GROUPS 10
int regcomp(regex_t *re, const char *pattern, int flags);
int regexec(const regex_t *re, const char *s, size_t n, regmatch_t *match, int flags);
void regfree(regex_t *re);
#endif
