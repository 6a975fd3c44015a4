/* time program [argument ...] */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <signal.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICKS_PER_SECOND 60

static void show(const char *what, long ticks)
{
  dprintf(2, "%-5s%6ld.%02ld\n", what, ticks / TICKS_PER_SECOND, ticks % TICKS_PER_SECOND * 100 / TICKS_PER_SECOND);
}

int main(int argc, char **argv)
{
  struct tms t;
  int raw = 0;
  if (argc < 2) errx(2, "usage: time program [argument ...]");
  long start = times(&t);
  int pid = fork();
  if (pid < 0) err(1, "cannot fork");
  if (pid == 0) {
    execvp(argv[1], argv + 1);
    int missing = errno == ENOENT;
    warn("%s", argv[1]);
    _exit(missing ? 127 : 126);
  }
  signal(SIGINT, SIG_IGN);
  while (waitpid(pid, &raw, 0) < 0 && errno == EINTR) continue;
  long end = times(&t);
  show("real", end - start);
  show("user", t.tms_cutime);
  show("sys", t.tms_cstime);
  return WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
}
