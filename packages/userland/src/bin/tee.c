/* tee [-a] [file ...] */
#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
  static char buf[8192];
  int fds[32], count = 0, status = 0, n, c, append = 0;
  while ((c = getopt(argc, argv, "ai")) != -1) {
    if (c == '?') return 2;
    append |= c == 'a';
  }
  for (; optind < argc && count < 32; optind++) {
    int fd = open(argv[optind], O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC), 0666);
    if (fd >= 0) fds[count++] = fd;
    else {
      warn("%s", argv[optind]);
      status = 1;
    }
  }
  while ((n = read(0, buf, sizeof buf)) > 0) {
    if (writeall(1, buf, n) < 0) status = 1;
    for (int i = 0; i < count; i++)
      if (writeall(fds[i], buf, n) < 0) status = 1;
  }
  return status;
}
