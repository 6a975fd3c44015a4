/* ln [-sf] existing [name]; ln [-sf] existing ... directory */
#include "copy.h"

int main(int argc, char **argv)
{
  char full[PATH_MAX];
  struct stat st;
  int c, symbolic = 0, force = 0, status = 0;
  while ((c = getopt(argc, argv, "sfn")) != -1) {
    if (c == '?') return 2;
    if (c == 's') symbolic = 1;
    if (c == 'f') force = 1;
  }
  (void)copy_tree;
  if (optind >= argc) errx(2, "usage: ln [-sf] existing ... name");
  const char *target = argc - optind == 1 ? "." : argv[--argc];
  int is_dir = stat(target, &st) == 0 && S_ISDIR(st.st_mode);
  if (argc - optind > 1 && !is_dir) errx(1, "%s: not a directory", target);
  for (; optind < argc; optind++) {
    const char *name = place(argv[optind], target, is_dir, full);
    if (force) unlink(name);
    if ((symbolic ? symlink : link)(argv[optind], name) < 0) {
      warn("%s", name);
      status = 1;
    }
  }
  return status;
}
