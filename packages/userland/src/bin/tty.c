/* tty [-s] */
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
  (void)argv;
  const char *name = ttyname(0);
  if (argc == 1) puts(name ? name : isatty(0) ? "?" : "not a tty");
  return !isatty(0);
}
