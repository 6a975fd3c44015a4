#ifndef TIME_H
#define TIME_H
#include <sys/time.h>
struct tm { int tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_wday, tm_yday, tm_isdst; };
time_t time(time_t *t);
struct tm *gmtime(const time_t *t);
struct tm *localtime(const time_t *t); /* the system keeps UTC */
time_t mktime(struct tm *tm);
size_t strftime(char *s, size_t n, const char *format, const struct tm *tm);
int nanosleep(const struct timespec *want, struct timespec *left);
#endif
