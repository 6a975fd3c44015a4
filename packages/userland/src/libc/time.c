#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* Days from 1970-01-01 to a civil date, and back (the year begins in March for this). */
static long to_days(long y, int m, int d)
{
  if (m <= 2) y--;
  long era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
  long of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct tm *gmtime(const time_t *t)
{
  static struct tm tm;
  long day = *t / 86400, second = *t % 86400;
  if (second < 0) {
    second += 86400;
    day--;
  }
  tm.tm_hour = second / 3600;
  tm.tm_min = second / 60 % 60;
  tm.tm_sec = second % 60;
  tm.tm_wday = ((day + 4) % 7 + 7) % 7;
  long z = day + 719468, era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097;
  long y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  long of_year = of_era - (365 * y + y / 4 - y / 100), mp = (5 * of_year + 2) / 153;
  tm.tm_mday = of_year - (153 * mp + 2) / 5 + 1;
  tm.tm_mon = mp < 10 ? mp + 2 : mp - 10;
  tm.tm_year = y + era * 400 + (tm.tm_mon < 2) - 1900;
  tm.tm_yday = day - to_days(tm.tm_year + 1900, 1, 1);
  tm.tm_isdst = 0;
  return &tm;
}

struct tm *localtime(const time_t *t) { return gmtime(t); }

time_t mktime(struct tm *tm)
{
  time_t t = to_days(tm->tm_year + 1900, tm->tm_mon + 1, 1) + tm->tm_mday - 1;
  t = t * 86400 + tm->tm_hour * 3600 + tm->tm_min * 60 + tm->tm_sec;
  *tm = *gmtime(&t);
  return t;
}

static int one(char *out, size_t n, char c, const struct tm *tm)
{
  struct tm copy = *tm;
  int hour12 = tm->tm_hour % 12 ? tm->tm_hour % 12 : 12;
  switch (c) {
    case 'Y': return snprintf(out, n, "%d", tm->tm_year + 1900);
    case 'y': return snprintf(out, n, "%02d", tm->tm_year % 100);
    case 'm': return snprintf(out, n, "%02d", tm->tm_mon + 1);
    case 'd': return snprintf(out, n, "%02d", tm->tm_mday);
    case 'e': return snprintf(out, n, "%2d", tm->tm_mday);
    case 'H': return snprintf(out, n, "%02d", tm->tm_hour);
    case 'I': return snprintf(out, n, "%02d", hour12);
    case 'M': return snprintf(out, n, "%02d", tm->tm_min);
    case 'S': return snprintf(out, n, "%02d", tm->tm_sec);
    case 'j': return snprintf(out, n, "%03d", tm->tm_yday + 1);
    case 'u': return snprintf(out, n, "%d", tm->tm_wday ? tm->tm_wday : 7);
    case 'w': return snprintf(out, n, "%d", tm->tm_wday);
    case 'p': return snprintf(out, n, "%s", tm->tm_hour < 12 ? "AM" : "PM");
    case 'a': return snprintf(out, n, "%.3s", days + tm->tm_wday * 3);
    case 'b':
    case 'h': return snprintf(out, n, "%.3s", months + tm->tm_mon * 3);
    case 's': return snprintf(out, n, "%ld", mktime(&copy));
    case 'Z': return snprintf(out, n, "UTC");
    case 'z': return snprintf(out, n, "+0000");
    case 'n': return snprintf(out, n, "\n");
    case 't': return snprintf(out, n, "\t");
    case 'T': return strftime(out, n, "%H:%M:%S", tm);
    case 'R': return strftime(out, n, "%H:%M", tm);
    case 'X': return strftime(out, n, "%H:%M:%S", tm);
    case 'D':
    case 'x': return strftime(out, n, "%m/%d/%y", tm);
    case 'F': return strftime(out, n, "%Y-%m-%d", tm);
    case 'c': return strftime(out, n, "%a %b %e %H:%M:%S %Y", tm);
    default: return snprintf(out, n, "%c", c);
  }
}

size_t strftime(char *s, size_t n, const char *format, const struct tm *tm)
{
  size_t at = 0;
  for (; *format && at + 1 < n; format++) {
    if (*format != '%' || !format[1]) s[at++] = *format;
    else at += one(s + at, n - at, *++format, tm);
  }
  if (at >= n) return 0;
  s[at] = 0;
  return at;
}

int nanosleep(const struct timespec *want, struct timespec *left)
{
  struct timeval before, after, tv = { want->tv_sec, (want->tv_nsec + 999) / 1000 };
  if (tv.tv_usec >= 1000000) {
    tv.tv_usec -= 1000000;
    tv.tv_sec++;
  }
  long usec = tv.tv_usec;
  if (left) gettimeofday(&before, 0);
  if (select(0, 0, 0, 0, &tv) == 0) return 0;
  int error = errno;
  if (left) {
    gettimeofday(&after, 0);
    long sec = want->tv_sec - (after.tv_sec - before.tv_sec);
    usec -= after.tv_usec - before.tv_usec;
    while (usec < 0) usec += 1000000, sec--;
    while (usec >= 1000000) usec -= 1000000, sec++;
    left->tv_sec = sec < 0 ? 0 : sec;
    left->tv_nsec = sec < 0 ? 0 : usec * 1000;
  }
  errno = error;
  return -1;
}

unsigned sleep(unsigned seconds)
{
  struct timespec want = { seconds, 0 }, left = { 0, 0 };
  return nanosleep(&want, &left) == 0 ? 0 : left.tv_sec + (left.tv_nsec > 0);
}

int usleep(useconds_t us)
{
  struct timespec want = { us / 1000000, us % 1000000 * 1000 };
  return nanosleep(&want, 0);
}
