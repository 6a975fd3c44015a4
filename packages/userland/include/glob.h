#ifndef GLOB_H
#define GLOB_H
#include <sys/types.h>
typedef struct { size_t gl_pathc; char **gl_pathv; } glob_t;
#define GLOB_NOMATCH 3
/* All paths that match, sorted. A backslash in the pattern quotes. */
int glob(const char *pattern, int flags, int (*error)(const char *, int), glob_t *g);
void globfree(glob_t *g);
#endif
