/* sysenv [name ...]: boot parameters */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
  static char block[4096];
  int status = 0;
  if (argc < 2) {
    if (getparam(0, block, sizeof block) < 0) err(1, "cannot read the parameters");
    for (char *p = block; *p; p += strlen(p) + 1) puts(p);
  }
  for (int i = 1; i < argc; i++) {
    if (getparam(argv[i], block, sizeof block) < 0) status = 1;
    else puts(block);
  }
  return status;
}
