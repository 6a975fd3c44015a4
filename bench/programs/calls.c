/* calls getpid N, fork N, read FILE, write FILE KILOBYTES, create DIRECTORY N (files of 1 KB, then their removal): does it between the lines "begin" and "end COUNT". */
#include "abi.h"

static char buffer[65536];
static int number(const char *text) { int n = 0; while (*text) n = n * 10 + *text++ - '0'; return n; }

static char name[64];
/* DIRECTORY/NUMBER */
static void make_name(const char *directory, int value)
{
  char *to = name, digits[12];
  int n = 0;
  while (*directory) *to++ = *directory++;
  *to++ = '/';
  do digits[n++] = '0' + value % 10; while ((value /= 10) > 0);
  while (n > 0) *to++ = digits[--n];
  *to = 0;
}

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
  if (same(argv[1], "write")) {
    int fd = open(argv[2], O_CREAT | O_WRONLY | O_TRUNC, 0644), end = number(argv[3]) * 1024;
    while (count < end && (n = write(fd, buffer, sizeof buffer)) > 0) count += n;
    close(fd);
  }
  if (same(argv[1], "create"))
    for (n = number(argv[3]); count < n; count++) {
      make_name(argv[2], count);
      int fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0644);
      if (fd < 0 || write(fd, buffer, 1024) != 1024) break;
      close(fd);
      if (count >= 20) make_name(argv[2], count - 20), unlink(name);
    }
  put("end "), put_number(count), put("\n");
  return 0;
}
