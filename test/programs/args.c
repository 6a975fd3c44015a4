/* For `procyon run`: prints its arguments and environment, copies standard input to standard output in capitals, writes to
   standard error, and ends as its first argument says: a status, or -N for signal N. */
#include "abi.h"

static char buffer[1000];

int main(int argc, char **argv, char **envp)
{
  int status = 0, negative = 0;
  for (int i = 0; i < argc; i++) put("arg "), put(argv[i]), put("\n");
  for (int i = 0; envp[i]; i++) if (equal(envp[i], "HOME=", 5)) put(envp[i]), put("\n");
  for (int n; (n = read(0, buffer, sizeof buffer)) > 0;) {
    for (int i = 0; i < n; i++) if (buffer[i] >= 'a' && buffer[i] <= 'z') buffer[i] -= 32;
    write(1, buffer, n);
  }
  write(2, "to standard error\n", 18);
  if (argc > 2 && same(argv[2], "cat")) {
    int fd = open(argv[3], O_RDONLY, 0), n;
    while ((n = read(fd, buffer, sizeof buffer)) > 0) write(1, buffer, n);
  }
  for (char *p = argc > 1 ? argv[1] : ""; *p; p++) {
    if (*p == '-') negative = 1;
    else status = status * 10 + *p - '0';
  }
  if (negative) {
    kill(getpid(), status);
    for (;;) pause();
  }
  return status;
}
