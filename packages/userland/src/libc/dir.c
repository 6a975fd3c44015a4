#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

DIR *opendir(const char *path)
{
  struct stat st;
  int fd = open(path, O_RDONLY);
  if (fd < 0) return 0;
  DIR *d = 0;
  if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode)) errno = ENOTDIR;
  else d = malloc(sizeof *d);
  if (!d) {
    close(fd);
    return 0;
  }
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  d->fd = fd;
  d->pos = d->len = 0;
  return d;
}

struct dirent *readdir(DIR *d)
{
  if (d->pos >= d->len) {
    d->len = getdents(d->fd, d->buf, sizeof d->buf);
    d->pos = 0;
    if (d->len <= 0) {
      d->len = 0;
      return 0;
    }
  }
  struct dirent *e = (struct dirent *)(d->buf + d->pos);
  d->pos += e->d_reclen;
  return e;
}

int closedir(DIR *d)
{
  int r = close(d->fd);
  free(d);
  return r;
}

/* The name of the directory above which `here` has this identity; it is put in front of `path`. */
static int step_up(const char *above, const struct stat *here, char **path, char *least)
{
  struct stat st;
  struct dirent *e;
  char name[PATH_MAX];
  DIR *d = opendir(above);
  int found = -1;
  if (!d) return -1;
  while (found < 0 && (e = readdir(d))) {
    if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
    if (strlen(above) + strlen(e->d_name) + 2 > sizeof name) continue;
    strcpy(stpcpy(stpcpy(name, above), "/"), e->d_name);
    if (lstat(name, &st) == 0 && st.st_ino == here->st_ino && st.st_dev == here->st_dev) {
      int n = strlen(e->d_name);
      if (*path - n - 1 < least) {
        errno = ERANGE;
        break;
      }
      *path -= n;
      memcpy(*path, e->d_name, n);
      *--*path = '/';
      found = 0;
    }
  }
  if (found < 0 && errno != ERANGE) errno = ENOENT;
  closedir(d);
  return found;
}

char *getcwd(char *buf, size_t n)
{
  char above[PATH_MAX] = "", whole[PATH_MAX], *path = whole + sizeof whole - 1;
  struct stat root, here, parent;
  *path = 0;
  if (stat("/", &root) < 0 || stat(".", &here) < 0) return 0;
  while (here.st_ino != root.st_ino || here.st_dev != root.st_dev) {
    if (strlen(above) + 4 > sizeof above) {
      errno = ERANGE;
      return 0;
    }
    strcat(above, *above ? "/.." : "..");
    if (stat(above, &parent) < 0 || step_up(above, &here, &path, whole) < 0) return 0;
    here = parent;
  }
  if (!*path) *--path = '/';
  if (strlen(path) + 1 > n) {
    errno = ERANGE;
    return 0;
  }
  return strcpy(buf, path);
}
