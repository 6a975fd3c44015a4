/* dirname path */
#include <err.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
  if (argc != 2) errx(2, "usage: dirname path");
  char *p = argv[1];
  int n = strlen(p);
  while (n > 1 && p[n - 1] == '/') n--;
  while (n > 0 && p[n - 1] != '/') n--;
  while (n > 1 && p[n - 1] == '/') n--;
  if (n == 0) puts(".");
  else printf("%.*s\n", n, p);
  return 0;
}
