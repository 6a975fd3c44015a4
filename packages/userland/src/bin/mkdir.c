/* mkdir [-p] [-m mode] directory ... */
#include <err.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "mode.h"

static int make(char *path, int parents, int mode)
{
  struct stat st;
  for (char *p = path + 1; parents && *p; p++) {
    if (*p != '/') continue;
    *p = 0;
    if (mkdir(path, 0777) < 0 && errno != EEXIST) {
      warn("%s", path);
      return 1;
    }
    *p = '/';
  }
  if (mkdir(path, mode) == 0) return 0;
  if (parents && errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) return 0;
  warn("%s", path);
  return 1;
}

int main(int argc, char **argv)
{
  int c, parents = 0, mode = 0777, status = 0;
  while ((c = getopt(argc, argv, "pm:")) != -1) {
    if (c == '?') return 2;
    if (c == 'p') parents = 1;
    else if ((mode = parse_mode(optarg, 0777, 1)) < 0) errx(2, "%s: bad mode", optarg);
  }
  if (optind >= argc) errx(2, "usage: mkdir [-p] [-m mode] directory ...");
  for (; optind < argc; optind++) status |= make(argv[optind], parents, mode);
  return status;
}
