#ifndef SYS_SELECT_H
#define SYS_SELECT_H
#include <sys/time.h>
#define FD_SETSIZE 255
typedef struct { uint32_t bits[8]; } fd_set;
#define FD_ZERO(s) __builtin_memset((s), 0, sizeof(fd_set))
#define FD_SET(f, s) ((s)->bits[(f) >> 5] |= 1u << ((f) & 31))
#define FD_CLR(f, s) ((s)->bits[(f) >> 5] &= ~(1u << ((f) & 31)))
#define FD_ISSET(f, s) (((s)->bits[(f) >> 5] >> ((f) & 31)) & 1)
int select(int nfds, fd_set *r, fd_set *w, fd_set *e, struct timeval *timeout);
#endif
