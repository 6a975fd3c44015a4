/* cmp [-ls] file1 file2 */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
  int c, all = 0, silent = 0, different = 0;
  while ((c = getopt(argc, argv, "ls")) != -1) {
    if (c == '?') return 2;
    if (c == 'l') all = 1;
    else silent = 1;
  }
  if (argc - optind != 2) errx(2, "usage: cmp [-ls] file1 file2");
  FILE *f[2];
  for (int i = 0; i < 2; i++) {
    f[i] = strcmp(argv[optind + i], "-") ? fopen(argv[optind + i], "r") : stdin;
    if (!f[i]) err(2, "%s", argv[optind + i]);
  }
  for (unsigned long at = 1, line = 1;; at++) {
    int a = getc(f[0]), b = getc(f[1]);
    if (a == EOF && b == EOF) return different;
    if (a == EOF || b == EOF) {
      if (!silent) warnx("EOF on %s", argv[optind + (a != EOF)]);
      return 1;
    }
    if (a != b) {
      different = 1;
      if (silent) return 1;
      if (!all) {
        printf("%s %s differ: char %lu, line %lu\n", argv[optind], argv[optind + 1], at, line);
        return 1;
      }
      printf("%lu %3o %3o\n", at, a, b);
    }
    line += a == '\n';
  }
}
