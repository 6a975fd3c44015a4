#include <dirent.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define TCGETS 0x80245408
#define TCSETS 0x40245409
#define TCDRAIN 0x2000540D

int tcgetattr(int fd, struct termios *t) { return ioctl(fd, TCGETS, t); }
int tcsetattr(int fd, int when, const struct termios *t) { return ioctl(fd, TCSETS + when - TCSANOW, (void *)t); }
int tcdrain(int fd) { return ioctl(fd, TCDRAIN, 0); }

int isatty(int fd)
{
  struct termios t;
  return tcgetattr(fd, &t) == 0;
}

char *ttyname(int fd)
{
  static char name[64];
  struct stat want, st;
  struct dirent *e;
  if (!isatty(fd) || fstat(fd, &want) < 0) return 0;
  DIR *d = opendir("/dev");
  if (!d) return 0;
  while ((e = readdir(d))) {
    if (strlen(e->d_name) > 50) continue;
    strcpy(name, "/dev/");
    strcat(name, e->d_name);
    if (stat(name, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == want.st_rdev) break;
  }
  closedir(d);
  return e ? name : 0;
}
