#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void *memcpy(void *to, const void *from, size_t n)
{
  void *d = to;
  size_t words = n >> 2;
  __asm__ volatile("rep movsl" : "+D"(d), "+S"(from), "+c"(words)::"memory");
  n &= 3;
  __asm__ volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(n)::"memory");
  return to;
}

void *memmove(void *to, const void *from, size_t n)
{
  if ((size_t)to - (size_t)from >= n) return memcpy(to, from, n);
  char *d = (char *)to + n - 1;
  const char *s = (const char *)from + n - 1;
  __asm__ volatile("std; rep movsb; cld" : "+D"(d), "+S"(s), "+c"(n)::"memory");
  return to;
}

void *memset(void *to, int c, size_t n)
{
  void *d = to;
  size_t words = n >> 2;
  __asm__ volatile("rep stosl" : "+D"(d), "+c"(words) : "a"((c & 255) * 0x01010101u) : "memory");
  n &= 3;
  __asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(c) : "memory");
  return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
  const unsigned char *x = a, *y = b;
  for (; n; n--, x++, y++)
    if (*x != *y) return *x - *y;
  return 0;
}

void *memchr(const void *s, int c, size_t n)
{
  const unsigned char *p = s;
  for (; n; n--, p++)
    if (*p == (unsigned char)c) return (void *)p;
  return 0;
}

size_t strlen(const char *s)
{
  const char *p = s;
  while (*p) p++;
  return p - s;
}

size_t strnlen(const char *s, size_t n)
{
  size_t i = 0;
  while (i < n && s[i]) i++;
  return i;
}

int strcmp(const char *a, const char *b)
{
  while (*a && *a == *b) a++, b++;
  return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
  for (; n; n--, a++, b++)
    if (*a != *b || !*a) return (unsigned char)*a - (unsigned char)*b;
  return 0;
}

int strncasecmp(const char *a, const char *b, size_t n)
{
  for (; n; n--, a++, b++) {
    int d = tolower((unsigned char)*a) - tolower((unsigned char)*b);
    if (d || !*a) return d;
  }
  return 0;
}

int strcasecmp(const char *a, const char *b) { return strncasecmp(a, b, ~0u); }
int strcoll(const char *a, const char *b) { return strcmp(a, b); }

char *stpcpy(char *to, const char *from)
{
  while ((*to = *from++)) to++;
  return to;
}

char *strcpy(char *to, const char *from)
{
  stpcpy(to, from);
  return to;
}

char *strncpy(char *to, const char *from, size_t n)
{
  size_t i = 0;
  for (; i < n && from[i]; i++) to[i] = from[i];
  for (; i < n; i++) to[i] = 0;
  return to;
}

size_t strlcpy(char *to, const char *from, size_t n)
{
  size_t length = strlen(from);
  if (n) {
    size_t copy = length < n ? length : n - 1;
    memcpy(to, from, copy);
    to[copy] = 0;
  }
  return length;
}

size_t strlcat(char *to, const char *from, size_t n)
{
  size_t have = strnlen(to, n);
  return have + strlcpy(to + have, from, n - have);
}

char *strcat(char *to, const char *from)
{
  strcpy(to + strlen(to), from);
  return to;
}

char *strncat(char *to, const char *from, size_t n)
{
  char *end = to + strlen(to);
  size_t copy = strnlen(from, n);
  memcpy(end, from, copy);
  end[copy] = 0;
  return to;
}

char *strchr(const char *s, int c)
{
  for (;; s++) {
    if (*s == (char)c) return (char *)s;
    if (!*s) return 0;
  }
}

char *strrchr(const char *s, int c)
{
  const char *last = 0;
  for (;; s++) {
    if (*s == (char)c) last = s;
    if (!*s) return (char *)last;
  }
}

char *strstr(const char *s, const char *what)
{
  size_t n = strlen(what);
  if (!n) return (char *)s;
  for (; (s = strchr(s, *what)); s++)
    if (!strncmp(s, what, n)) return (char *)s;
  return 0;
}

size_t strspn(const char *s, const char *set)
{
  size_t n = 0;
  while (s[n] && strchr(set, s[n])) n++;
  return n;
}

size_t strcspn(const char *s, const char *set)
{
  size_t n = 0;
  while (s[n] && !strchr(set, s[n])) n++;
  return n;
}

char *strpbrk(const char *s, const char *set)
{
  s += strcspn(s, set);
  return *s ? (char *)s : 0;
}

char *strtok_r(char *s, const char *set, char **state)
{
  if (!s) s = *state;
  s += strspn(s, set);
  if (!*s) {
    *state = s;
    return 0;
  }
  char *end = s + strcspn(s, set);
  *state = *end ? end + 1 : end;
  *end = 0;
  return s;
}

char *strtok(char *s, const char *set)
{
  static char *state;
  return strtok_r(s, set, &state);
}

char *strndup(const char *s, size_t n)
{
  n = strnlen(s, n);
  char *copy = malloc(n + 1);
  if (!copy) return 0;
  memcpy(copy, s, n);
  copy[n] = 0;
  return copy;
}

char *strdup(const char *s) { return strndup(s, ~0u); }

int _isclass(int c, const char *name, int length)
{
  static const char names[] = "alnum alpha blank cntrl digit graph lower print punct space upper xdigit";
  int which = 0;
  for (const char *p = names; *p; which++) {
    int n = strcspn(p, " ");
    if (n == length && !strncmp(p, name, n)) break;
    p += n;
    if (*p) p++;
  }
  switch (which) {
    case 0: return isalnum(c);
    case 1: return isalpha(c);
    case 2: return isblank(c);
    case 3: return iscntrl(c);
    case 4: return isdigit(c);
    case 5: return isgraph(c);
    case 6: return islower(c);
    case 7: return isprint(c);
    case 8: return ispunct(c);
    case 9: return isspace(c);
    case 10: return isupper(c);
    case 11: return isxdigit(c);
    default: return 0;
  }
}
