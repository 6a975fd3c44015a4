#include <dirent.h>
#include <err.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void add(glob_t *g, const char *path)
{
  g->gl_pathv = xrealloc(g->gl_pathv, (g->gl_pathc + 2) * sizeof(char *));
  g->gl_pathv[g->gl_pathc++] = xstrdup(path);
  g->gl_pathv[g->gl_pathc] = 0;
}

/* Extends `path` (of length n, ending in a slash or empty) by the rest of the pattern. */
static void walk(glob_t *g, char *path, int n, const char *pattern)
{
  struct stat st;
  while (*pattern == '/' && n < PATH_MAX - 1) path[n++] = *pattern++;
  path[n] = 0;
  int length = strcspn(pattern, "/");
  if (!length) {
    if (n && lstat(path, &st) == 0) add(g, path);
    return;
  }
  char part[PATH_MAX];
  if (length >= PATH_MAX) return;
  memcpy(part, pattern, length);
  part[length] = 0;
  pattern += length;
  if (!strpbrk(part, "*?[")) {
    for (char *p = part; *p && n < PATH_MAX - 1; p++) path[n++] = *p == '\\' && p[1] ? *++p : *p;
    path[n] = 0;
    if (*pattern) walk(g, path, n, pattern);
    else if (lstat(path, &st) == 0) add(g, path);
    return;
  }
  DIR *d = opendir(n ? path : ".");
  struct dirent *e;
  if (!d) return;
  while ((e = readdir(d))) {
    int m = strlen(e->d_name);
    if (n + m >= PATH_MAX || fnmatch(part, e->d_name, FNM_PERIOD)) continue;
    strcpy(path + n, e->d_name);
    if (!*pattern) add(g, path);
    else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) walk(g, path, n + m, pattern);
  }
  path[n] = 0;
  closedir(d);
}

static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

int glob(const char *pattern, int flags, int (*error)(const char *, int), glob_t *g)
{
  char path[PATH_MAX];
  (void)flags;
  (void)error;
  g->gl_pathc = 0;
  g->gl_pathv = 0;
  walk(g, path, 0, pattern);
  if (!g->gl_pathc) return GLOB_NOMATCH;
  qsort(g->gl_pathv, g->gl_pathc, sizeof(char *), compare);
  return 0;
}

void globfree(glob_t *g)
{
  for (size_t i = 0; i < g->gl_pathc; i++) free(g->gl_pathv[i]);
  free(g->gl_pathv);
}
