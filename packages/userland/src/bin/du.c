/* du [-aks] [path ...]: kilobytes */
#include <dirent.h>
#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int all, sums, status;

static long long walk(const char *path, int top)
{
  struct stat st;
  struct dirent *e;
  if (lstat(path, &st) < 0) {
    warn("%s", path);
    status = 1;
    return 0;
  }
  long long blocks = st.st_blocks;
  if (S_ISDIR(st.st_mode)) {
    char *full = xmalloc(PATH_MAX);
    DIR *d = opendir(path);
    if (!d) warn("%s", path), status = 1;
    while (d && (e = readdir(d))) {
      if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
      snprintf(full, PATH_MAX, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/", e->d_name);
      blocks += walk(full, 0);
    }
    if (d) closedir(d);
    free(full);
  }
  if (top || (!sums && (all || S_ISDIR(st.st_mode)))) printf("%lld\t%s\n", (blocks + 1) / 2, path);
  return blocks;
}

int main(int argc, char **argv)
{
  int c;
  while ((c = getopt(argc, argv, "aks")) != -1) {
    if (c == '?') return 2;
    all |= c == 'a';
    sums |= c == 's';
  }
  if (optind >= argc) walk(".", 1);
  for (; optind < argc; optind++) walk(argv[optind], 1);
  return status;
}
