/* struct stat, 100 bytes: reference/posix-abi.md 11.4. */
#ifndef SYS_STAT_H
#define SYS_STAT_H
#include <sys/types.h>
#include <sys/time.h>

struct stat {
  uint32_t st_dev;
  uint32_t st_mode;
  uint64_t st_ino;
  uint32_t st_nlink, st_uid, st_gid;
  uint32_t st_rdev;
  struct timespec st_atim, st_mtim, st_ctim, st_birthtim;
  int64_t st_size;
  int64_t st_blocks;
  uint32_t st_blksize, st_flags, st_gen, st_spare[2];
};
#define st_atime st_atim.tv_sec
#define st_mtime st_mtim.tv_sec
#define st_ctime st_ctim.tv_sec

#define S_IFMT 0170000
#define S_IFIFO 0010000
#define S_IFCHR 0020000
#define S_IFDIR 0040000
#define S_IFBLK 0060000
#define S_IFREG 0100000
#define S_IFLNK 0120000
#define S_IFSOCK 0140000
#define S_ISUID 04000
#define S_ISGID 02000
#define S_ISVTX 01000
#define S_IRWXU 0700
#define S_IRUSR 0400
#define S_IWUSR 0200
#define S_IXUSR 0100
#define S_ISFIFO(m) (((m) & S_IFMT) == S_IFIFO)
#define S_ISCHR(m) (((m) & S_IFMT) == S_IFCHR)
#define S_ISDIR(m) (((m) & S_IFMT) == S_IFDIR)
#define S_ISBLK(m) (((m) & S_IFMT) == S_IFBLK)
#define S_ISREG(m) (((m) & S_IFMT) == S_IFREG)
#define S_ISLNK(m) (((m) & S_IFMT) == S_IFLNK)
#define S_ISSOCK(m) (((m) & S_IFMT) == S_IFSOCK)

int stat(const char *path, struct stat *st);
int lstat(const char *path, struct stat *st);
int fstat(int fd, struct stat *st);
int chmod(const char *path, int mode);
int fchmod(int fd, int mode);
int mkdir(const char *path, int mode);
int mknod(const char *path, int mode, dev_t dev);
int mkfifo(const char *path, int mode);
mode_t umask(int mask);

#endif
