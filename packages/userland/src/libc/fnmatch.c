#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

/* A bracket after its '['; the text behind it, or NULL where it is not closed. */
static const char *bracket(const char *p, int c, int *match)
{
  int negate = *p == '!' || *p == '^';
  if (negate) p++;
  *match = 0;
  for (int first = 1; first || *p != ']'; first = 0) {
    if (!*p) return 0;
    if (p[0] == '[' && p[1] == ':') {
      const char *end = strstr(p + 2, ":]");
      if (end) {
        *match |= _isclass(c, p + 2, end - p - 2);
        p = end + 2;
        continue;
      }
    }
    if (*p == '\\' && p[1]) p++;
    int low = (unsigned char)*p++, high = low;
    if (*p == '-' && p[1] && p[1] != ']') {
      p++;
      if (*p == '\\' && p[1]) p++;
      high = (unsigned char)*p++;
    }
    *match |= c >= low && c <= high;
  }
  *match ^= negate;
  return p + 1;
}

int fnmatch(const char *p, const char *s, int flags)
{
  const char *star = 0, *again = 0, *begin = s;
  for (;;) {
    int c = (unsigned char)*s, ok = 0;
    const char *next = p + 1;
    int hidden = c == '.' && s == begin && flags & FNM_PERIOD;
    int slash = c == '/' && flags & FNM_PATHNAME;
    if (*p == '*' && !hidden) {
      star = ++p;
      again = s;
      continue;
    }
    if (!c) {
      if (!*p) return 0;
    } else if (*p == '?') {
      ok = !hidden && !slash;
    } else if (*p == '[' && !hidden && !slash) {
      const char *end = bracket(p + 1, c, &ok);
      if (end) next = end;
      else ok = c == '[';
    } else {
      if (*p == '\\' && p[1]) p++, next++;
      ok = *p == *s && *p;
    }
    if (ok) {
      p = next;
      s++;
      continue;
    }
    if (!star || !*again || (*again == '/' && flags & FNM_PATHNAME)) return FNM_NOMATCH;
    p = star;
    s = ++again;
  }
}
