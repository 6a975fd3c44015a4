/* basename path [suffix] */
#include <err.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
  if (argc < 2 || argc > 3) errx(2, "usage: basename path [suffix]");
  char *p = argv[1];
  int n = strlen(p);
  while (n > 1 && p[n - 1] == '/') p[--n] = 0;
  char *slash = strrchr(p, '/');
  if (slash && slash[1]) p = slash + 1;
  n = strlen(p);
  int m = argc == 3 ? strlen(argv[2]) : 0;
  if (m && m < n && !strcmp(p + n - m, argv[2])) p[n - m] = 0;
  puts(p);
  return 0;
}
