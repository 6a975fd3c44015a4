#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int abs(int n) { return n < 0 ? -n : n; }
long labs(long n) { return n < 0 ? -n : n; }

static unsigned seed = 1;
void srand(unsigned s) { seed = s; }
int rand(void)
{
  seed = seed * 1103515245 + 12345;
  return seed >> 1;
}

void abort(void)
{
  signal(SIGABRT, SIG_DFL);
  raise(SIGABRT);
  _exit(134);
}

int system(const char *command)
{
  int status;
  if (!command) return 1;
  pid_t pid = fork();
  if (pid < 0) return -1;
  if (pid == 0) {
    execl("/bin/sh", "sh", "-c", command, (char *)0);
    _exit(127);
  }
  sighandler_t interrupt = signal(SIGINT, SIG_IGN), quit = signal(SIGQUIT, SIG_IGN);
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) {
      status = -1;
      break;
    }
  signal(SIGINT, interrupt);
  signal(SIGQUIT, quit);
  return status;
}

char *mktemp(char *pattern)
{
  char *end = pattern + strlen(pattern);
  unsigned pid = getpid();
  for (char *p = end; p > pattern && p[-1] == 'X'; pid /= 10) *--p = '0' + pid % 10;
  for (char *p = end - 6; access(pattern, F_OK) == 0;) *p = *p >= 'z' || *p < 'a' ? 'a' : *p + 1;
  return pattern;
}

int mkstemp(char *pattern) { return open(mktemp(pattern), O_RDWR | O_CREAT | O_EXCL, 0600); }

unsigned long long strtoull(const char *s, char **end, int base)
{
  const char *p = s;
  int minus = 0, any = 0;
  unsigned long long n = 0;
  while (isspace(*p)) p++;
  if (*p == '-' || *p == '+') minus = *p++ == '-';
  if ((base == 0 || base == 16) && p[0] == '0' && (p[1] | 32) == 'x' && isxdigit(p[2])) {
    p += 2;
    base = 16;
  }
  if (base == 0) base = *p == '0' ? 8 : 10;
  for (;; p++, any = 1) {
    int digit = isdigit(*p) ? *p - '0' : isalpha(*p) ? (*p | 32) - 'a' + 10 : 99;
    if (digit >= base) break;
    n = n * base + digit;
  }
  if (end) *end = (char *)(any ? p : s);
  return minus ? -n : n;
}

long long strtoll(const char *s, char **end, int base) { return strtoull(s, end, base); }

unsigned long strtoul(const char *s, char **end, int base)
{
  long long n = strtoull(s, end, base);
  if (n >= -(long long)ULONG_MAX && n <= (long long)ULONG_MAX) return n;
  errno = ERANGE;
  return ULONG_MAX;
}

long strtol(const char *s, char **end, int base)
{
  long long n = strtoull(s, end, base);
  if (n >= LONG_MIN && n <= LONG_MAX) return n;
  errno = ERANGE;
  return n < 0 ? LONG_MIN : LONG_MAX;
}

int atoi(const char *s) { return strtol(s, 0, 10); }
long atol(const char *s) { return strtol(s, 0, 10); }

void *bsearch(const void *key, const void *base, size_t n, size_t size, int (*compare)(const void *, const void *))
{
  const char *low = base;
  while (n > 0) {
    const char *middle = low + n / 2 * size;
    int order = compare(key, middle);
    if (order == 0) return (void *)middle;
    if (order > 0) {
      low = middle + size;
      n -= n / 2 + 1;
    } else {
      n /= 2;
    }
  }
  return 0;
}

static void merge(char *a, char *spare, size_t n, size_t size, int (*compare)(const void *, const void *))
{
  if (n < 2) return;
  size_t half = n / 2;
  char *right = a + half * size, *end = a + n * size;
  merge(a, spare, half, size, compare);
  merge(right, spare, n - half, size, compare);
  memcpy(spare, a, half * size);
  char *left = spare, *left_end = spare + half * size, *to = a;
  while (left < left_end && right < end) {
    char **from = compare(left, right) <= 0 ? &left : &right;
    memcpy(to, *from, size);
    *from += size;
    to += size;
  }
  memcpy(to, left, left_end - left);
}

/* Merge sort: it keeps equal elements in their order, which sort(1) and ls(1) rely on. */
void qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *))
{
  char *spare = malloc((n / 2 + 1) * size);
  if (!spare) abort();
  merge(base, spare, n, size, compare);
  free(spare);
}
