#ifndef DIRENT_H
#define DIRENT_H
#include <sys/types.h>
/* A record of getdents: reference/posix-abi.md 11.4. */
struct dirent { uint32_t d_ino; int32_t d_off; uint16_t d_reclen; char d_name[1024]; };
typedef struct { int fd; int pos, len; char buf[4096]; } DIR;
int getdents(int fd, void *buf, size_t n);
DIR *opendir(const char *path);
struct dirent *readdir(DIR *d);
int closedir(DIR *d);
#endif
