/* Takes all memory there is, in every way, and checks that only the taker suffers. */
#include "abi.h"

extern char end[];
enum { PAGE = 4096, MB = 1 << 20 };
static int fds[2];

/* Each taker tells through the pipe how far it came. */
static int megabytes_of(int pid, int *status)
{
  int last = 0, value;
  *status = wait_for(pid);
  fcntl(fds[0], F_SETFL, O_NONBLOCK);
  while (read(fds[0], &value, 4) == 4) last = value;
  return last;
}

static void map_prealloc(void)
{
  int status, pid = fork();
  if (pid == 0) {
    for (int i = 1;; i++) {
      u32 a = mmap(0, MB, MAP_ANON | MAP_PREALLOC, -1);
      if (is_error(a)) _exit(a == (u32)-ENOMEM ? 0 : 1);
      write(fds[1], &i, 4);
    }
  }
  expect_true(megabytes_of(pid, &status) >= 5);
  expect(status, 0);
  part("mmap-until-enomem");
}

static void map_and_touch(void)
{
  int status, pid = fork();
  if (pid == 0) { /* memory that is only promised: the page that is not there ends the process */
    for (int i = 1; i < 4000; i++) {
      u32 a = mmap(0, MB, MAP_ANON, -1);
      if (is_error(a)) _exit(a == (u32)-ENOMEM ? 0 : 1);
      for (u32 p = a; p < a + MB; p += PAGE) *(u32 *)p = p;
      write(fds[1], &i, 4);
    }
  }
  expect_true(megabytes_of(pid, &status) >= 5);
  expect_true(status == 0 || (status & 0x7f) == SIGSEGV || status == SIGKILL);
  part("touch-until-nothing-is-left");
}

static void breaks(void)
{
  int status, pid = fork();
  if (pid == 0) {
    u32 base = ((u32)end + PAGE - 1) & -PAGE;
    for (int i = 1;; i++) {
      int result = set_break((void *)(base + i * MB), 0);
      if (result < 0) _exit(result == -ENOMEM ? 0 : 1);
      for (u32 p = base + (i - 1) * MB; p < base + i * MB; p += PAGE) *(u32 *)p = p;
      write(fds[1], &i, 4);
    }
  }
  expect_true(megabytes_of(pid, &status) >= 5);
  expect_true(status == 0 || (status & 0x7f) == SIGSEGV || status == SIGKILL);
  part("brk-until-enomem");
}

static void address_space(void)
{
  int pid = fork();
  if (pid == 0) {
    for (int i = 0; i < 100; i++) { /* more than 1.6 GB of it there is not */
      u32 a = mmap(0, 64 * MB, MAP_ANON, -1);
      if (is_error(a)) _exit(a == (u32)-ENOMEM && i > 5 ? 0 : 1);
    }
    _exit(2);
  }
  expect(wait_for(pid), 0);
  part("address-space-until-enomem");
}

static void many_takers(void)
{
  int pids[12], ended = 0;
  for (int i = 0; i < 12; i++)
    if ((pids[i] = fork()) == 0) {
      for (int j = 0; j < 10; j++) {
        u32 a = mmap(0, MB, MAP_ANON, -1);
        if (is_error(a)) _exit(0);
        for (u32 p = a; p < a + MB; p += PAGE) *(u32 *)p = p;
      }
      _exit(0);
    }
  for (int i = 0; i < 12; i++) {
    if (pids[i] < 0) { expect_true(pids[i] == -ENOMEM || pids[i] == -EAGAIN); continue; }
    int status = wait_for(pids[i]);
    expect_true(status == 0 || (status & 0x7f) == SIGSEGV || status == SIGKILL);
  }
  int pid = fork(); /* and afterwards there is memory again */
  if (pid == 0) {
    u32 a = mmap(0, 4 * MB, MAP_ANON | MAP_PREALLOC, -1);
    _exit(is_error(a) ? 1 : 0);
  }
  expect(wait_for(pid), 0);
  part("many-takers");
}

int main(int argc, char **argv, char **envp)
{
  chdir("/");
  pipe(fds);
  map_prealloc(), map_and_touch(), breaks(), address_space(), many_takers();
  return failures;
}
