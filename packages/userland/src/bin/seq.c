/* seq [-w] [first [step]] last */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
  int equal = argc > 1 && !strcmp(argv[1], "-w"), n = argc - equal;
  char **a = argv + equal;
  if (n < 2 || n > 4) errx(2, "usage: seq [-w] [first [step]] last");
  long first = n > 2 ? atol(a[1]) : 1, step = n > 3 ? atol(a[2]) : 1, last = atol(a[n - 1]);
  if (step == 0) errx(2, "the step is zero");
  int width = equal ? (int)strlen(a[n - 1]) : 0;
  for (long i = first; step > 0 ? i <= last : i >= last; i += step) printf("%0*ld\n", width, i);
  return 0;
}
