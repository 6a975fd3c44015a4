/* df [-ik] [path ...]; without a path the root and every directory of /etc/fstab and /etc/mtab that is another file system */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int inodes;

static int show(const char *path, const char *device)
{
  struct statvfs s;
  if (statvfs(path, &s) < 0) {
    warn("%s", path);
    return 1;
  }
  unsigned long long unit = s.f_frsize ? s.f_frsize : s.f_bsize;
  unsigned long total = inodes ? s.f_files : s.f_blocks * unit / 1024, left = inodes ? s.f_ffree : s.f_bfree * unit / 1024;
  unsigned long used = total - left;
  printf("%-16s %10lu %10lu %10lu %4lu%% %s\n", device, total, used, left, total ? (unsigned long)((used * 100ull + total - 1) / total) : 0, path);
  return 0;
}

static void show_table(const char *table, unsigned long root)
{
  char line[256];
  struct stat st;
  FILE *f = fopen(table, "r");
  while (f && fgets(line, sizeof line, f)) {
    char *device = strtok(line, " \t\n"), *dir = device ? strtok(0, " \t\n") : 0;
    if (!dir || *device == '#' || stat(dir, &st) < 0 || st.st_dev == root) continue;
    show(dir, device);
  }
  if (f) fclose(f);
}

int main(int argc, char **argv)
{
  struct stat st;
  char device[24];
  int c, status = 0;
  while ((c = getopt(argc, argv, "ik")) != -1) {
    if (c == '?') return 2;
    inodes |= c == 'i';
  }
  printf("%-16s %10s %10s %10s  Use%% Mounted on\n", "Filesystem", inodes ? "Inodes" : "1K-blocks", "Used", "Free");
  int given = optind < argc;
  for (int i = given ? optind : 0; i < (given ? argc : 1); i++) {
    const char *path = given ? argv[i] : "/";
    if (stat(path, &st) < 0) {
      warn("%s", path);
      status = 1;
      continue;
    }
    snprintf(device, sizeof device, "dev %u,%u", major(st.st_dev), minor(st.st_dev));
    status |= show(path, device);
    if (!given) show_table("/etc/mtab", st.st_dev);
  }
  return status;
}
