#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say(const char *format, va_list ap, int error)
{
  char text[600];
  fflush(stdout);
  vsnprintf(text, sizeof text, format, ap);
  if (error) dprintf(2, "%s: %s: %s\n", __progname, text, strerror(error));
  else dprintf(2, "%s: %s\n", __progname, text);
}

void warn(const char *format, ...)
{
  int error = errno;
  va_list ap;
  va_start(ap, format);
  say(format, ap, error);
  va_end(ap);
}

void warnx(const char *format, ...)
{
  va_list ap;
  va_start(ap, format);
  say(format, ap, 0);
  va_end(ap);
}

void err(int status, const char *format, ...)
{
  int error = errno;
  va_list ap;
  va_start(ap, format);
  say(format, ap, error);
  exit(status);
}

void errx(int status, const char *format, ...)
{
  va_list ap;
  va_start(ap, format);
  say(format, ap, 0);
  exit(status);
}

void *xrealloc(void *p, unsigned n)
{
  p = realloc(p, n ? n : 1);
  if (!p) errx(2, "out of memory");
  return p;
}

void *xmalloc(unsigned n) { return xrealloc(0, n); }
char *xstrdup(const char *s) { return strcpy(xmalloc(strlen(s) + 1), s); }
