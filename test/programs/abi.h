/*
 * MINIX 3.2.0's binary interface as far as the test programs need it: int 33, 36-byte messages, call numbers, start state.
 * It deliberately shares nothing with the C library of packages/userland. Facts: reference/posix-abi.md 0-4, 11.
 *
 * Every wrapper gives the result of the call, or a negative error number.
 */
#ifndef ABI_H
#define ABI_H

typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned char u8;
typedef unsigned long long u64;
typedef int i32;
#define NULL ((void *)0)

/* w[0] is m_source, w[1] m_type; the words of the variants: m1 i1 2, i2 3, i3 4, p1 5, p2 6, p3 7; m2 i1 2, i2 3, i3 4,
   l1 5, l2 6, p1 7; m3 i1 2, i2 3, p1 4, ca1 from byte 20; m5 s1 @8, s2 @10, i1 3, i2 4, l1 5, l2 6; m8 i1 2, p1 4 ... p4 7. */
typedef union { i32 w[9]; u16 s[18]; u8 b[36]; } message;

enum { PM = 0, VFS = 1, RS = 2, MEM = 3, LOG = 4, TTY = 5, DS = 6, MFS = 7, VM = 8, PFS = 9, SCHED = 10, INIT = 11, ANY = 0x7ace, NONE = 0x6ace, SELF = 0x8ace };
enum { SEND = 1, RECEIVE = 2, SENDREC = 3, NOTIFY = 4, SENDNB = 5, SENDA = 16 };
enum {
  EPERM = 1, ENOENT, ESRCH, EINTR, EIO, ENXIO, E2BIG, ENOEXEC, EBADF, ECHILD, EAGAIN, ENOMEM, EACCES, EFAULT, ENOTBLK, EBUSY, EEXIST,
  EXDEV, ENODEV, ENOTDIR, EISDIR, EINVAL, ENFILE, EMFILE, ENOTTY, ETXTBSY, EFBIG, ENOSPC, ESPIPE, EROFS, EMLINK, EPIPE, ENOSYS = 38,
  ENOTEMPTY = 39, ELOOP = 40, EBADCALL = 102, EBADSRCDST = 103, ECALLDENIED = 104, EDEADSRCDST = 105, EBADREQUEST = 107, ETRAPDENIED = 110
};
enum {
  SIGHUP = 1, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGEMT,
  SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGWINCH
};
enum { O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_CREAT = 0100, O_EXCL = 0200, O_TRUNC = 01000, O_APPEND = 02000, O_NONBLOCK = 04000 };
enum { SEEK_SET, SEEK_CUR, SEEK_END };
enum { F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL };
enum { MAP_PRIVATE = 2, MAP_ANON = 4, MAP_PREALLOC = 8 };
enum { WNOHANG = 1 };

/* One trap: eax endpoint, ebx message, ecx which; eax comes back. */
static inline int trap(int code, int endpoint, void *m)
{
  int result = endpoint, where = (int)m, which = code;
  asm volatile("int $33" : "+a"(result), "+b"(where), "+c"(which) : : "memory", "cc");
  return result;
}

static int call(int server, int number, message *m)
{
  m->w[1] = number;
  int status = trap(SENDREC, server, m);
  return status != 0 ? status : m->w[1];
}

static int call1(int server, int number, int a, int b, int c, const void *p, const void *q, const void *r)
{
  message m = {{0, 0, a, b, c, (int)p, (int)q, (int)r, 0}};
  return call(server, number, &m);
}

static int length(const char *s) { int n = 0; while (s[n]) n++; return n; }
static int same(const char *a, const char *b) { while (*a && *a == *b) a++, b++; return *a == *b; }
/* gcc calls these two by itself, and would make loops in them into calls of themselves. */
void *memcpy(void *to, const void *from, u32 n)
{
  void *result = to;
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
  return result;
}
void *memset(void *to, int byte, u32 n)
{
  void *result = to;
  asm volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(byte) : "memory");
  return result;
}
static int equal(const void *a, const void *b, u32 n) { const u8 *x = a, *y = b; while (n--) if (*x++ != *y++) return 0; return 1; }

/* A call with one path in m3: it travels inline where it has 14 bytes or fewer with its NUL. */
static int path3(int number, const char *path, int i2)
{
  message m = {{0}};
  m.w[2] = length(path) + 1;
  m.w[3] = i2;
  m.w[4] = (int)path;
  if (m.w[2] <= 14) memcpy(m.b + 20, path, m.w[2]);
  return call(VFS, number, &m);
}
static int path2(int number, const char *one, const char *two) { return call1(VFS, number, length(one) + 1, length(two) + 1, 0, one, two, 0); }

/* PM */
static void _exit(int status) { for (;;) call1(PM, 1, status, 0, 0, 0, 0, 0); }
static int fork(void) { return call1(PM, 2, 0, 0, 0, 0, 0, 0); }
static int waitpid(int pid, int *status, int options)
{
  message m = {{0, 0, pid, options}};
  int result = call(PM, 11, &m);
  if (status) *status = m.w[2];
  return result;
}
static int getpid(void) { return call1(PM, 20, 0, 0, 0, 0, 0, 0); }
static int getppid(void) { message m = {{0}}; call(PM, 20, &m); return m.w[2]; }
static int gettime(u32 *seconds, u32 *micros) { message m = {{0}}; int r = call(PM, 90, &m); *seconds = m.w[5]; *micros = m.w[6]; return r; }
static int set_break(void *address, void **now) { message m = {{0, 0, 0, 0, 0, (int)address}}; int r = call(PM, 17, &m); if (now) *now = (void *)m.w[7]; return r; }
static int setuid(int uid) { return call1(PM, 23, uid, 0, 0, 0, 0, 0); }
static int getuid(int *effective) { message m = {{0}}; int r = call(PM, 24, &m); *effective = m.w[2]; return r; }
static int alarm(int seconds) { return call1(PM, 27, seconds, 0, 0, 0, 0, 0); }
static int pause(void) { return call1(PM, 29, 0, 0, 0, 0, 0, 0); }
static int kill(int pid, int sig) { return call1(PM, 37, pid, sig, 0, 0, 0, 0); }
static int setsid(void) { return call1(PM, 62, 0, 0, 0, 0, 0, 0); }
static int getpgrp(void) { return call1(PM, 63, 0, 0, 0, 0, 0, 0); }
static int uname_field(int field, char *to, int bytes) { return call1(PM, 78, 0, field, bytes, to, 0, 0); }
struct timeval { i32 sec, usec; };
struct itimerval { struct timeval interval, value; };
static int setitimer(int which, const struct itimerval *new, struct itimerval *old) { return call1(PM, 64, which, 0, 0, new, old, 0); }

/* Signals. A handler comes back through sigreturn_stub, as reference/posix-abi.md 1.4 has it. */
struct registers { u16 gs, fs, es, ds; u32 edi, esi, ebp, oldesp, ebx, edx, ecx, eax, retaddr, eip, cs, eflags, esp, ss; };
struct sigcontext { i32 flags; u32 mask; struct registers r; u8 fpu[512]; };
struct sigaction { void (*handler)(int, int, struct sigcontext *); u32 mask; i32 flags; };
enum { SA_RESETHAND = 2, SA_NODEFER = 4 };
enum { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK };
#define SIG_DFL ((void (*)(int, int, struct sigcontext *))0)
#define SIG_IGN ((void (*)(int, int, struct sigcontext *))1)
#define BIT(sig) (1u << (sig))

static int sigprocmask(int how, u32 set, u32 *old)
{
  message m = {{0, 0, how, 0, 0, (int)set}};
  int r = call(PM, 74, &m);
  if (old) *old = m.w[5];
  return r;
}
static int sigpending(u32 *set) { message m = {{0}}; int r = call(PM, 73, &m); *set = m.w[5]; return r; }
static int sigsuspend(u32 mask) { message m = {{0, 0, 0, 0, 0, (int)mask}}; return call(PM, 72, &m); }
__attribute__((used)) static void sigreturn_call(struct sigcontext *context)
{
  sigprocmask(SIG_SETMASK, ~0u, 0);
  message m = {{0, 0, 0, context->flags, 0, (int)context->mask, 0, (int)context}};
  call(PM, 75, &m);
  _exit(99);
}
void sigreturn_stub(void);
asm(".text\n.globl sigreturn_stub\nsigreturn_stub: addl $16, %esp\n jmp sigreturn_call\n");
static int sigaction(int sig, const struct sigaction *act, struct sigaction *old) { return call1(PM, 71, 0, sig, 0, act, old, sigreturn_stub); }
static int catch_signal(int sig, void (*handler)(int, int, struct sigcontext *)) { struct sigaction a = {handler, 0, 0}; return sigaction(sig, &a, 0); }

/* VFS */
struct stat {
  u32 dev, mode; u64 ino; u32 nlink, uid, gid, rdev; i32 times[8]; u64 size; u64 blocks; u32 blksize, flags, gen, spare[2];
} __attribute__((packed));
static int read(int fd, void *to, int n) { return call1(VFS, 3, fd, n, 0, to, 0, 0); }
static int write(int fd, const void *from, int n) { return call1(VFS, 4, fd, n, 0, from, 0, 0); }
static int open(const char *path, int flags, int mode)
{
  if (flags & O_CREAT) return call1(VFS, 5, length(path) + 1, flags, mode, path, 0, 0);
  return path3(5, path, flags);
}
static int close(int fd) { return call1(VFS, 6, fd, 0, 0, 0, 0, 0); }
static int link(const char *old, const char *new) { return path2(9, old, new); }
static int unlink(const char *path) { return path3(10, path, 0); }
static int chdir(const char *path) { return path3(12, path, 0); }
static int mknod(const char *path, int mode, int dev) { return call1(VFS, 14, length(path) + 1, mode, dev, path, 0, 0); }
static int chmod(const char *path, int mode) { return path3(15, path, mode); }
static int chown(const char *path, int uid, int gid) { return call1(VFS, 16, length(path) + 1, uid, gid, path, 0, 0); }
static int lseek(int fd, int offset, int whence) { message m = {{0, 0, fd, whence, 0, offset}}; int r = call(VFS, 19, &m); return r < 0 ? r : m.w[5]; }
static int sync(void) { return call1(VFS, 36, 0, 0, 0, 0, 0, 0); }
static int rename(const char *old, const char *new) { return path2(38, old, new); }
static int mkdir(const char *path, int mode) { return call1(VFS, 39, length(path) + 1, mode, 0, path, 0, 0); }
static int rmdir(const char *path) { return path3(40, path, 0); }
static int pipe(int *fds) { message m = {{0}}; int r = call(VFS, 42, &m); fds[0] = m.w[2]; fds[1] = m.w[3]; return r; }
static int symlink(const char *target, const char *path) { return path2(45, target, path); }
static int readlink(const char *path, char *to, int n) { return call1(VFS, 49, length(path) + 1, n, 0, path, to, 0); }
static int stat(const char *path, struct stat *to) { return call1(VFS, 51, length(path) + 1, 0, 0, path, to, 0); }
static int fstat(int fd, struct stat *to) { return call1(VFS, 52, fd, 0, 0, to, 0, 0); }
static int lstat(const char *path, struct stat *to) { return call1(VFS, 53, length(path) + 1, 0, 0, path, to, 0); }
static int ioctl(int fd, int request, void *argument) { message m = {{0, 0, fd, request, 0, 0, 0, (int)argument}}; return call(VFS, 54, &m); }
static int fcntl(int fd, int command, int argument) { return call1(VFS, 55, fd, command, argument, 0, 0, 0); }
static int umask(int mask) { return call1(VFS, 60, mask, 0, 0, 0, 0, 0); }
static int getdents(int fd, void *to, int n) { return call1(VFS, 80, fd, n, 0, to, 0, 0); }
static int select(int n, u32 *r, u32 *w, u32 *e, struct timeval *t) { message m = {{0, 0, n, 0, (int)r, (int)w, (int)e, (int)t}}; return call(VFS, 85, &m); }
static int truncate(const char *path, int size) { message m = {{0, 0, length(path) + 1, 0, 0, size, 0, (int)path}}; return call(VFS, 93, &m); }
static int ftruncate(int fd, int size) { message m = {{0, 0, fd, 0, 0, size}}; return call(VFS, 94, &m); }
static int dup2(int fd, int to) { close(to); return fcntl(fd, F_DUPFD, to); }
static int sleep_ms(int ms) { struct timeval t = {ms / 1000, ms % 1000 * 1000}; return select(0, 0, 0, 0, &t); }

/* VM; an address, or a negative error (addresses from 0x80000000 on look negative too: errors are above -1000). */
static u32 mmap(u32 address, int bytes, int flags, int fd)
{
  message m = {{0}};
  m.s[4] = 3;
  m.s[5] = flags;
  m.w[3] = fd;
  m.w[5] = address;
  m.w[6] = bytes;
  int r = call(VM, 0xc0a, &m);
  return r < 0 ? (u32)r : (u32)m.w[5];
}
static int is_error(u32 address) { return address > (u32)-1000; }
static int munmap(u32 address, int bytes) { return call1(VM, 0xc11, bytes, 0, 0, (void *)address, 0, 0); }

/* exec: the frame is the new stack, its pointers counted from its start. Comes back only with an error. */
static int execve(const char *path, const char *const *argv, const char *const *envp)
{
  static char frame[8192];
  i32 *word = (i32 *)frame;
  int words = 3, argc = 0;
  for (int i = 0; argv[i]; i++) words++, argc++;
  for (int i = 0; envp[i]; i++) words++;
  int at = words * 4;
  *word++ = argc;
  for (int part = 0; part < 2; part++) {
    const char *const *list = part ? envp : argv;
    for (; *list; list++) {
      if (at + length(*list) + 1 > (int)sizeof frame) return -E2BIG;
      *word++ = at;
      memcpy(frame + at, *list, length(*list) + 1);
      at += length(*list) + 1;
    }
    *word++ = 0;
  }
  while (at % 4) frame[at++] = 0;
  return call1(PM, 59, length(path) + 1, at, 0, path, frame, 0);
}

/* Printing, and what a test says. */
static void put(const char *text) { write(1, text, length(text)); }
static void put_number(int n)
{
  char text[12];
  int at = 11;
  u32 value = n < 0 ? -(u32)n : (u32)n;
  text[at] = 0;
  do text[--at] = '0' + value % 10; while ((value /= 10) != 0);
  if (n < 0) text[--at] = '-';
  put(text + at);
}
static int bad, failures;
static int expect_at(int line, const char *what, int got, int wanted)
{
  if (got == wanted) return 1;
  put("FAIL line "), put_number(line), put(": "), put(what), put(" is "), put_number(got), put(", not "), put_number(wanted), put("\n");
  bad++;
  return 0;
}
#define expect(got, wanted) expect_at(__LINE__, #got, (int)(got), (int)(wanted))
#define expect_true(condition) expect_at(__LINE__, #condition, !!(condition), 1)
static void part(const char *name)
{
  put(bad ? "FAIL " : "ok "), put(name), put("\n");
  failures += bad;
  bad = 0;
}
/* The wait status of a child. */
static int wait_for(int pid) { int status = -1; int got = waitpid(pid, &status, 0); return got == pid ? status : got < 0 ? got : -1; }

int main(int argc, char **argv, char **envp);
__attribute__((used)) static void begin(int *stack) { _exit(main(stack[0], (char **)stack + 1, (char **)stack + stack[0] + 2)); }
asm(".text\n.globl _start\n_start: xorl %ebp, %ebp\n movl %esp, %eax\n andl $-16, %esp\n subl $12, %esp\n pushl %eax\n call begin\n");
#endif
