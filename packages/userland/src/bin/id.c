/* id [-u | -g] [-n] */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
  int c, user = 0, group = 0, name = 0;
  while ((c = getopt(argc, argv, "ugn")) != -1) {
    if (c == 'u') user = 1;
    else if (c == 'g') group = 1;
    else if (c == 'n') name = 1;
    else return 2;
  }
  struct passwd *pw = getpwuid(geteuid());
  struct group *gr = getgrgid(getegid());
  const char *user_name = pw ? pw->pw_name : "?", *group_name = gr ? gr->gr_name : "?";
  if (user && name) puts(user_name);
  else if (user) printf("%u\n", geteuid());
  else if (group && name) puts(group_name);
  else if (group) printf("%u\n", getegid());
  else printf("uid=%u(%s) gid=%u(%s)\n", geteuid(), user_name, getegid(), group_name);
  return 0;
}
