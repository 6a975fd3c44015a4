/* exec: arguments, environment, scripts, what a new program inherits, and what is no program. */
#include "abi.h"

static const char *const no_environment[] = {0};

static int run(const char *path, const char *const *argv, const char *const *envp)
{
  int pid = fork();
  if (pid == 0) {
    int error = execve(path, argv, envp);
    _exit(error < 0 && error > -100 ? 100 - error : 99); /* 102: ENOENT ... */
  }
  return wait_for(pid);
}

/* What the new program does when it is this one again: argv[1] says what to look at. */
static int again(int argc, char **argv, char **envp)
{
  if (same(argv[1], "count")) return argc;
  if (same(argv[1], "arguments"))
    return argc == 6 && same(argv[0], "any name") && same(argv[2], "") && same(argv[3], "two words") && same(argv[4], "a\"b'c\\") && same(argv[5], "\xff")
      && argv[6] == NULL && same(envp[0], "A=1") && same(envp[1], "PATH=/bin:/x") && envp[2] == NULL ? 42 : 1;
  if (same(argv[1], "stack")) { /* argv lies where the sheet says: below 0x80000000, argc under it */
    u32 top = (u32)argv[argc - 1] + length(argv[argc - 1]) + 1;
    return top <= 0x80000000u && top > 0x80000000u - 64 && ((int *)argv)[-1] == argc ? 43 : 2;
  }
  if (same(argv[1], "descriptors")) return fcntl(20, F_GETFD, 0) == 0 && fcntl(21, F_GETFD, 0) == -EBADF ? 44 : 3;
  if (same(argv[1], "signals")) {
    struct sigaction usr1, usr2;
    u32 mask;
    sigaction(SIGUSR1, 0, &usr1), sigaction(SIGUSR2, 0, &usr2), sigprocmask(SIG_BLOCK, 0, &mask);
    return usr1.handler == SIG_DFL && usr2.handler == SIG_IGN && mask == BIT(SIGTERM) ? 45 : 4;
  }
  if (same(argv[1], "zeros")) { /* fresh memory is zero: nothing of the program before is to be seen */
    static char bss[50000];
    for (u32 i = 0; i < sizeof bss; i++) if (bss[i] != 0) return 5;
    for (u32 p = ((u32)&argc - 4096) & -4096u; p > (u32)&argc - 100000; p -= 4096) if (*(u32 *)p != 0) return 6;
    return 46;
  }
  return 7;
}

static void noop(int sig, int code, struct sigcontext *context) {}

static void programs(const char *self)
{
  const char *count[] = {"x", "count", "a", "b", 0};
  expect(run(self, count, no_environment), 4 << 8);
  const char *arguments[] = {"any name", "arguments", "", "two words", "a\"b'c\\", "\xff", 0}, *environment[] = {"A=1", "PATH=/bin:/x", 0};
  expect(run(self, arguments, environment), 42 << 8);
  const char *stack[] = {"x", "stack", "last", 0};
  expect(run(self, stack, no_environment), 43 << 8);
  const char *zeros[] = {"x", "zeros", 0};
  expect(run(self, zeros, no_environment), 46 << 8);
  static const char *many[600];
  many[0] = "x", many[1] = "count";
  for (int i = 2; i < 255; i++) many[i] = "an argument";
  many[255] = 0;
  expect(run(self, many, no_environment), 255 << 8);
  for (int i = 0; i < 25; i++) if (!expect(run(self, count, no_environment), 4 << 8)) break;
  part("arguments-and-environment");

  int fd = open("/dev/null", O_RDWR, 0);
  dup2(fd, 20), dup2(fd, 21), close(fd);
  fcntl(21, F_SETFD, 1);
  const char *descriptors[] = {"x", "descriptors", 0};
  expect(run(self, descriptors, no_environment), 44 << 8);
  expect(fcntl(21, F_GETFD, 0), 1);
  close(20), close(21);
  part("close-on-exec");

  catch_signal(SIGUSR1, noop);
  struct sigaction ignore = {SIG_IGN, 0, 0}, normal = {SIG_DFL, 0, 0};
  sigaction(SIGUSR2, &ignore, 0);
  sigprocmask(SIG_BLOCK, BIT(SIGTERM), 0);
  const char *signals[] = {"x", "signals", 0};
  expect(run(self, signals, no_environment), 45 << 8);
  sigprocmask(SIG_SETMASK, 0, 0), sigaction(SIGUSR2, &normal, 0);
  part("signals-across-exec");
}

static void make(const char *path, const char *content, int mode)
{
  int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0666);
  write(fd, content, length(content));
  close(fd);
  chmod(path, mode);
}

static void scripts(const char *self)
{
  char line[200];
  int at = length(self);
  memcpy(line, "#! ", 3), memcpy(line + 3, self, at), memcpy(line + 3 + at, " count\nrest\n", 13);
  make("script", line, 0755);
  const char *argv[] = {"ignored", "a", "b", 0};
  expect(run("script", argv, no_environment), 5 << 8); /* interpreter, "count", "script", a, b */
  make("nested", "#!script\n", 0755);
  expect(run("nested", argv, no_environment), (100 + ENOEXEC) << 8);
  make("blank", "#!   \n", 0755);
  expect(run("blank", argv, no_environment), (100 + ENOEXEC) << 8);
  make("lost", "#!/no/such/program\n", 0755);
  expect(run("lost", argv, no_environment), (100 + ENOENT) << 8);
  unlink("script"), unlink("nested"), unlink("blank"), unlink("lost");
  part("scripts");
}

static void refused(const char *self)
{
  const char *argv[] = {"x", "count", 0};
  expect(run("/no/such/file", argv, no_environment), (100 + ENOENT) << 8);
  expect(run("/tmp", argv, no_environment), (100 + ENOEXEC) << 8);
  make("text", "only words\n", 0755);
  expect(run("text", argv, no_environment), (100 + ENOEXEC) << 8);
  chmod("text", 0644);
  expect(run("text", argv, no_environment), (100 + EACCES) << 8);
  make("text", "", 0755);
  expect(run("text", argv, no_environment), (100 + ENOEXEC) << 8);
  make("text", "\177ELF\1\1\1 and then nothing that an ELF file would have, but a few more bytes all the same", 0755);
  expect(run("text", argv, no_environment), (100 + ENOEXEC) << 8);
  unlink("text");
  static char path[300];
  memset(path, 'a', 299);
  int pid = fork();
  if (pid == 0) _exit(call1(PM, 59, 5, 100, 0, (void *)0xd0000000, path, 0) == -EFAULT && call1(PM, 59, 6, 100, 0, "/bin/x", (void *)0xd0000000, 0) < 0 ? 0 : 1);
  expect(wait_for(pid), 0);
  part("refused");
}

int main(int argc, char **argv, char **envp)
{
  if (argc > 1) return again(argc, argv, envp);
  chdir("/tmp");
  programs(argv[0]), scripts(argv[0]), refused(argv[0]);
  return failures;
}
