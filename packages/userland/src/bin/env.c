/* env [-i] [-u name] [name=value ...] [program [argument ...]] */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
  int i = 1;
  for (; i < argc && argv[i][0] == '-'; i++) {
    if (!strcmp(argv[i], "-i") || !strcmp(argv[i], "-")) environ[0] = 0;
    else if (!strcmp(argv[i], "-u") && i + 1 < argc) unsetenv(argv[++i]);
    else errx(2, "usage: env [-i] [-u name] [name=value ...] [program [argument ...]]");
  }
  for (; i < argc && strchr(argv[i], '='); i++) putenv(argv[i]);
  if (i < argc) {
    execvp(argv[i], argv + i);
    int missing = errno == ENOENT;
    warn("%s", argv[i]);
    return missing ? 127 : 126;
  }
  for (char **e = environ; *e; e++) puts(*e);
  return 0;
}
