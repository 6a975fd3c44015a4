/* Pipes: data both ways, end of file, blocking, capacity, SIGPIPE. */
#include "abi.h"

static char block[40000];

static void both_ways(void)
{
  int down[2], up[2];
  char text[16];
  expect(pipe(down), 0), expect(pipe(up), 0);
  int pid = fork();
  if (pid == 0) {
    close(down[1]), close(up[0]);
    for (int n; (n = read(down[0], text, sizeof text)) > 0;) {
      for (int i = 0; i < n; i++) text[i] += 1;
      if (write(up[1], text, n) != n) _exit(1);
    }
    _exit(0);
  }
  close(down[0]), close(up[1]);
  for (int i = 0; i < 50; i++) {
    text[0] = 'a' + i % 25, text[1] = i;
    expect(write(down[1], text, 2), 2);
    expect(read(up[0], text, sizeof text), 2);
    expect(text[0], 'b' + i % 25);
    expect(text[1], i + 1);
  }
  close(down[1]);
  expect(read(up[0], text, sizeof text), 0); /* its end, when the child has gone */
  expect(wait_for(pid), 0);
  close(up[0]);
  part("pipe-both-ways");
}

static void volume(void)
{
  int fds[2], total = 0, wrong = 0;
  pipe(fds);
  int pid = fork();
  if (pid == 0) { /* more than a pipe holds, in writes larger than a pipe */
    close(fds[0]);
    for (int round = 0; round < 5; round++) {
      for (int i = 0; i < (int)sizeof block; i++) block[i] = (char)(i * 7 + round);
      if (write(fds[1], block, sizeof block) != sizeof block) _exit(1);
    }
    _exit(0);
  }
  close(fds[1]);
  static char got[3001];
  for (int n; (n = read(fds[0], got, sizeof got)) > 0;)
    for (int i = 0; i < n; i++, total++) wrong += got[i] != (char)(total % (int)sizeof block * 7 + total / (int)sizeof block);
  expect(total, 5 * sizeof block);
  expect(wrong, 0);
  expect(wait_for(pid), 0);
  close(fds[0]);
  part("pipe-volume");
}

static void capacity(void)
{
  int fds[2];
  struct stat st;
  pipe(fds);
  expect(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
  expect(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
  expect(read(fds[0], block, 10), -EAGAIN);
  expect(write(fds[1], block, 32768), 32768);
  expect(write(fds[1], block, 1), -EAGAIN);
  expect(fstat(fds[0], &st), 0);
  expect(st.size, 32768);
  expect(st.mode & 0170000, 010000);
  expect(read(fds[0], block, 40000), 32768);
  expect(lseek(fds[0], 0, SEEK_SET), -ESPIPE);
  expect(read(fds[1], block, 1), -EBADF);
  expect(write(fds[0], block, 1), -EBADF);
  close(fds[1]);
  expect(read(fds[0], block, 1), 0);
  close(fds[0]);
  part("pipe-capacity");
}

static void broken(void)
{
  int fds[2], pid;
  pipe(fds);
  pid = fork();
  if (pid == 0) close(fds[0]), write(fds[1], "x", 1), sleep_ms(10), _exit(0);
  close(fds[0]), close(fds[1]);
  expect(wait_for(pid), SIGPIPE);

  pipe(fds);
  close(fds[0]);
  struct sigaction ignore = {SIG_IGN, 0, 0}, old;
  expect(sigaction(SIGPIPE, &ignore, &old), 0);
  expect(write(fds[1], "x", 1), -EPIPE);
  sigaction(SIGPIPE, &old, 0);
  close(fds[1]);

  pipe(fds); /* a writer that waits learns that its reader has gone */
  pid = fork();
  if (pid == 0) {
    close(fds[0]);
    sigaction(SIGPIPE, &ignore, 0);
    write(fds[1], block, 32768);
    _exit(write(fds[1], block, 100) == -EPIPE ? 0 : 1);
  }
  close(fds[1]);
  sleep_ms(60);
  close(fds[0]);
  expect(wait_for(pid), 0);
  part("pipe-broken");
}

static void limits(void)
{
  int fds[300][2], made = 0, result = 0;
  while (made < 300 && (result = pipe(fds[made])) == 0) made++;
  expect(result, -EMFILE);
  expect_true(made >= 100);
  for (int i = 0; i < made; i++) close(fds[i][0]), close(fds[i][1]);
  expect(pipe(fds[0]), 0);
  close(fds[0][0]), close(fds[0][1]);
  part("pipe-limits");
}

int main(int argc, char **argv, char **envp)
{
  both_ways(), volume(), capacity(), broken(), limits();
  return failures;
}
