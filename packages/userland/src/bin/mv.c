/* mv [-fi] source ... target; across file systems it copies and removes */
#include "copy.h"
#include <sys/wait.h>

static int remove_source(const char *path)
{
  int raw, pid = fork();
  if (pid == 0) {
    execlp("rm", "rm", "-rf", path, (char *)0);
    _exit(127);
  }
  return pid < 0 || waitpid(pid, &raw, 0) < 0 || raw != 0;
}

static int move(const char *from, const char *to)
{
  if (rename(from, to) == 0) return 0;
  if (errno != EXDEV) {
    warn("%s to %s", from, to);
    return 1;
  }
  copy_recursive = copy_preserve = copy_force = 1;
  return copy_tree(from, to) || remove_source(from);
}

int main(int argc, char **argv)
{
  char full[PATH_MAX], answer[16];
  struct stat st;
  int c, status = 0, ask = 0;
  while ((c = getopt(argc, argv, "fi")) != -1) {
    if (c == '?') return 2;
    ask = c == 'i';
  }
  if (argc - optind < 2) errx(2, "usage: mv [-fi] source ... target");
  const char *target = argv[--argc];
  int is_dir = stat(target, &st) == 0 && S_ISDIR(st.st_mode);
  if (argc - optind > 1 && !is_dir) errx(1, "%s: not a directory", target);
  for (; optind < argc; optind++) {
    const char *to = place(argv[optind], target, is_dir, full);
    if (ask && lstat(to, &st) == 0) {
      dprintf(2, "mv: overwrite %s? ", to);
      if (!fgets(answer, sizeof answer, stdin) || (answer[0] | 32) != 'y') continue;
    }
    status |= move(argv[optind], to);
  }
  return status;
}
