/* cp [-frRpa] source ... target */
#include "copy.h"

int main(int argc, char **argv)
{
  char full[PATH_MAX];
  struct stat st;
  int c, status = 0;
  while ((c = getopt(argc, argv, "fiprRa")) != -1) {
    if (c == '?') return 2;
    if (c == 'f') copy_force = 1;
    if (c == 'p' || c == 'a') copy_preserve = 1;
    if (c == 'r' || c == 'R' || c == 'a') copy_recursive = 1;
  }
  if (argc - optind < 2) errx(2, "usage: cp [-fprR] source ... target");
  const char *target = argv[--argc];
  int is_dir = stat(target, &st) == 0 && S_ISDIR(st.st_mode);
  if (argc - optind > 1 && !is_dir) errx(1, "%s: not a directory", target);
  for (; optind < argc; optind++) status |= copy_tree(argv[optind], place(argv[optind], target, is_dir, full));
  return status;
}
