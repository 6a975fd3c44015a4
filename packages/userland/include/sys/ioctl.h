#ifndef SYS_IOCTL_H
#define SYS_IOCTL_H
#include <sys/types.h>
struct winsize { uint16_t ws_row, ws_col, ws_xpixel, ws_ypixel; };
#define TIOCGWINSZ 0x80085410
#define TIOCSWINSZ 0x40085411
int ioctl(int fd, unsigned long request, void *arg);
#endif
