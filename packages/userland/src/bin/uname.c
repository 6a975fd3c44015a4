/* uname [-asnrvmp] */
#include <err.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

int main(int argc, char **argv)
{
  struct utsname u;
  static const char letters[] = "snrvmp";
  const char *values[] = { u.sysname, u.nodename, u.release, u.version, u.machine, u.arch };
  int want = 0, c, any = 0;
  while ((c = getopt(argc, argv, "asnrvmp")) != -1) {
    if (c == '?') return 2;
    if (c == 'a') want = 31;
    for (int i = 0; letters[i]; i++)
      if (letters[i] == c) want |= 1 << i;
  }
  if (!want) want = 1;
  if (uname(&u) < 0) err(1, "cannot find out");
  for (int i = 0; i < 6; i++)
    if (want >> i & 1) printf("%s%s", any++ ? " " : "", values[i]);
  putchar('\n');
  return 0;
}
