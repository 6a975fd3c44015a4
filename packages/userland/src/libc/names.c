/* Words for errors and signals: reference/posix-abi.md 11.1, 11.2. */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const errors[] = {
  "No error", "Operation not permitted", "No such file or directory", "No such process", "Interrupted system call",
  "Input/output error", "No such device or address", "Argument list too long", "Exec format error", "Bad file descriptor",
  "No child processes", "Resource temporarily unavailable", "Cannot allocate memory", "Permission denied", "Bad address",
  "Block device required", "Device or resource busy", "File exists", "Cross-device link", "No such device",
  "Not a directory", "Is a directory", "Invalid argument", "Too many open files in system", "Too many open files",
  "Inappropriate ioctl for device", "Text file busy", "File too large", "No space left on device", "Illegal seek",
  "Read-only file system", "Too many links", "Broken pipe", "Argument out of domain", "Result out of range",
  "Resource deadlock avoided", "File name too long", "No locks available", "Function not implemented", "Directory not empty",
  "Too many levels of symbolic links", "Driver restarted",
};
static const struct { int number; const char *text; } more[] = {
  { EOVERFLOW, "Value too large" }, { EWOULDBLOCK, "Operation would block" }, { ETIMEDOUT, "Timed out" }, { EOPNOTSUPP, "Operation not supported" },
  { EGENERIC, "Generic error" }, { ELOCKED, "Locked" }, { EBADCALL, "Bad call" }, { EBADSRCDST, "Bad source or destination" },
  { ECALLDENIED, "Call denied" }, { EDEADSRCDST, "Source or destination is dead" }, { ENOTREADY, "Not ready" },
  { EBADREQUEST, "Bad request" }, { ETRAPDENIED, "Trap denied" }, { EBADEPT, "Bad endpoint" }, { EDEADEPT, "Dead endpoint" },
};

char *strerror(int error)
{
  static char unknown[24];
  if (error >= 0 && error < (int)(sizeof errors / sizeof *errors)) return (char *)errors[error];
  for (unsigned i = 0; i < sizeof more / sizeof *more; i++)
    if (more[i].number == error) return (char *)more[i].text;
  snprintf(unknown, sizeof unknown, "Error %d", error);
  return unknown;
}

static const char *const signals[_NSIG] = {
  0, "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "EMT",
  "CHLD", "CONT", "STOP", "TSTP", "WINCH", "TTIN", "TTOU", "VTALRM", "PROF",
};
static const char *const causes[_NSIG] = {
  0, "Hangup", "Interrupt", "Quit", "Illegal instruction", "Trace trap", "Aborted", "Bus error", "Floating point exception",
  "Killed", "User signal 1", "Segmentation fault", "User signal 2", "Broken pipe", "Alarm clock", "Terminated", "EMT trap",
  "Child exited", "Continued", "Stopped (signal)", "Stopped", "Window changed", "Stopped (tty input)", "Stopped (tty output)",
  "Virtual timer expired", "Profiling timer expired",
};

const char *signame(int sig) { return sig > 0 && sig < _NSIG ? signals[sig] : 0; }

char *strsignal(int sig)
{
  static char unknown[24];
  if (sig > 0 && sig < _NSIG) return (char *)causes[sig];
  snprintf(unknown, sizeof unknown, "Signal %d", sig);
  return unknown;
}

int signum(const char *name)
{
  char *end;
  if (isdigit(*name)) {
    long n = strtol(name, &end, 10);
    return *end || n >= _NSIG ? -1 : n;
  }
  if (!strncasecmp(name, "SIG", 3)) name += 3;
  for (int i = 1; i < _NSIG; i++)
    if (!strcasecmp(signals[i], name)) return i;
  return strcasecmp(name, "EXIT") ? -1 : 0;
}
