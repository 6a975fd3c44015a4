/* brk, mmap and munmap, the stack, copy on write after fork, and addresses that are not there. */
#include "abi.h"

extern char end[];
enum { PAGE = 4096, MB = 1 << 20 };

/* The signal that ends a child which touches an address; 0 where it lives. */
static int touching(u32 address, int writing)
{
  int pid = fork();
  if (pid == 0) {
    volatile char *p = (volatile char *)address;
    if (writing) *p = 1;
    else (void)*p;
    _exit(0);
  }
  return wait_for(pid) & 0x7f;
}

static void breaks(void)
{
  u32 base = ((u32)end + PAGE - 1) & -PAGE;
  void *now = 0;
  expect(set_break((void *)(base + MB), &now), 0);
  expect(now, base + MB);
  int wrong = 0;
  for (u32 *p = (u32 *)base; p < (u32 *)(base + MB); p++) wrong += *p != 0;
  expect(wrong, 0); /* new memory is zero */
  for (u32 a = base; a < base + MB; a += PAGE) *(u32 *)a = a;
  for (u32 a = base; a < base + MB; a += PAGE) wrong += *(u32 *)a != a;
  expect(wrong, 0);
  expect(touching(base + MB + PAGE, 0), SIGSEGV);
  expect(set_break((void *)(base + 10 * PAGE), 0), 0);
  expect(*(u32 *)(base + 9 * PAGE), base + 9 * PAGE); /* what stays is as it was */
  expect(touching(base + 64 * PAGE, 1), SIGSEGV);
  expect(set_break((void *)(base + MB), 0), 0);
  expect(*(u32 *)(base + 64 * PAGE), 0); /* what went and came back is zero again */
  for (int i = 0; i < 300; i++) { /* up and down for ever, as execve does */
    set_break((void *)(base + 3 * MB), 0);
    if (!expect(set_break((void *)(base + MB), 0), 0)) break;
  }
  expect(set_break((void *)0x1000, 0), -ENOMEM);
  expect(set_break((void *)0x7ffff000, 0), -ENOMEM);
  expect(set_break((void *)0xc0000000, 0), -ENOMEM);
  expect(*(u32 *)(base + 9 * PAGE), base + 9 * PAGE);
  expect(set_break((void *)base, 0), 0);
  part("brk");
}

static void maps(void)
{
  u32 a = mmap(0, MB, MAP_ANON | MAP_PRIVATE, -1), b = mmap(0, 5000, MAP_ANON, -1);
  expect_true(!is_error(a) && a % PAGE == 0 && a >= 0x80000000);
  expect_true(!is_error(b) && b % PAGE == 0 && (b >= a + MB || b + 2 * PAGE <= a));
  int wrong = 0;
  for (u32 p = a; p < a + MB; p += 512) wrong += *(u32 *)p != 0, *(u32 *)p = p;
  for (u32 p = a; p < a + MB; p += 512) wrong += *(u32 *)p != p;
  expect(wrong, 0);
  u32 c = mmap(0, 64 * 1024, MAP_ANON | MAP_PREALLOC, -1);
  expect_true(!is_error(c));
  expect(*(u32 *)(c + 65532), 0);
  expect(munmap(a, 16 * PAGE), 0); /* a part from the start on */
  expect(touching(a, 0), SIGSEGV);
  expect(touching(a + 15 * PAGE, 1), SIGSEGV);
  expect(*(u32 *)(a + 16 * PAGE), a + 16 * PAGE);
  expect(munmap(a + 16 * PAGE, MB - 16 * PAGE), 0);
  expect(munmap(b, 5000), 0), expect(munmap(c, 64 * 1024), 0);
  expect(touching(b, 0), SIGSEGV);
  expect(munmap(a, PAGE), -EFAULT);
  expect(mmap(0, 0, MAP_ANON, -1), -EINVAL);
  expect_true(is_error(mmap(0, PAGE, MAP_PRIVATE, 3)));
  u32 hint = mmap(0xa0000000, PAGE, MAP_ANON, -1);
  expect_true(hint >= 0xa0000000 && !is_error(hint));
  expect(munmap(hint, PAGE), 0);
  for (int i = 0; i < 100; i++) { /* space is used again */
    u32 again = mmap(0, MB, MAP_ANON, -1);
    if (!expect(again, a)) break;
    *(u32 *)again = 1;
    munmap(again, MB);
  }
  part("mmap");
}

static int recurse(int n) { volatile char room[1000]; room[0] = n; return n == 0 ? 0 : room[0] * 0 + 1 + recurse(n - 1); }
static void stack(void)
{
  expect(recurse(2000), 2000); /* 2 MB of stack */
  u32 here = (u32)&here;
  expect_true(here > 0x7f000000 && here < 0x80000000);
  part("stack-growth");
}

enum { PAGES = 200 };
static char data[PAGES * PAGE];
static char never_written[8 * PAGE];

static int differs(const char *p, int pages, int value)
{
  int wrong = 0;
  for (int i = 0; i < pages; i++) wrong += p[i * PAGE] != (char)(value + i) || p[i * PAGE + PAGE - 1] != (char)(value - i);
  return wrong;
}
static void fill(char *p, int pages, int value)
{
  for (int i = 0; i < pages; i++) p[i * PAGE] = value + i, p[i * PAGE + PAGE - 1] = value - i;
}

static void copy_on_write(void)
{
  int down[2], up[2];
  char c, *area = (char *)mmap(0, PAGES * PAGE, MAP_ANON, -1);
  volatile int local = 1;
  fill(data, PAGES, 10), fill(area, PAGES, 20);
  pipe(down), pipe(up);
  int pid = fork();
  if (pid == 0) {
    if (differs(data, PAGES, 10) || differs(area, PAGES, 20) || local != 1) _exit(1);
    read(down[0], &c, 1); /* the parent has written its own */
    if (differs(data, PAGES, 10) || differs(area, PAGES, 20) || local != 1) _exit(2);
    fill(data, PAGES, 50), fill(area, PAGES, 60), local = 3;
    int grandchild = fork();
    if (grandchild == 0) {
      if (differs(data, PAGES, 50) || differs(area, PAGES, 60) || local != 3) _exit(1);
      fill(data, PAGES, 90);
      _exit(differs(data, PAGES, 90) ? 2 : 0);
    }
    if (wait_for(grandchild) != 0) _exit(3);
    if (differs(data, PAGES, 50) || differs(area, PAGES, 60)) _exit(4);
    write(up[1], "x", 1);
    read(down[0], &c, 1);
    _exit(differs(data, PAGES, 50) || differs(area, PAGES, 60) || local != 3 ? 5 : 0);
  }
  fill(data, PAGES, 30), fill(area, PAGES, 40), local = 2;
  write(down[1], "x", 1);
  read(up[0], &c, 1);
  expect(differs(data, PAGES, 30), 0), expect(differs(area, PAGES, 40), 0), expect(local, 2);
  fill(data, PAGES, 70); /* pages that are no longer shared */
  write(down[1], "x", 1);
  expect(wait_for(pid), 0);
  expect(differs(data, PAGES, 70), 0);
  part("copy-on-write");

  /* The kernel and the servers write into shared pages too. */
  pid = fork();
  if (pid == 0) {
    read(down[0], data + 4 * PAGE - 2, 4); /* across two pages */
    _exit(data[4 * PAGE - 2] == 'a' && data[4 * PAGE + 1] == 'd' ? 0 : 1);
  }
  write(down[1], "abcd", 4);
  expect(wait_for(pid), 0);
  expect(differs(data, PAGES, 70), 0);
  struct stat *st = (struct stat *)(data + 9 * PAGE - 50);
  pid = fork();
  if (pid == 0) _exit(stat("/", st) == 0 && (st->mode & 0170000) == 040000 ? 0 : 1);
  expect(wait_for(pid), 0);
  expect(differs(data, PAGES, 70), 0);
  message *m = (message *)(data + 20 * PAGE - 18); /* and a message that lies across two pages */
  pid = fork();
  if (pid == 0) {
    memset(m, 0, sizeof *m);
    int me = call(PM, 20, m);
    _exit(me == getpid() && m->w[2] == getppid() ? 0 : 1);
  }
  expect(wait_for(pid), 0);
  expect(differs(data, PAGES, 70), 0);
  part("copy-on-write-by-servers");

  /* Reads before the first write: both see zero pages, each then its own. */
  int sum = 0;
  for (u32 i = 0; i < sizeof never_written; i++) sum += never_written[i];
  pid = fork();
  if (pid == 0) never_written[3 * PAGE] = 7, _exit(never_written[3 * PAGE]);
  expect(wait_for(pid), 7 << 8);
  expect(never_written[3 * PAGE] + sum, 0);
  for (int i = 0; i < 8; i++) { /* a chain of forks, each writes, the one before sees nothing of it */
    data[0] = i;
    int kid = fork();
    if (kid == 0) {
      if (data[0] != i) _exit(1);
      data[0] = 100;
      if (i == 7) _exit(0);
      continue;
    }
    int status = wait_for(kid);
    if (i > 0) _exit(status != 0 ? 4 : data[0] == i ? 0 : 3);
    expect(status, 0);
    expect(data[0], 0);
    break;
  }
  munmap((u32)area, PAGES * PAGE);
  for (int i = 0; i < 2; i++) close(down[i]), close(up[i]);
  part("copy-on-write-chains");
}

static void bad_addresses(void)
{
  static const u32 wrong[] = {0, 4, 0x1000, 0x40000000, 0xc0000000, 0xe6fff000, 0xfffffffc};
  int fds[2];
  pipe(fds);
  write(fds[1], "abcdefgh", 8);
  for (int i = 0; i < 7; i++) {
    int result = write(1, (void *)wrong[i], 100);
    expect_true(result == -EFAULT || (wrong[i] > 0xe7000000 && result == -EPERM)); /* EPERM: a range that wraps around is no grant */
    expect(stat("/", (void *)wrong[i]), -EFAULT);
    expect(call1(VFS, 5, 100, 0, 0, (void *)wrong[i], 0, 0) < 0, 1);
    expect(trap(SENDREC, PM, (void *)wrong[i]), -EFAULT);
  }
  char text[8];
  expect(read(fds[0], (void *)0x1000, 8), -EFAULT);
  expect(stat("/", (void *)main), -EFAULT); /* text is read-only for servers too */
  close(fds[0]), close(fds[1]);
  expect(getpid() > 0, 1);
  part("bad-addresses");
}

int main(int argc, char **argv, char **envp)
{
  breaks(), maps(), stack(), copy_on_write(), bad_addresses();
  return failures;
}
