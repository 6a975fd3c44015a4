/* rm [-firR] file ... */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int force, ask, recursive;

static int confirmed(const char *what, const char *path)
{
  char answer[16] = "";
  dprintf(2, "rm: remove %s%s? ", what, path);
  return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int complain(const char *path)
{
  if (force && errno == ENOENT) return 0;
  warn("%s", path);
  return 1;
}

static int remove_tree(const char *path)
{
  struct stat st;
  if (lstat(path, &st) < 0) return complain(path);
  if (!S_ISDIR(st.st_mode)) {
    if (ask && !confirmed("", path)) return 0;
    return unlink(path) < 0 ? complain(path) : 0;
  }
  if (!recursive) {
    errno = EISDIR;
    return complain(path);
  }
  int status = 0, removed;
  char full[PATH_MAX];
  do { /* a directory that changes under a reader is read again */
    struct dirent *e;
    DIR *d = opendir(path);
    if (!d) return complain(path);
    removed = 0;
    while (!status && (e = readdir(d))) {
      if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
      if (snprintf(full, sizeof full, "%s/%s", path, e->d_name) >= (int)sizeof full) {
        errno = ENAMETOOLONG;
        status = complain(path);
        break;
      }
      status |= remove_tree(full);
      removed = !ask;
    }
    closedir(d);
  } while (removed && !status);
  if (ask && !confirmed("directory ", path)) return status;
  return rmdir(path) < 0 ? complain(path) : status;
}

int main(int argc, char **argv)
{
  int c, status = 0;
  while ((c = getopt(argc, argv, "firR")) != -1) {
    if (c == 'f') force = 1, ask = 0;
    else if (c == 'i') ask = 1, force = 0;
    else if (c == '?') return 2;
    else recursive = 1;
  }
  if (optind >= argc && !force) errx(2, "usage: rm [-fir] file ...");
  for (; optind < argc; optind++) {
    char *path = argv[optind], *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
    if (!strcmp(path, "/") || !strcmp(last, ".") || !strcmp(last, "..")) {
      warnx("%s: refused", path);
      status = 1;
    } else {
      status |= remove_tree(path);
    }
  }
  return status;
}
