/* Copying files and trees, for cp and mv. */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

static int copy_recursive, copy_preserve, copy_force;

/* target, or target/name where the target is a directory. */
static const char *place(const char *source, const char *target, int is_dir, char *full)
{
  if (!is_dir) return target;
  int n = strlen(source);
  while (n > 1 && source[n - 1] == '/') n--;
  int start = n;
  while (start > 0 && source[start - 1] != '/') start--;
  snprintf(full, PATH_MAX, "%s%s%.*s", target, target[strlen(target) - 1] == '/' ? "" : "/", n - start, source + start);
  return full;
}

static int copy_bytes(int in, int out, const char *from, const char *to)
{
  static char buf[32768];
  int n;
  while ((n = read(in, buf, sizeof buf)) > 0)
    if (writeall(out, buf, n) < 0) {
      warn("%s", to);
      return 1;
    }
  if (n < 0) warn("%s", from);
  return n < 0;
}

static int copy_regular(const char *from, const char *to, const struct stat *st)
{
  int in = open(from, O_RDONLY);
  if (in < 0) {
    warn("%s", from);
    return 1;
  }
  int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, st->st_mode & 0777);
  if (out < 0 && copy_force && unlink(to) == 0) out = open(to, O_WRONLY | O_CREAT | O_TRUNC, st->st_mode & 0777);
  if (out < 0) {
    warn("%s", to);
    close(in);
    return 1;
  }
  int status = copy_bytes(in, out, from, to);
  close(in);
  close(out);
  return status;
}

static int copy_tree(const char *from, const char *to);

static int copy_directory(const char *from, const char *to, const struct stat *st)
{
  char a[PATH_MAX], b[PATH_MAX];
  struct dirent *e;
  struct stat made;
  int status = 0;
  if (mkdir(to, (st->st_mode & 0777) | 0700) < 0 && errno != EEXIST) {
    warn("%s", to);
    return 1;
  }
  stat(to, &made);
  DIR *d = opendir(from);
  if (!d) {
    warn("%s", from);
    return 1;
  }
  while ((e = readdir(d))) {
    if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
    snprintf(a, sizeof a, "%s/%s", from, e->d_name);
    snprintf(b, sizeof b, "%s/%s", to, e->d_name);
    struct stat inner;
    if (lstat(a, &inner) == 0 && inner.st_ino == made.st_ino && inner.st_dev == made.st_dev) {
      warnx("%s: cannot be copied into itself", from);
      status = 1;
      continue;
    }
    status |= copy_tree(a, b);
  }
  closedir(d);
  chmod(to, st->st_mode & 07777 & (copy_preserve ? 07777 : ~0));
  return status;
}

static int copy_tree(const char *from, const char *to)
{
  struct stat st, there;
  char link[PATH_MAX];
  int status = 0;
  if ((copy_recursive ? lstat : stat)(from, &st) < 0) {
    warn("%s", from);
    return 1;
  }
  if (stat(to, &there) == 0 && st.st_dev == there.st_dev && st.st_ino == there.st_ino) {
    warnx("%s and %s are the same file", from, to);
    return 1;
  }
  if (S_ISDIR(st.st_mode)) {
    if (!copy_recursive) {
      warnx("%s: is a directory", from);
      return 1;
    }
    status = copy_directory(from, to, &st);
  } else if (S_ISLNK(st.st_mode)) {
    int n = readlink(from, link, sizeof link - 1);
    if (n >= 0) link[n] = 0;
    unlink(to);
    if (n < 0 || symlink(link, to) < 0) {
      warn("%s", to);
      return 1;
    }
    return 0;
  } else if (copy_recursive && !S_ISREG(st.st_mode)) {
    if (mknod(to, st.st_mode, st.st_rdev) < 0) {
      warn("%s", to);
      return 1;
    }
  } else {
    status = copy_regular(from, to, &st);
  }
  if (!status && copy_preserve) {
    struct utimbuf times = { st.st_atime, st.st_mtime };
    chown(to, st.st_uid, st.st_gid);
    chmod(to, st.st_mode & 07777);
    utime(to, &times);
  }
  return status;
}
