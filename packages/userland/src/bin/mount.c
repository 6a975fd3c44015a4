/* mount [-r] [-t type] [-o options] device directory; mount alone shows what is mounted */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define TABLE "/etc/mtab"

static int show(void)
{
  char line[256];
  FILE *f = fopen(TABLE, "r");
  while (f && fgets(line, sizeof line, f)) {
    char *device = strtok(line, " \n"), *dir = strtok(0, " \n"), *type = strtok(0, " \n"), *options = strtok(0, " \n");
    if (options) printf("%s is mounted on %s type %s (%s)\n", device, dir, type, options);
  }
  return 0;
}

int main(int argc, char **argv)
{
  int c, flags = 0;
  const char *type = "mfs", *options = 0;
  while ((c = getopt(argc, argv, "rt:o:")) != -1) {
    if (c == '?') return 2;
    if (c == 'r') flags |= MS_RDONLY;
    else if (c == 't') type = optarg;
    else {
      options = optarg;
      if (!strcmp(optarg, "ro")) flags |= MS_RDONLY, options = 0;
      if (!strcmp(optarg, "rw")) options = 0;
    }
  }
  if (optind == argc) return show();
  if (argc - optind != 2) errx(2, "usage: mount [-r] [-t type] [-o options] device directory");
  const char *device = argv[optind], *dir = argv[optind + 1];
  if (mount(strcmp(device, "none") ? device : 0, dir, flags, type, options) < 0) err(1, "%s on %s", device, dir);
  FILE *f = fopen(TABLE, "a");
  if (f) fprintf(f, "%s %s %s %s\n", device, dir, type, flags & MS_RDONLY ? "ro" : "rw");
  return 0;
}
