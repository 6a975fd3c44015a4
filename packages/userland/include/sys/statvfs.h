/* struct statvfs, 76 bytes: reference/posix-abi.md 11.4. */
#ifndef SYS_STATVFS_H
#define SYS_STATVFS_H
#include <sys/types.h>
struct statvfs {
  uint32_t f_bsize, f_frsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_favail, f_fsid, f_flag, f_namemax;
  char f_pad[32];
};
#define ST_RDONLY 1
int statvfs(const char *path, struct statvfs *st);
int fstatvfs(int fd, struct statvfs *st);
#endif
