/* rmdir [-p] directory ... */
#include <err.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
  int c, parents = 0, status = 0;
  while ((c = getopt(argc, argv, "p")) != -1) {
    if (c == '?') return 2;
    parents = 1;
  }
  if (optind >= argc) errx(2, "usage: rmdir [-p] directory ...");
  for (; optind < argc; optind++) {
    char *path = argv[optind], *slash;
    do {
      if (rmdir(path) < 0) {
        warn("%s", path);
        status = 1;
        break;
      }
      slash = strrchr(path, '/');
      if (slash) *slash = 0;
    } while (parents && slash && *path);
  }
  return status;
}
