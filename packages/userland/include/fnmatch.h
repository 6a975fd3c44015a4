#ifndef FNMATCH_H
#define FNMATCH_H
#define FNM_NOMATCH 1
#define FNM_PATHNAME 1 /* a slash matches only itself */
#define FNM_PERIOD 4   /* a leading period matches only itself */
int fnmatch(const char *pattern, const char *string, int flags);
#endif
