/*
 * hostile-random SEED CALLS: random system calls with random arguments, as an ordinary user, to PM, VFS, VM, RS, DS and to
 * anybody, through every trap. Workers make them, and tell through a pipe when they made one; a worker that dies or waits
 * for ever is replaced, and the calls go on where it was.
 */
#include "abi.h"

enum { REPORT = 200, USER = 77 };
static u32 state;
static u32 random(void) { state ^= state << 13, state ^= state >> 17, state ^= state << 5; return state; }
static u32 below(u32 n) { return random() % n; }

static char scratch[16384];
static const char *const paths[] = {"/tmp/fuzz/a", "/tmp/fuzz/b", "/tmp/fuzz/dir", "/etc/passwd", "/", ".", "..", "/dev/null", "/dev/zero", "/bin/sh", "/tmp/fuzz/a/b"};

static u32 argument(void)
{
  switch (below(10)) {
  case 0: case 1: return below(12);
  case 2: return -(int)below(20);
  case 3: return 1u << below(32);
  case 4: return random();
  case 5: return (u32)paths[below(11)];
  case 6: return (u32)scratch + below(sizeof scratch);
  case 7: return 0x80000000 - below(64);
  case 8: return below(5000);
  default: return (u32)scratch;
  }
}

/* One call. A child that came out of it ends at once, and what waits for a signal is not waited for. */
static void one(void)
{
  static const int servers[] = {PM, PM, PM, PM, PM, VFS, VFS, VFS, VFS, VFS, VFS, VFS, VM, VM, VM, VM, RS, RS, DS, DS, SCHED, ANY};
  static const int bases[] = {0xc00, 0x700, 0x800, 0xa00, 0xf00, 0x400, 0x400, 0x1500, 0xe00};
  message m;
  int server = servers[below(22)], number;
  if (server == ANY) server = below(3) == 0 ? (int)random() : (int)below(300);
  if (server == PM || server == VFS) number = below(125);
  else if (server == VM) number = 0xc00 + below(50);
  else if (server == RS) number = 0x700 + below(30);
  else if (server == DS) number = 0x800 + below(20);
  else number = bases[below(9)] + below(40);
  if (below(40) == 0) number = random();
  for (int i = 2; i < 9; i++) m.w[i] = argument();
  if (below(4) == 0) { /* a name, as most calls of VFS want it */
    const char *path = paths[below(11)];
    m.w[2] = length(path) + 1, m.w[5] = (int)path;
    if (below(2)) m.w[4] = (int)path;
  }
  m.w[0] = random(), m.w[1] = number;
  if (server == VFS && number == 6 && m.w[2] == REPORT) m.w[2] = 0;
  if (below(25) == 0) { /* another trap, or a message that is not there */
    static const int traps[] = {SEND, RECEIVE, NOTIFY, SENDNB, SENDA, 0, 6, 77};
    if (below(2)) trap(traps[below(8)], server, &m);
    else trap(SENDREC, server, (void *)argument());
    return;
  }
  if (below(60) == 0) { /* a kernel call */
    int result = (int)&m;
    m.w[1] = 0x600 + below(60);
    asm volatile("int $32" : "+a"(result) : : "ebx", "ecx", "edx", "memory");
    return;
  }
  int result = call(server, number, &m);
  if (server == PM && number == 2 && result == 0) _exit(0);
}

static void worker(u32 seed)
{
  state = seed;
  for (int fd = 0; fd < 3; fd++) close(fd);
  for (u32 i = 0; i < sizeof scratch; i++) scratch[i] = random();
  setsid();
  setuid(USER);
  for (;;) {
    one();
    if (write(REPORT, "x", 1) != 1) _exit(0);
  }
}

static int number(const char *text) { int n = 0; while (*text) n = n * 10 + *text++ - '0'; return n; }

int main(int argc, char **argv, char **envp)
{
  u32 seed = argc > 1 ? number(argv[1]) : 1;
  int wanted = argc > 2 ? number(argv[2]) : 10000, made = 0, workers = 0, stuck = 0;
  mkdir("/tmp/fuzz", 0777), chmod("/tmp/fuzz", 0777), chdir("/tmp/fuzz");
  while (made < wanted && workers < wanted) {
    int fds[2], status;
    u32 set[8] = {0};
    if (!expect(pipe(fds), 0)) break;
    int pid = fork();
    if (pid == 0) {
      dup2(fds[1], REPORT);
      for (int fd = 3; fd < 20; fd++) close(fd);
      worker(seed * 2654435761u + workers * 40503u + 1);
    }
    workers++;
    close(fds[1]);
    if (!expect_true(pid > 0)) break;
    for (;;) {
      char buffer[64];
      struct timeval t = {0, 400000};
      set[fds[0] / 32] = 1u << fds[0] % 32;
      int ready = select(fds[0] + 1, set, 0, 0, &t);
      int n = ready == 1 ? read(fds[0], buffer, sizeof buffer) : 0;
      if (n > 0) made += n;
      if (n > 0 && made < wanted) continue;
      if (ready == 0) stuck++, made++; /* the call that waits is one too */
      else if (n == 0) made++; /* and so is the one that it died of */
      break;
    }
    kill(pid, SIGKILL);
    expect(waitpid(pid, &status, 0), pid);
    close(fds[0]);
    while (waitpid(-1, &status, WNOHANG) > 0) ;
  }
  put_number(made), put(" calls by "), put_number(workers), put(" workers, "), put_number(stuck), put(" waited\n");
  expect_true(made >= wanted);
  int other = fork(); /* what a worker has left running is its user's */
  if (other == 0) setuid(USER), kill(-1, SIGKILL), _exit(0);
  wait_for(other);
  chdir("/");
  part("random-calls");
  return failures;
}
