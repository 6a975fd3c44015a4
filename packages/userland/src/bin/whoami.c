/* whoami */
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
  struct passwd *pw = getpwuid(geteuid());
  if (pw) puts(pw->pw_name);
  else printf("%u\n", geteuid());
  return 0;
}
