/* Redirections: in a child for good, in the shell itself until they are restored. */
#include <errno.h>
#include <err.h>
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sh.h"

#define PRIVATE_FD 10                  /* descriptors from here on are the shell's own */
#define PIPE_ROOM 32000                /* a pipe takes so much without a reader */

static void keep(int fd, struct saved **saved)
{
  for (struct saved *s = *saved; s; s = s->next)
    if (s->fd == fd) return;
  struct saved *s = xmalloc(sizeof *s);
  s->fd = fd;
  s->copy = fcntl(fd, F_DUPFD, PRIVATE_FD);
  if (s->copy >= 0) fcntl(s->copy, F_SETFD, FD_CLOEXEC);
  s->next = *saved;
  *saved = s;
}

void restore(struct saved *saved)
{
  if (saved) fflush(stdout);
  while (saved) {
    struct saved *s = saved;
    saved = s->next;
    if (s->copy >= 0) {
      dup2(s->copy, s->fd);
      close(s->copy);
    } else {
      close(s->fd);
    }
    free(s);
  }
}

static int here_document(struct redir *r)
{
  int ends[2];
  char *text = r->quoted ? r->text : expand_here(r->text);
  int n = strlen(text);
  if (pipe(ends) < 0) return -1;
  if (n <= PIPE_ROOM) {
    writeall(ends[1], text, n);
  } else {
    int pid = fork();
    if (pid == 0) {
      close(ends[0]);
      writeall(ends[1], text, n);
      _exit(0);
    }
  }
  close(ends[1]);
  return ends[0];
}

static int open_file(struct redir *r, const char *name)
{
  struct stat st;
  switch (r->type) {
    case R_IN: return open(name, O_RDONLY);
    case R_RDWR: return open(name, O_RDWR | O_CREAT, 0666);
    case R_APPEND: return open(name, O_WRONLY | O_CREAT | O_APPEND, 0666);
    default:
      if (opt_C && r->type == R_OUT && stat(name, &st) == 0 && S_ISREG(st.st_mode)) {
        errno = EEXIST;
        return -1;
      }
      return open(name, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  }
}

static int duplicate(struct redir *r)
{
  char *name = expand_string(r->text);
  if (!strcmp(name, "-")) {
    close(r->fd);
    return 0;
  }
  int from = atoi(name);
  if (!isdigit((unsigned char)*name) || name[strspn(name, "0123456789")]) {
    complain("%s: bad descriptor", name);
    return -1;
  }
  if (from == r->fd ? fcntl(from, F_GETFD) < 0 : dup2(from, r->fd) < 0) {
    complain("%d: %s", from, strerror(errno));
    return -1;
  }
  return 0;
}

/* All of a list, in order; -1 after a message. `saved` NULL: they stay. */
int redirect(struct redir *r, struct saved **saved)
{
  if (r) fflush(stdout);
  for (; r; r = r->next) {
    char *name = 0;
    if (saved) keep(r->fd, saved);
    if (r->type == R_DUP_IN || r->type == R_DUP_OUT) {
      if (duplicate(r) < 0) return -1;
      continue;
    }
    if (r->type != R_HERE) name = expand_string(r->text);
    int fd = name ? open_file(r, name) : here_document(r);
    if (fd < 0) {
      int error = errno;
      const char *what = r->type == R_IN ? "cannot open" : "cannot create";
      complain("%s %s: %s", what, name ? name : "here-document", strerror(error));
      return -1;
    }
    if (fd != r->fd) {
      dup2(fd, r->fd);
      close(fd);
    }
  }
  return 0;
}
