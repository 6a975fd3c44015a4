/* mknod [-m mode] name b|c major minor; mknod name p */
#include <err.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
  int c, mode = 0666;
  while ((c = getopt(argc, argv, "m:")) != -1) {
    if (c == '?') return 2;
    mode = strtol(optarg, 0, 8);
  }
  argv += optind;
  argc -= optind;
  int kind = argc >= 2 ? argv[1][0] : 0;
  if (!(kind == 'p' && argc == 2) && !((kind == 'b' || kind == 'c') && argc == 4)) {
    errx(2, "usage: mknod [-m mode] name b|c major minor | name p");
  }
  mode |= kind == 'p' ? S_IFIFO : kind == 'b' ? S_IFBLK : S_IFCHR;
  if (mknod(argv[0], mode, argc == 4 ? makedev(atoi(argv[2]), atoi(argv[3])) : 0) < 0) err(1, "%s", argv[0]);
  return 0;
}
