/* init, process 1: runs /etc/rc, then keeps a shell on the console; or runs one shell, or one job, and stops the machine.

   Boot parameters: `once=1`: one shell reads the console (which is no person's terminal), and its status ends the machine.
   `job=1`: the job comes over the second serial line, /dev/tty01, as bytes:

       <decimal count of the bytes that follow> \n
       <cwd> \0 <decimal number of environment strings> \0 <environment string> \0 … <argument> \0 …

   The program is argument 0, looked up in PATH. Its descriptors 0 and 1 are /dev/tty00, 2 is /dev/tty01, all raw. A raw
   line has no end; so with `job=2` descriptor 0 is a pipe instead, and what comes on tty00 is cut in pieces,
   <decimal count> \n <bytes>, of which one with the count 0 is the end of the input.
   At the end: reboot(RBT_MONITOR, "exit N"), 128 + n for a signal n, 126 where it cannot be run, 127 where it is missing. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static char term[64] = "TERM=minix";
static char *const environment[] = { "HOME=/root", "PATH=/bin:/sbin:/usr/bin:/usr/sbin", term, "PS1=# ", "USER=root", "SHELL=/bin/sh", 0 };
static char debug_fkeys[] = "debug_fkeys=0"; /* for /etc/rc, which would have to run a program to ask */
static char *const rc_environment[] = { "HOME=/root", "PATH=/bin:/sbin:/usr/bin:/usr/sbin", term, "USER=root", "SHELL=/bin/sh", debug_fkeys, 0 };
static char *const quiet_environment[] = { "HOME=/root", "PATH=/bin:/sbin:/usr/bin:/usr/sbin", term, "PS1=", "PS2=", "USER=root", "SHELL=/bin/sh", 0 };
static volatile int stopping;
#define MOST_STRINGS 4096              /* of a job: environment and arguments */

static void stop_spawning(int sig)
{
  (void)sig;
  stopping = 1;
}

static void shut_down(int sig)
{
  (void)sig;
  sync();
  reboot(RBT_HALT);
}

static int parameter(const char *name)
{
  char value[32];
  return getparam(name, value, sizeof value) > 0 && strcmp(value, "0") != 0;
}

static int exit_code(int raw) { return WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw); }

static void finish(int status)
{
  char code[16];
  while (stopping) pause(); /* `shutdown` ends the machine, and with it what this waited for */
  snprintf(code, sizeof code, "exit %d", status);
  sync();
  reboot(RBT_MONITOR, code, strlen(code));
  for (;;) pause();
}

/* Waits for one child and reaps the others that were left to init. */
static int wait_for(int pid)
{
  int raw, got;
  while ((got = wait(&raw)) != pid)
    if (got < 0 && errno != EINTR) return -1;
  return raw;
}

static void open_as(const char *path, int fd)
{
  int got = open(path, O_RDWR | O_NOCTTY);
  if (got >= 0 && got != fd) {
    dup2(got, fd);
    close(got);
  }
}

static void default_signals(void)
{
  for (int sig = 1; sig < _NSIG; sig++) signal(sig, SIG_DFL);
}

/* A child with its own session: the console that it opens becomes its controlling terminal. */
static int start_session(const char *line)
{
  int pid = fork();
  if (pid != 0) return pid;
  default_signals();
  setsid();
  close(0);
  close(1);
  close(2);
  if (open(line, O_RDWR) != 0) _exit(126);
  dup2(0, 1);
  dup2(0, 2);
  chdir("/root");
  return 0;
}

static void set_raw(int fd)
{
  struct termios t;
  if (tcgetattr(fd, &t) < 0) return;
  t.c_iflag = IGNBRK;
  t.c_oflag = 0;
  t.c_lflag = 0;
  t.c_cflag = (t.c_cflag & ~CSIZE) | CS8 | CREAD | CLOCAL;
  t.c_cc[VMIN] = 1;
  t.c_cc[VTIME] = 0;
  tcsetattr(fd, TCSANOW, &t);
}

/* rc reads nothing of the console, and where a job has the console it writes nothing there either. */
static void run_rc(int quiet)
{
  static char *const arguments[] = { "sh", "/etc/rc", 0 };
  int pid = fork();
  if (pid == 0) {
    default_signals();
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; null >= 0 && fd <= (quiet ? 2 : 0); fd++) dup2(null, fd);
    execve("/bin/sh", arguments, rc_environment);
    _exit(127);
  }
  if (pid > 0) wait_for(pid);
}

static __attribute__((noreturn)) void serve_console(void)
{
  static char *const arguments[] = { "sh", "-i", "-l", 0 };
  int failures = 0;
  for (;;) {
    while (stopping) pause();
    int pid = start_session("/dev/console");
    if (pid == 0) {
      execve("/bin/sh", arguments, environment);
      dprintf(2, "init: cannot run /bin/sh: %s\n", strerror(errno));
      _exit(126);
    }
    int raw = pid < 0 ? -1 : wait_for(pid);
    if (pid < 0 || exit_code(raw) == 126) {
      if (++failures > 5) finish(126);
      sleep(1);
    }
  }
}

static void serve_once(void)
{
  static char *const arguments[] = { "sh", "-s", 0 };
  struct termios t;
  int pid = start_session("/dev/console");
  if (pid == 0) {
    if (tcgetattr(0, &t) == 0) {
      t.c_lflag &= ~(ECHO | ECHOE | ECHOK | ECHONL);
      t.c_oflag &= ~OPOST;
      tcsetattr(0, TCSANOW, &t);
    }
    execve("/bin/sh", arguments, quiet_environment);
    _exit(126);
  }
  int status = pid < 0 ? 126 : exit_code(wait_for(pid));
  tcdrain(1);
  finish(status);
}

static int read_count(int fd)
{
  char c;
  int n = 0;
  while (read(fd, &c, 1) == 1 && c != '\n')
    if (c >= '0' && c <= '9') n = n * 10 + c - '0';
  return n;
}

static char *read_job(int fd)
{
  int length = read_count(fd), got = 0;
  char *job = calloc(1, length + 2);
  while (job && got < length) {
    int n = read(fd, job + got, length - got);
    if (n <= 0) break;
    got += n;
  }
  return got == length ? job : 0;
}

/* The strings of a job in one vector, from the third on, with a NULL between environment and arguments. */
static char **split_job(char *job, char **cwd, char ***arguments)
{
  int most = MOST_STRINGS, n = 0;
  char **vector = calloc(most, sizeof *vector);
  *cwd = job;
  job += strlen(job) + 1;
  int left = atoi(job);
  job += strlen(job) + 1;
  for (; left > 0 && n < most - 2; left--, job += strlen(job) + 1) vector[n++] = job;
  vector[n++] = 0;
  *arguments = vector + n;
  for (; *job && n < most - 1; job += strlen(job) + 1) vector[n++] = job;
  return vector;
}

/* A process that takes the pieces from `line` and feeds them to a pipe, whose reading end is the result. */
static int start_feeder(int line, int *feeder)
{
  static char piece[4096];
  int ends[2];
  if (pipe(ends) < 0) return -1;
  *feeder = fork();
  if (*feeder != 0) {
    close(ends[1]);
    return ends[0];
  }
  close(ends[0]);
  for (int left; (left = read_count(line)) > 0;)
    while (left > 0) {
      int n = read(line, piece, left < (int)sizeof piece ? left : (int)sizeof piece);
      if (n <= 0 || writeall(ends[1], piece, n) < 0) _exit(0);
      left -= n;
    }
  _exit(0);
}

static int missing(int error) { return error == ENOENT || error == ENOTDIR; }

/* A serial line, raw, that programs do not inherit and that does not become anyone's controlling terminal. */
static int open_line(const char *path)
{
  int fd = open(path, O_RDWR | O_NOCTTY);
  if (fd < 0) finish(126);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  set_raw(fd);
  return fd;
}

static void run_job(char *cwd, char **arguments, int input, int line)
{
  set_raw(0);
  if (input >= 0) dup2(input, 0);
  dup2(line, 2);
  if (*cwd && chdir(cwd) < 0) {
    dprintf(2, "procyon: %s: %s\n", cwd, strerror(errno));
    _exit(126);
  }
  if (!arguments[0]) _exit(127);
  execvp(arguments[0], arguments);
  int error = errno;
  dprintf(2, "procyon: %s: %s\n", arguments[0], error == ENOEXEC ? "not an i386 ELF program that can run here" : strerror(error));
  _exit(missing(error) ? 127 : 126);
}

/* Both lines are raw before anything is read, and stay open until the end, so that no byte meets a cooked line. */
static void serve_job(int framed)
{
  int data = open_line("/dev/tty00"), line = open_line("/dev/tty01"), input = -1, feeder = -1;
  char *job = read_job(line), *cwd, **arguments;
  if (!job) finish(126);
  environ = split_job(job, &cwd, &arguments);
  if (framed) {
    input = start_feeder(data, &feeder);
    fcntl(input, F_SETFD, FD_CLOEXEC);
  }
  int pid = start_session("/dev/tty00");
  if (pid == 0) run_job(cwd, arguments, input, line);
  if (input >= 0) close(input);
  int status = pid < 0 ? 126 : exit_code(wait_for(pid));
  if (feeder > 0) kill(feeder, SIGKILL);
  tcdrain(line);
  tcdrain(data);
  finish(status);
}

int main(void)
{
  char value[48];
  open_as("/dev/console", 0);
  open_as("/dev/console", 1);
  open_as("/dev/console", 2);
  for (int sig = 1; sig < _NSIG; sig++)
    if (sig != SIGCHLD) signal(sig, SIG_IGN);
  signal(SIGTERM, stop_spawning);
  signal(SIGABRT, shut_down);
  if (parameter("debug_fkeys")) debug_fkeys[sizeof debug_fkeys - 2] = '1';
  if (getparam("term", value, sizeof value) > 0) snprintf(term, sizeof term, "TERM=%s", value);
  umask(022);
  int job = parameter("job");
  run_rc(job);
  if (job) serve_job(getparam("job", value, sizeof value) > 0 && !strcmp(value, "2"));
  if (parameter("once")) serve_once();
  serve_console();
}
