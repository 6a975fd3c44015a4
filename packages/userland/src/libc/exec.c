/* exec builds the new stack's contents here, pointers as offsets: reference/posix-abi.md 1.2. */
#include <minix/callnr.h>
#include <minix/ipc.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int put_strings(char *frame, int word, int *at, char *const list[])
{
  int *words = (int *)frame;
  for (; *list; list++) {
    words[word++] = *at;
    strcpy(frame + *at, *list);
    *at += strlen(*list) + 1;
  }
  words[word++] = 0;
  return word;
}

int execve(const char *path, char *const argv[], char *const envp[])
{
  int words = 3, bytes = 0, argc = 0;
  for (int i = 0; argv[i]; i++, words++, argc++) bytes += strlen(argv[i]) + 1;
  for (int i = 0; envp[i]; i++, words++) bytes += strlen(envp[i]) + 1;
  int size = (words * 4 + bytes + 3) & ~3;
  if (size > ARG_MAX) {
    errno = E2BIG;
    return -1;
  }
  char *frame = sbrk((size + 7) & ~3);
  if (frame == (char *)-1) {
    errno = E2BIG;
    return -1;
  }
  char *start = (char *)(((int)frame + 3) & ~3);
  memset(start, 0, size);
  *(int *)start = argc;
  int at = words * 4;
  put_strings(start, put_strings(start, 1, &at, argv), &at, envp);

  message m;
  m.m1_i1 = strlen(path) + 1;
  m.m1_i2 = size;
  m.m1_p1 = (int)path;
  m.m1_p2 = (int)start;
  _syscall(PM_PROC_NR, EXEC, &m);
  int error = errno;
  sbrk(-((size + 7) & ~3));
  errno = error;
  return -1;
}

int execv(const char *path, char *const argv[]) { return execve(path, argv, environ); }

int execvp(const char *file, char *const argv[])
{
  if (strchr(file, '/')) return execv(file, argv);
  const char *path = getenv("PATH");
  char full[PATH_MAX];
  int error = ENOENT;
  if (!path) path = "/bin:/sbin:/usr/bin:/usr/sbin";
  for (;;) {
    int n = strcspn(path, ":");
    if (n + strlen(file) + 2 <= sizeof full) {
      memcpy(full, path, n);
      if (n) full[n++] = '/';
      strcpy(full + n, file);
      execv(full, argv);
      if (errno != ENOENT && errno != ENOTDIR) error = errno;
    }
    path += strcspn(path, ":");
    if (!*path++) break;
  }
  errno = error;
  return -1;
}

int execl(const char *path, const char *arg, ...) { (void)arg; return execv(path, (char **)&arg); }
int execlp(const char *file, const char *arg, ...) { (void)arg; return execvp(file, (char **)&arg); }
