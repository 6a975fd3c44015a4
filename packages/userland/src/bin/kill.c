/* kill [-signal | -s signal] process ...; kill -l */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
  int sig = SIGTERM, i = 1, status = 0;
  if (argc > 1 && !strcmp(argv[1], "-l")) {
    for (int n = 1; n < _NSIG; n++) printf("%s%c", signame(n), n == _NSIG - 1 ? '\n' : ' ');
    return 0;
  }
  if (argc > 2 && !strcmp(argv[1], "-s")) {
    sig = signum(argv[2]);
    i = 3;
  } else if (argc > 1 && argv[1][0] == '-' && strcmp(argv[1], "--")) {
    sig = signum(argv[1] + 1);
    i = 2;
  }
  if (i < argc && !strcmp(argv[i], "--")) i++;
  if (sig < 0) errx(2, "bad signal");
  if (i >= argc) errx(2, "usage: kill [-signal] process ...");
  for (; i < argc; i++) {
    char *end;
    long pid = strtol(argv[i], &end, 10);
    if (*end || end == argv[i]) {
      warnx("%s: not a process", argv[i]);
      status = 1;
    } else if (kill(pid, sig) < 0) {
      warn("%s", argv[i]);
      status = 1;
    }
  }
  return status;
}
