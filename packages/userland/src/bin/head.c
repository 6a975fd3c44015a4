/* head [-n lines | -c bytes | -lines] [file ...] */
#include <ctype.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long lines = 10, bytes = -1;

static int copy(int fd, const char *name)
{
  static char buf[4096];
  long left = bytes >= 0 ? bytes : lines;
  while (left > 0) {
    int n = read(fd, buf, sizeof buf), use;
    if (n < 0) {
      warn("%s", name);
      return 1;
    }
    if (n == 0) break;
    if (bytes >= 0) {
      use = n < left ? n : left;
      left -= use;
    } else {
      for (use = 0; use < n && left > 0; use++) left -= buf[use] == '\n';
    }
    fwrite(buf, 1, use, stdout);
    if (use < n) lseek(fd, use - n, SEEK_CUR); /* where it can be given back, it is */
  }
  return 0;
}

int main(int argc, char **argv)
{
  int i = 1, status = 0, c;
  if (argc > 1 && argv[1][0] == '-' && isdigit((unsigned char)argv[1][1])) {
    lines = atol(argv[1] + 1);
    argv[1] = argv[0];
    argv++;
    argc--;
  }
  while ((c = getopt(argc, argv, "n:c:")) != -1) {
    if (c == '?') return 2;
    if (c == 'n') lines = atol(optarg);
    else bytes = atol(optarg);
  }
  i = optind;
  int several = argc - i > 1;
  if (i >= argc) return copy(0, "standard input");
  for (int first = i; i < argc; i++) {
    int fd = open(argv[i], O_RDONLY);
    if (fd < 0) {
      warn("%s", argv[i]);
      status = 1;
      continue;
    }
    if (several) printf("%s==> %s <==\n", i > first ? "\n" : "", argv[i]);
    status |= copy(fd, argv[i]);
    close(fd);
  }
  return status;
}
