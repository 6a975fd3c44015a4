/* cat [-un] [file ...] */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int numbers, line = 1, at_start = 1;

static int number_lines(const char *p, int n)
{
  for (int i = 0; i < n; i++) {
    if (at_start) printf("%6d\t", line++);
    at_start = p[i] == '\n';
    if (putchar(p[i]) == EOF) return -1;
  }
  return 0;
}

static int copy(int fd, const char *name)
{
  static char buf[32768];
  for (;;) {
    int n = read(fd, buf, sizeof buf);
    if (n == 0) return 0;
    if (n < 0) {
      warn("%s", name);
      return 1;
    }
    if ((numbers ? number_lines(buf, n) : writeall(1, buf, n)) < 0) err(1, "write error");
  }
}

int main(int argc, char **argv)
{
  int c, status = 0;
  while ((c = getopt(argc, argv, "un")) != -1) {
    if (c == 'n') numbers = 1;
    else if (c == '?') return 2;
  }
  if (optind >= argc) return copy(0, "standard input");
  for (; optind < argc; optind++) {
    int fd = strcmp(argv[optind], "-") ? open(argv[optind], O_RDONLY) : 0;
    if (fd < 0) {
      warn("%s", argv[optind]);
      status = 1;
      continue;
    }
    status |= copy(fd, argv[optind]);
    if (fd) close(fd);
  }
  return status;
}
