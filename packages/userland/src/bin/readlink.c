/* readlink file */
#include <err.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
  char text[1024];
  if (argc != 2) errx(2, "usage: readlink file");
  int n = readlink(argv[1], text, sizeof text);
  if (n < 0) return 1;
  printf("%.*s\n", n, text);
  return 0;
}
