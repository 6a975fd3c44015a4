#ifndef GRP_H
#define GRP_H
#include <sys/types.h>
struct group { char *gr_name, *gr_passwd; gid_t gr_gid; };
struct group *getgrnam(const char *name);
struct group *getgrgid(gid_t gid);
#endif
