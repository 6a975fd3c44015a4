/* touch [-acm] [-t seconds since 1970 | -r file] file ... */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

int main(int argc, char **argv)
{
  struct utimbuf want = { 0, 0 };
  struct stat st;
  int c, create = 1, given = 0, only = 0, status = 0;
  while ((c = getopt(argc, argv, "acmt:r:")) != -1) {
    if (c == '?') return 2;
    if (c == 'c') create = 0;
    else if (c == 'a' || c == 'm') only = only && only != c ? 0 : c;
    else {
      given = 1;
      if (c == 't') want.actime = want.modtime = atol(optarg);
      else if (stat(optarg, &st) < 0) err(1, "%s", optarg);
      else want.actime = st.st_atime, want.modtime = st.st_mtime;
    }
  }
  if (optind >= argc) errx(2, "usage: touch [-acm] [-t seconds | -r file] file ...");
  for (; optind < argc; optind++) {
    const char *path = argv[optind];
    if (stat(path, &st) < 0) {
      if (errno != ENOENT || !create) {
        if (errno != ENOENT) warn("%s", path), status = 1;
        continue;
      }
      int fd = open(path, O_WRONLY | O_CREAT, 0666);
      if (fd < 0) {
        warn("%s", path);
        status = 1;
        continue;
      }
      close(fd);
      if (!given || stat(path, &st) < 0) continue;
    }
    struct utimbuf times = want;
    if (!given) times.actime = times.modtime = time(0);
    if (only == 'a') times.modtime = st.st_mtime;
    if (only == 'm') times.actime = st.st_atime;
    if (utime(path, given || only ? &times : 0) < 0) {
      warn("%s", path);
      status = 1;
    }
  }
  return status;
}
