#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char **owned;

static char **entry(const char *name, size_t length)
{
  for (char **e = environ; e && *e; e++)
    if (!strncmp(*e, name, length) && (*e)[length] == '=') return e;
  return 0;
}

char *getenv(const char *name)
{
  size_t length = strlen(name);
  char **e = entry(name, length);
  return e ? *e + length + 1 : 0;
}

int putenv(char *assignment)
{
  char **e = entry(assignment, strcspn(assignment, "="));
  if (e) {
    *e = assignment;
    return 0;
  }
  int n = 0;
  while (environ && environ[n]) n++;
  char **bigger = malloc((n + 2) * sizeof *bigger);
  if (!bigger) return -1;
  if (n) memcpy(bigger, environ, n * sizeof *bigger);
  bigger[n] = assignment;
  bigger[n + 1] = 0;
  free(owned);
  environ = owned = bigger;
  return 0;
}

int setenv(const char *name, const char *value, int overwrite)
{
  if (!overwrite && getenv(name)) return 0;
  char *assignment = malloc(strlen(name) + strlen(value) + 2);
  if (!assignment) return -1;
  strcpy(stpcpy(stpcpy(assignment, name), "="), value);
  return putenv(assignment);
}

int unsetenv(const char *name)
{
  char **e;
  while ((e = entry(name, strlen(name))))
    do e[0] = e[1];
    while (*e++);
  return 0;
}
