/* umount device or directory */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define TABLE "/etc/mtab"

/* Takes the last line of the table with this device or directory out. */
static void forget(const char *name)
{
  char text[4096], *lines[128];
  int n = 0, gone = -1;
  FILE *f = fopen(TABLE, "r");
  if (!f) return;
  text[fread(text, 1, sizeof text - 1, f)] = 0;
  fclose(f);
  for (char *p = strtok(text, "\n"); p && n < 128; p = strtok(0, "\n")) {
    int device = strcspn(p, " "), dir = strcspn(p + device + 1, " ");
    lines[n] = p;
    if ((!strncmp(p, name, device) && !name[device]) || (!strncmp(p + device + 1, name, dir) && !name[dir])) gone = n;
    n++;
  }
  f = fopen(TABLE, "w");
  for (int i = 0; f && i < n; i++)
    if (i != gone) fprintf(f, "%s\n", lines[i]);
}

int main(int argc, char **argv)
{
  if (argc != 2) errx(2, "usage: umount device or directory");
  if (umount(argv[1]) < 0) err(1, "%s", argv[1]);
  forget(argv[1]);
  return 0;
}
