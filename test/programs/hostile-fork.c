/* A fork bomb: every process forks for ever. Root can still do what it has to, and ends it. */
#include "abi.h"

int main(int argc, char **argv, char **envp)
{
  int bomb = fork();
  if (bomb == 0) {
    setsid();
    setuid(77);
    for (;;) {
      int pid = fork();
      if (pid < 0 && pid != -EAGAIN && pid != -ENOMEM) _exit(1);
      if (pid < 0) sleep_ms(20);
    }
  }
  sleep_ms(3000);
  expect(kill(bomb, 0), 0);
  int pid = fork(); /* the last slots are root's */
  if (pid == 0) _exit(21);
  expect_true(pid > 0);
  if (pid > 0) expect(wait_for(pid), 21 << 8);
  static u8 table[256 * 64];
  int used = 0;
  expect(call1(PM, 0xe02, 2, sizeof table, 0, table, 0, 0), 0);
  for (int i = 0; i < 256; i++) used += table[i * 64] != 0;
  expect_true(used > 100);
  int rounds = 0;
  kill(-bomb, SIGKILL);
  expect(wait_for(bomb), SIGKILL);
  while (kill(-bomb, SIGKILL) == 0 && rounds++ < 1000) sleep_ms(10);
  expect_true(rounds < 1000);
  expect(kill(-bomb, 0), -ESRCH);
  part("fork-bomb");
  return failures;
}
