/* What a program of a user sees of the flaws of MINIX 3.2.0's VM (reference/vm.md 11 and 12): a line for each, `F8 ok` or `F8 FAILED: …`. */
#include <errno.h>
#include <fcntl.h>
#include <minix/com.h>
#include <minix/ipc.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define AT ((char *)0x90000000)
#define KERNEL ((char *)0xE7300000) /* linear 0x300000: the kernel's */
#define VM_CALL(n) (0xC00 + (n))
#define VM_PAGEFAULT 0xCFF
#define ADDDMA 12
#define RS_SET_PRIV 37
#define NO_SUCH_CALL 9

static const char *id, *wrong;
static int failures;

static void check(int holds, const char *what)
{
  if (!holds && wrong == NULL) wrong = what;
}

static void begin(const char *name)
{
  id = name;
  wrong = NULL;
}

static void finish(void)
{
  if (wrong == NULL) printf("%s ok\n", id);
  else printf("%s FAILED: %s\n", id, wrong), failures++;
  fflush(stdout);
}

static char *map(char *where, size_t bytes, int flags) { return minix_mmap(where, bytes, PROT_READ | PROT_WRITE, MAP_ANON | flags, -1, 0); }
static int refused(char *where, size_t bytes, int flags, int error) { return map(where, bytes, flags) == MAP_FAILED && errno == error; }

/* What becomes of a child that does this: its exit status, or minus the signal. */
static int child(void (*job)(volatile char *), char *where)
{
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    job(where);
    _exit(0);
  }
  if (pid < 0 || waitpid(pid, &status, 0) != pid) return 1000;
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}
static void reads(volatile char *where) { (void)*where; }
static void writes(volatile char *where) { *where = 1; }
static int faults(char *where) { return child(reads, where) == -SIGSEGV && child(writes, where) == -SIGSEGV; }

static int vm_call(int type)
{
  message m;
  memset(&m, 0, sizeof m);
  m.m_type = type;
  return ipc_sendrec(VM_PROC_NR, &m) != 0 ? 1 : m.m_type;
}

static void mapping(void)
{
  begin("D2");
  check(vm_call(VM_PAGEFAULT) == -ENOSYS, "a page fault that was made up");
  finish();
  begin("D3");
  check(refused(AT + 1, PAGE, 0, EINVAL), "an odd address");
  check(refused(AT, 0xFFFFF001, 0, ENOMEM), "a length that wraps");
  check(refused((char *)0xE7000000, PAGE, 0, ENOMEM), "the kernel's place");
  check(refused((char *)0xFFFFF000, PAGE, 0, ENOMEM), "the end of memory");
  check(refused(AT, 0x80000000, 0, ENOMEM), "2 GB");
  finish();
  begin("D4");
  check(map((char *)0xB0000000, PAGE, 0) == (char *)0xB0000000 && map(AT, PAGE, 0) == AT, "an address below the last mapping");
  check(minix_munmap(AT, PAGE) == 0 && minix_munmap((char *)0xB0000000, PAGE) == 0, "unmap");
  finish();
  begin("F8");
  check(map(AT, 2 * PAGE, 0) == AT && minix_munmap(AT, PAGE + 1) == 0, "unmap a byte more than a page");
  check(faults(AT + PAGE), "the second page");
  finish();
  begin("F25");
  check(refused(AT, 2 * PAGE, MAP_CONTIG, EINVAL), "MAP_CONTIG alone");
  check(map(AT, 2 * PAGE, MAP_CONTIG | MAP_PREALLOC) == AT, "with MAP_PREALLOC");
  check(child(writes, AT) == 0 && *AT == 0, "a child's write");
  check(minix_munmap(AT, 2 * PAGE) == 0, "unmap");
  finish();
  begin("F28");
  check(map(AT, 4 * PAGE, 0) == AT && minix_munmap(AT, PAGE) == 0, "map and unmap");
  check(map(AT + PAGE, 2 * PAGE, 0) == AT + 4 * PAGE, "the first gap above");
  check(minix_munmap(AT + PAGE, 5 * PAGE) == 0, "unmap across mappings");
  finish();
  begin("F31");
  check(refused(AT, 0, 0, EINVAL), "no length");
  finish();
}


static char other_stack[8 * PAGE];
static volatile int grown;
static void grow(void) { grown = sbrk(PAGE) != (void *)-1; }

static void heap(void)
{
  char *end = (char *)(((uintptr_t)sbrk(0) + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
  brk(end);
  begin("D5");
  for (int i = 0; i < 300; i++) {
    check(brk(end + 64 * PAGE) == 0, "up");
    check(end[63 * PAGE] == 0, "zeros");
    end[63 * PAGE] = 1;
    check(brk(end) == 0, "down");
  }
  check(faults(end), "what was given up");
  finish();
  begin("D38");
  check(map(end + 4 * PAGE, PAGE, 0) == end + 4 * PAGE, "a mapping in the way");
  check(brk(end + 16 * PAGE) == -1 && errno == ENOMEM, "over it");
  check((char *)sbrk(0) == end && brk(end + PAGE) == 0, "the break");
  check(child(writes, end) == 0 && faults(end + PAGE), "what is there");
  check(minix_munmap(end + 4 * PAGE, PAGE) == 0 && brk(end) == 0, "as it was");
  finish();
  begin("D6");
  check(brk(end + 4 * PAGE) == 0 && minix_munmap(end + 2 * PAGE, 2 * PAGE) == 0, "unmap the end of the heap");
  check(brk(end + 8 * PAGE) == 0, "grow");
  check(child(writes, end + 7 * PAGE) == 0, "what has grown");
  check(brk(end) == 0, "as it was");
  finish();
  begin("F13");
  void *saved;
  asm volatile("mov %%esp, %0\n\tmov %1, %%esp\n\tcall *%2\n\tmov %0, %%esp" : "=&S"(saved) : "r"(other_stack + sizeof other_stack), "r"(grow)
               : "eax", "ecx", "edx", "memory");
  check(grown, "the break, from a stack in the data");
  brk(end);
  finish();
}

static void protection(void)
{
  begin("D27");
  check(faults(KERNEL), "the kernel");
  check(faults(NULL), "the first page");
  check(faults((char *)0x70000000), "between heap and stack");
  finish();
  begin("D28");
  check(child(reads, (char *)(uintptr_t)check) == 0 && child(writes, (char *)(uintptr_t)check) == -SIGSEGV, "text");
  finish();
  begin("D22");
  check(vm_call(VM_CALL(RS_SET_PRIV)) == -EPERM && vm_call(VM_CALL(ADDDMA)) == -EPERM, "calls of services");
  finish();
  begin("D23");
  check(vm_call(VM_CALL(NO_SUCH_CALL)) == -ENOSYS, "no such call");
  finish();
}

/* Reads of the kernel for us: the kernel writes where we say. */
static void requests(const char *file)
{
  static char all[2 * PAGE];
  int fd = open(file, O_RDONLY);
  char *two = map(AT, PAGE, 0);
  begin("F7");
  check(fd >= 0 && read(fd, all, sizeof all) == sizeof all, "an ordinary buffer");
  check(two == AT && map(AT + PAGE, PAGE, 0) == AT + PAGE, "two mappings in a row");
  check(lseek(fd, 0, SEEK_SET) == 0 && read(fd, two, 2 * PAGE) == 2 * PAGE, "across both");
  check(memcmp(two, all, sizeof all) == 0, "what came");
  finish();
  begin("F12");
  check(lseek(fd, 0, SEEK_SET) == 0 && read(fd, AT + 8 * PAGE, PAGE) == -1 && errno == EFAULT, "nothing there");
  check(read(fd, AT + PAGE + 8, PAGE) == -1 && errno == EFAULT, "half of it");
  check(read(fd, KERNEL, 16) == -1 && errno == EFAULT, "the kernel");
  check(read(fd, (char *)(uintptr_t)check, 16) == -1 && errno == EFAULT, "text");
  check(write(1, "", 0) == 0, "we go on");
  finish();
  close(fd);
  minix_munmap(AT, 2 * PAGE);
}

/* Several at once touch pages that they share, and pages of their own. */
static void together(void)
{
  enum { CHILDREN = 8, PAGES = 64 };
  char *area = map(AT, PAGES * PAGE, 0);
  begin("F20");
  for (int i = 0; i < PAGES / 2; i++) area[i * PAGE] = 77;
  for (int n = 0; n < CHILDREN; n++) {
    if (fork() != 0) continue;
    for (int i = 0; i < PAGES; i++) {
      if (area[i * PAGE] != (i < PAGES / 2 ? 77 : 0)) _exit(1);
      area[i * PAGE] = n;
    }
    for (int i = 0; i < PAGES; i++) if (area[i * PAGE] != n) _exit(2);
    _exit(0);
  }
  for (int n = 0, status; n < CHILDREN; n++) check(wait(&status) > 0 && status == 0, "a child sees its own");
  for (int i = 0; i < PAGES; i++) check(area[i * PAGE] == (i < PAGES / 2 ? 77 : 0), "we see ours");
  finish();
  minix_munmap(area, PAGES * PAGE);
}

/* A program that does not fit: the old one goes on. */
static void too_large(char *program)
{
  static int kept = 5;
  char *const arguments[] = { program, NULL };
  begin("F38");
  kept = 6;
  check(execv(program, arguments) == -1 && errno == ENOMEM, "a program of 60 MB");
  check(kept == 6, "the old one goes on");
  finish();
}

int main(int argc, char **argv)
{
  mapping();
  heap();
  protection();
  requests(argv[0]);
  together();
  if (argc > 1) too_large(argv[1]);
  printf("%d failed\n", failures);
  return failures > 0;
}
