#ifndef SYS_TIME_H
#define SYS_TIME_H
#include <sys/types.h>

struct timeval { long tv_sec; long tv_usec; };
struct timespec { long tv_sec; long tv_nsec; };
struct itimerval { struct timeval it_interval, it_value; };

int gettimeofday(struct timeval *tv, void *zone);
int stime(const time_t *when);
int setitimer(int which, const struct itimerval *value, struct itimerval *old);
#define ITIMER_REAL 0

#endif
