/* pwd */
#include <err.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
  char cwd[1024];
  if (!getcwd(cwd, sizeof cwd)) err(1, "cannot find out");
  puts(cwd);
  return 0;
}
