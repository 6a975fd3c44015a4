#ifndef SYS_WAIT_H
#define SYS_WAIT_H
#include <sys/types.h>

#define WNOHANG 1
#define WUNTRACED 2
#define WIFEXITED(s) (((s) & 0377) == 0)
#define WEXITSTATUS(s) (((s) >> 8) & 0377)
#define WIFSTOPPED(s) (((s) & 0377) == 0177)
#define WIFSIGNALED(s) (((s) & 0377) != 0 && ((s) & 0377) != 0177)
#define WTERMSIG(s) ((s) & 0177)
#define WCOREDUMP(s) ((s) & 0200)

pid_t wait(int *status);
pid_t waitpid(pid_t pid, int *status, int options);

#endif
