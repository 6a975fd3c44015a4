/* which name ... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int find(const char *name)
{
  char full[1024];
  struct stat st;
  const char *path = strchr(name, '/') ? "" : getenv("PATH");
  for (;;) {
    int n = strcspn(path, ":");
    snprintf(full, sizeof full, "%.*s%s%s", n, path, n ? "/" : "", name);
    if (stat(full, &st) == 0 && S_ISREG(st.st_mode) && access(full, X_OK) == 0) {
      puts(full);
      return 0;
    }
    path += n;
    if (!*path++) return 1;
  }
}

int main(int argc, char **argv)
{
  int status = 0;
  for (int i = 1; i < argc; i++) status |= find(argv[i]);
  return status;
}
