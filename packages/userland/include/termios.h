/* struct termios, 36 bytes: reference/posix-abi.md 6.2. */
#ifndef TERMIOS_H
#define TERMIOS_H
#include <sys/types.h>
typedef uint16_t tcflag_t;
typedef uint8_t cc_t;
typedef uint32_t speed_t;
#define NCCS 20
struct termios { tcflag_t c_iflag, c_oflag, c_cflag, c_lflag; speed_t c_ispeed, c_ospeed; cc_t c_cc[NCCS]; };
#define BRKINT 0x1
#define ICRNL 0x2
#define IGNBRK 0x4
#define IGNCR 0x8
#define IGNPAR 0x10
#define INLCR 0x20
#define INPCK 0x40
#define ISTRIP 0x80
#define IXOFF 0x100
#define IXON 0x200
#define PARMRK 0x400
#define IXANY 0x800
#define OPOST 0x1
#define ONLCR 0x2
#define XTABS 0x4
#define ONOEOT 0x8
#define CLOCAL 0x1
#define CREAD 0x2
#define CSIZE 0xC
#define CS8 0xC
#define CSTOPB 0x10
#define HUPCL 0x20
#define PARENB 0x40
#define PARODD 0x80
#define ECHO 0x1
#define ECHOE 0x2
#define ECHOK 0x4
#define ECHONL 0x8
#define ICANON 0x10
#define IEXTEN 0x20
#define ISIG 0x40
#define NOFLSH 0x80
#define TOSTOP 0x100
enum { VEOF, VEOL, VERASE, VINTR, VKILL, VMIN, VQUIT, VTIME, VSUSP, VSTART, VSTOP, VREPRINT, VLNEXT, VDISCARD };
#define TCSANOW 1
#define TCSADRAIN 2
#define TCSAFLUSH 3
int tcgetattr(int fd, struct termios *t);
int tcsetattr(int fd, int when, const struct termios *t);
int tcdrain(int fd);
#endif
