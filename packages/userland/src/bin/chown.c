/* chown user[:group] file ... */
#include <ctype.h>
#include <err.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
  struct stat st;
  int status = 0;
  long uid = -1, gid = -1;
  if (argc < 3) errx(2, "usage: chown user[:group] file ...");
  char *group = strchr(argv[1], ':');
  if (group) *group++ = 0;
  if (isdigit((unsigned char)argv[1][0])) uid = atol(argv[1]);
  else if (argv[1][0]) {
    struct passwd *pw = getpwnam(argv[1]);
    if (!pw) errx(1, "%s: no such user", argv[1]);
    uid = pw->pw_uid;
  }
  if (group && isdigit((unsigned char)*group)) gid = atol(group);
  else if (group && *group) {
    struct group *gr = getgrnam(group);
    if (!gr) errx(1, "%s: no such group", group);
    gid = gr->gr_gid;
  }
  for (int i = 2; i < argc; i++)
    if (stat(argv[i], &st) < 0 || chown(argv[i], uid < 0 ? st.st_uid : (uid_t)uid, gid < 0 ? st.st_gid : (gid_t)gid) < 0) {
      warn("%s", argv[i]);
      status = 1;
    }
  return status;
}
