/* chmod [-R] mode file ... */
#include <dirent.h>
#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>
#include "mode.h"

static int recursive;

static int change(const char *path, const char *text)
{
  struct stat st;
  struct dirent *e;
  char full[PATH_MAX];
  if (lstat(path, &st) < 0 || (S_ISLNK(st.st_mode) && stat(path, &st) < 0)) {
    warn("%s", path);
    return 1;
  }
  int mode = parse_mode(text, st.st_mode & 07777, S_ISDIR(st.st_mode)), status = 0;
  if (mode < 0) errx(2, "%s: bad mode", text);
  if (chmod(path, mode) < 0) {
    warn("%s", path);
    status = 1;
  }
  if (!recursive || !S_ISDIR(st.st_mode)) return status;
  DIR *d = opendir(path);
  if (!d) return 1;
  while ((e = readdir(d))) {
    if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
    snprintf(full, sizeof full, "%s/%s", path, e->d_name);
    status |= change(full, text);
  }
  closedir(d);
  return status;
}

int main(int argc, char **argv)
{
  int i = 1, status = 0;
  if (i < argc && !strcmp(argv[i], "-R")) recursive = i++;
  if (argc - i < 2) errx(2, "usage: chmod [-R] mode file ...");
  for (int k = i + 1; k < argc; k++) status |= change(argv[k], argv[i]);
  return status;
}
