/* sleep seconds: a decimal fraction is fine */
#include <ctype.h>
#include <err.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
  struct timespec want = { 0, 0 };
  char *p;
  if (argc != 2) errx(2, "usage: sleep seconds");
  want.tv_sec = strtol(argv[1], &p, 10);
  if (*p == '.')
    for (long unit = 100000000; isdigit((unsigned char)*++p); unit /= 10) want.tv_nsec += (*p - '0') * unit;
  if (*p || want.tv_sec < 0 || p == argv[1]) errx(2, "%s: not a time", argv[1]);
  if (nanosleep(&want, 0)) err(1, "cannot sleep");
  return 0;
}
