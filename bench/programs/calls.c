/* calls getpid N, calls fork N, calls read FILE: does it between the lines "begin" and "end COUNT". */
#include "abi.h"

static char buffer[65536];
static int number(const char *text) { int n = 0; while (*text) n = n * 10 + *text++ - '0'; return n; }

int main(int argc, char **argv, char **envp)
{
  int count = 0, n;
  sleep_ms(50);
  put("begin\n");
  sleep_ms(50);
  if (same(argv[1], "getpid")) for (n = number(argv[2]); count < n; count++) getpid();
  if (same(argv[1], "fork"))
    for (n = number(argv[2]); count < n; count++) {
      int pid = fork();
      if (pid == 0) _exit(0);
      wait_for(pid);
    }
  if (same(argv[1], "read")) {
    int fd = open(argv[2], O_RDONLY, 0);
    while ((n = read(fd, buffer, sizeof buffer)) > 0) count += n;
  }
  put("end "), put_number(count), put("\n");
  return 0;
}
