/* fork, wait and exit statuses; ids, names and times. */
#include "abi.h"

static void statuses(void)
{
  static const int codes[] = {0, 1, 7, 127, 255, 256 + 3, -1};
  for (int i = 0; i < 7; i++) {
    int pid = fork();
    if (pid == 0) _exit(codes[i]);
    expect_true(pid > 1);
    expect(wait_for(pid), (codes[i] & 0xff) << 8);
  }
  part("exit-statuses");
}

static void signal_statuses(void)
{
  static const int signals[] = {SIGHUP, SIGKILL, SIGUSR1, SIGTERM, SIGSTOP, SIGPIPE};
  for (int i = 0; i < 6; i++) {
    int pid = fork();
    if (pid == 0) for (;;) pause();
    expect(kill(pid, signals[i]), 0);
    expect(wait_for(pid), signals[i]);
  }
  int pid = fork(); /* ends itself: a call that never returns */
  if (pid == 0) kill(getpid(), SIGTERM), _exit(1);
  expect(wait_for(pid), SIGTERM);
  pid = fork(); /* ends in the middle of computing, not in a call */
  if (pid == 0) for (;;) ;
  sleep_ms(30);
  expect(kill(pid, SIGKILL), 0);
  expect(wait_for(pid), SIGKILL);
  part("wait-statuses-by-signal");
}

static void waiting(void)
{
  int status = 55;
  expect(waitpid(-1, &status, 0), -ECHILD);
  expect(waitpid(-1, &status, WNOHANG), -ECHILD);
  int pid = fork();
  if (pid == 0) sleep_ms(60), _exit(4);
  expect(waitpid(pid, &status, WNOHANG), 0);
  expect(waitpid(pid + 1000, &status, 0), -ECHILD);
  expect(waitpid(pid, &status, 0), pid);
  expect(status, 4 << 8);
  pid = fork(); /* a zombie waits for its parent */
  if (pid == 0) _exit(9);
  sleep_ms(50);
  expect(kill(pid, 0), 0);
  expect(waitpid(pid, &status, WNOHANG), pid);
  expect(status, 9 << 8);
  expect(kill(pid, 0), -ESRCH);
  part("waitpid");
}

static void many(void)
{
  enum { CHILDREN = 30 };
  int pids[CHILDREN], seen = 0, sum = 0;
  for (int i = 0; i < CHILDREN; i++) {
    pids[i] = fork();
    if (pids[i] == 0) _exit(i);
    expect_true(pids[i] > 1);
    for (int j = 0; j < i; j++) expect_true(pids[j] != pids[i]);
  }
  for (int status; seen < CHILDREN && waitpid(-1, &status, 0) > 0; seen++) sum += status >> 8;
  expect(seen, CHILDREN);
  expect(sum, CHILDREN * (CHILDREN - 1) / 2);
  for (int i = 0; i < 60; i++) { /* slots are used again and again */
    int pid = fork();
    if (pid == 0) _exit(i);
    if (!expect(wait_for(pid), i << 8)) break;
  }
  part("many-children");
}

static void family(void)
{
  int me = getpid(), fds[2], orphan = 0, parent = 0;
  pipe(fds);
  int pid = fork();
  if (pid == 0) {
    if (getppid() != me) _exit(1);
    if (fork() == 0) { /* an orphan gets init as its parent */
      sleep_ms(80);
      parent = getppid();
      write(fds[1], &parent, 4);
      _exit(0);
    }
    _exit(getpid() == me ? 2 : 0);
  }
  expect(wait_for(pid), 0);
  expect(read(fds[0], &orphan, 4), 4);
  expect(orphan, 1);
  close(fds[0]), close(fds[1]);
  expect(getpgrp() > 0, 1);
  pid = fork();
  if (pid == 0) _exit(setsid() == getpid() && getpgrp() == getpid() && setsid() == -EPERM ? 0 : 1);
  expect(wait_for(pid), 0);
  part("parents-and-groups");
}

static void identity(void)
{
  int effective = -1;
  expect(getuid(&effective), 0);
  expect(effective, 0);
  int pid = fork();
  if (pid == 0) {
    if (setuid(44) != 0 || getuid(&effective) != 44 || effective != 44) _exit(1);
    if (setuid(0) != -EPERM) _exit(2);
    if (kill(1, SIGTERM) != -EPERM) _exit(3);
    if (call1(PM, 76, 0, 0, 0, 0, 0, 0) != -EPERM) _exit(4); /* reboot */
    _exit(0);
  }
  expect(wait_for(pid), 0);
  char text[64];
  memset(text, 0, sizeof text);
  expect(uname_field(7, text, sizeof text), 6); /* with its NUL */
  expect_true(same(text, "Minix"));
  uname_field(5, text, sizeof text);
  expect_true(same(text, "3"));
  expect(call1(PM, 9999, 0, 0, 0, 0, 0, 0), -ENOSYS);
  expect(kill(getpid(), 26), -EINVAL);
  expect(kill(29999, 0), -ESRCH);
  part("identity");
}

static void times(void)
{
  u32 before, micros, after;
  message m = {{0}};
  expect(gettime(&before, &micros), 0);
  expect_true(micros < 1000000);
  sleep_ms(1100);
  gettime(&after, &micros);
  expect_true(after - before >= 1 && after - before <= 3);
  expect(call(PM, 43, &m), 0); /* times */
  u32 ticks = m.w[6];
  expect_true(ticks > 0);
  sleep_ms(500);
  call(PM, 43, &m);
  expect_true((u32)m.w[6] - ticks >= 25 && (u32)m.w[6] - ticks <= 60); /* at 60 ticks a second */
  u32 used = m.w[2];
  for (volatile int i = 0; i < 3000000; i++) ;
  call(PM, 43, &m);
  expect_true((u32)m.w[2] > used);
  part("times");
}

int main(int argc, char **argv, char **envp)
{
  statuses(), signal_statuses(), waiting(), many(), family(), identity(), times();
  return failures;
}
