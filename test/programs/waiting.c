/* select, sleeping, FIFOs, dup: what a process waits for. */
#include "abi.h"

static u32 set[8], other[8];
static void only(u32 *s, int fd) { memset(s, 0, 32); if (fd >= 0) s[fd / 32] |= 1u << fd % 32; }
static int has(u32 *s, int fd) { return s[fd / 32] >> fd % 32 & 1; }
static struct timeval in(int ms) { struct timeval t = {ms / 1000, ms % 1000 * 1000}; return t; }

static u32 ticks(void) { message m = {{0}}; call(PM, 43, &m); return m.w[6]; }

static void selecting(void)
{
  int fds[2];
  pipe(fds);
  struct timeval t = in(0);
  only(set, fds[0]);
  expect(select(fds[0] + 1, set, 0, 0, &t), 0); /* a look: nothing there */
  expect(has(set, fds[0]), 0);
  only(other, fds[1]);
  t = in(1000);
  expect(select(fds[1] + 1, 0, other, 0, &t), 1);
  expect(has(other, fds[1]), 1);
  u32 before = ticks();
  only(set, fds[0]), t = in(500);
  expect(select(fds[0] + 1, set, 0, 0, &t), 0);
  u32 took = ticks() - before;
  expect_true(took >= 29 && took <= 40);
  int pid = fork();
  if (pid == 0) sleep_ms(100), write(fds[1], "x", 1), _exit(0);
  only(set, fds[0]), t = in(5000);
  before = ticks();
  expect(select(fds[0] + 1, set, 0, 0, &t), 1);
  expect(has(set, fds[0]), 1);
  expect_true(ticks() - before < 60); /* woken, not timed out */
  expect(wait_for(pid), 0);
  only(set, fds[0]);
  expect(select(fds[0] + 1, set, 0, 0, 0), 1); /* still ready, with no timeout at all */
  int file = open("/etc/passwd", O_RDONLY, 0);
  only(set, file), only(other, file);
  expect(select(file + 1, set, other, 0, 0), 2); /* a file is always ready */
  close(file);
  only(set, 77);
  expect(select(78, set, 0, 0, 0), -EBADF);
  expect(select(-1, 0, 0, 0, 0), -EINVAL);
  close(fds[1]);
  char c;
  read(fds[0], &c, 1);
  only(set, fds[0]), t = in(1000);
  expect(select(fds[0] + 1, set, 0, 0, &t), 1); /* its end can be read */
  close(fds[0]);
  part("select");
}

static void sleeping(void)
{
  u32 before = ticks();
  expect(sleep_ms(250), 0);
  u32 took = ticks() - before;
  expect_true(took >= 14 && took <= 22);
  int pids[4], next = 0, fds[2]; /* sleepers wake in the order of their times */
  char woke[4];
  pipe(fds);
  for (int i = 0; i < 4; i++)
    if ((pids[i] = fork()) == 0) {
      sleep_ms(400 - 100 * i);
      char c = '0' + i;
      write(fds[1], &c, 1);
      _exit(0);
    }
  while (next < 4) next += read(fds[0], woke + next, 4 - next);
  expect_true(equal(woke, "3210", 4));
  for (int i = 0; i < 4; i++) wait_for(pids[i]);
  close(fds[0]), close(fds[1]);
  part("sleep");
}

static void fifos(void)
{
  struct stat st;
  char text[8];
  unlink("/tmp/fifo");
  expect(mknod("/tmp/fifo", 010644, 0), 0);
  expect(stat("/tmp/fifo", &st), 0);
  expect(st.mode & 0170000, 010000);
  expect(open("/tmp/fifo", O_WRONLY | O_NONBLOCK, 0), -ENXIO);
  expect(open("/tmp/fifo", O_RDWR, 0), -ENXIO);
  int pid = fork();
  if (pid == 0) {
    int fd = open("/tmp/fifo", O_WRONLY, 0); /* waits for the reader */
    _exit(write(fd, "fifo", 4) == 4 ? 0 : 1);
  }
  sleep_ms(50);
  int fd = open("/tmp/fifo", O_RDONLY, 0);
  expect_true(fd >= 0);
  expect(read(fd, text, 8), 4);
  expect_true(equal(text, "fifo", 4));
  expect(read(fd, text, 8), 0);
  close(fd);
  expect(wait_for(pid), 0);
  fd = open("/tmp/fifo", O_RDONLY | O_NONBLOCK, 0);
  expect_true(fd >= 0);
  close(fd);
  catch_signal(SIGALRM, (void *)0x1); /* ignored */
  pid = fork();
  if (pid == 0) open("/tmp/fifo", O_RDONLY, 0), _exit(1);
  sleep_ms(30);
  kill(pid, SIGKILL); /* out of an open that waits */
  expect(wait_for(pid), SIGKILL);
  expect(unlink("/tmp/fifo"), 0);
  part("fifo");
}

static void duplicates(void)
{
  int fds[2];
  char c;
  pipe(fds);
  expect(dup2(fds[1], 9), 9);
  close(fds[1]);
  expect(write(9, "z", 1), 1);
  expect(read(fds[0], &c, 1), 1), expect(c, 'z');
  int copy = fcntl(9, F_DUPFD, 0);
  expect_true(copy >= 0 && copy < 9); /* the lowest that is free */
  close(9);
  expect(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
  expect(read(fds[0], &c, 1), -EAGAIN); /* there is still a writer */
  close(copy);
  expect(read(fds[0], &c, 1), 0);
  expect(fcntl(9, F_DUPFD, 0), -EBADF);
  close(fds[0]);
  part("dup");
}

int main(int argc, char **argv, char **envp)
{
  selecting(), sleeping(), fifos(), duplicates();
  return failures;
}
