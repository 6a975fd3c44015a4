/* Calls of VFS that take descriptors or names: reference/posix-abi.md 4.1. */
#include <minix/callnr.h>
#include <minix/ipc.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <utime.h>

/* The form M3: a name of up to 14 bytes travels in the message itself. */
static int call_m3(int number, const char *name, int second)
{
  message m;
  int length = strlen(name) + 1;
  m.m3_i1 = length;
  m.m3_i2 = second;
  m.m3_p1 = (int)name;
  if (length <= 14) memcpy(m3_ca1_of(&m), name, length);
  return _syscall(VFS_PROC_NR, number, &m);
}

static int call_m1(int number, int i1, int i2, int i3, const void *p1, const void *p2)
{
  message m;
  m.m1_i1 = i1;
  m.m1_i2 = i2;
  m.m1_i3 = i3;
  m.m1_p1 = (int)p1;
  m.m1_p2 = (int)p2;
  return _syscall(VFS_PROC_NR, number, &m);
}

static int length(const char *name) { return strlen(name) + 1; }

int open(const char *path, int flags, ...)
{
  if (!(flags & O_CREAT)) return call_m3(OPEN, path, flags);
  va_list ap;
  va_start(ap, flags);
  int mode = va_arg(ap, int);
  va_end(ap);
  return call_m1(OPEN, length(path), flags, mode, path, 0);
}

int creat(const char *path, int mode) { return open(path, O_WRONLY | O_CREAT | O_TRUNC, mode); }
ssize_t read(int fd, void *buf, size_t n) { return call_m1(READ, fd, n, 0, buf, 0); }
ssize_t write(int fd, const void *buf, size_t n) { return call_m1(WRITE, fd, n, 0, buf, 0); }
int close(int fd) { return call_m1(CLOSE, fd, 0, 0, 0, 0); }
int link(const char *a, const char *b) { return call_m1(LINK, length(a), length(b), 0, a, b); }
int rename(const char *a, const char *b) { return call_m1(RENAME, length(a), length(b), 0, a, b); }
int symlink(const char *target, const char *path) { return call_m1(SYMLINK, length(target), length(path), 0, target, path); }
ssize_t readlink(const char *path, char *buf, size_t n) { return call_m1(RDLNK, length(path), n, 0, path, buf); }
int unlink(const char *path) { return call_m3(UNLINK, path, 0); }
int rmdir(const char *path) { return call_m3(RMDIR, path, 0); }
int chdir(const char *path) { return call_m3(CHDIR, path, 0); }
int chroot(const char *path) { return call_m3(CHROOT, path, 0); }
int fchdir(int fd) { return call_m1(FCHDIR, fd, 0, 0, 0, 0); }
int access(const char *path, int mode) { return call_m3(ACCESS, path, mode); }
int chmod(const char *path, int mode) { return call_m3(CHMOD, path, mode); }
int fchmod(int fd, int mode) { return call_m1(FCHMOD, fd, mode, 0, 0, 0); }
int chown(const char *path, uid_t uid, gid_t gid) { return call_m1(CHOWN, length(path), uid, gid, path, 0); }
int fchown(int fd, uid_t uid, gid_t gid) { return call_m1(FCHOWN, fd, uid, gid, 0, 0); }
int mkdir(const char *path, int mode) { return call_m1(MKDIR, length(path), mode, 0, path, 0); }
int mknod(const char *path, int mode, dev_t dev) { return call_m1(MKNOD, length(path), mode, dev, path, 0); }
int mkfifo(const char *path, int mode) { return mknod(path, (mode & 07777) | S_IFIFO, 0); }
mode_t umask(int mask) { return call_m1(UMASK, mask, 0, 0, 0, 0); }
int stat(const char *path, struct stat *st) { return call_m1(STAT, length(path), 0, 0, path, st); }
int lstat(const char *path, struct stat *st) { return call_m1(LSTAT, length(path), 0, 0, path, st); }
int fstat(int fd, struct stat *st) { return call_m1(FSTAT, fd, 0, 0, st, 0); }
int statvfs(const char *path, struct statvfs *st) { return call_m1(STATVFS, length(path), 0, 0, path, st); }
int fstatvfs(int fd, struct statvfs *st) { return call_m1(FSTATVFS, fd, 0, 0, st, 0); }
void sync(void) { call_m1(SYNC, 0, 0, 0, 0, 0); }
int fsync(int fd) { return call_m1(FSYNC, fd, 0, 0, 0, 0); }
int getdents(int fd, void *buf, size_t n) { return call_m1(GETDENTS, fd, n, 0, buf, 0); }

int truncate(const char *path, off_t size)
{
  message m;
  m.m2_i1 = length(path);
  m.m2_p1 = (int)path;
  m.m2_l1 = size;
  return _syscall(VFS_PROC_NR, TRUNCATE, &m);
}

int ftruncate(int fd, off_t size)
{
  message m;
  m.m2_i1 = fd;
  m.m2_l1 = size;
  return _syscall(VFS_PROC_NR, FTRUNCATE, &m);
}

off_t lseek(int fd, off_t offset, int whence)
{
  message m;
  m.m2_i1 = fd;
  m.m2_l1 = offset;
  m.m2_i2 = whence;
  return _syscall(VFS_PROC_NR, LSEEK, &m) < 0 ? -1 : m.m2_l1;
}

int64_t lseek64(int fd, int64_t offset, int whence)
{
  message m;
  m.m2_i1 = fd;
  m.m2_l1 = (int)offset;
  m.m2_l2 = (int)(offset >> 32);
  m.m2_i2 = whence;
  if (_syscall(VFS_PROC_NR, LLSEEK, &m) < 0) return -1;
  return (int64_t)m.m2_l2 << 32 | (unsigned)m.m2_l1;
}

int pipe(int fds[2])
{
  message m;
  if (_syscall(VFS_PROC_NR, PIPE, &m) < 0) return -1;
  fds[0] = m.m1_i1;
  fds[1] = m.m1_i2;
  return 0;
}

int fcntl(int fd, int command, ...)
{
  va_list ap;
  va_start(ap, command);
  int argument = va_arg(ap, int);
  va_end(ap);
  int lock = command >= F_GETLK;
  return call_m1(FCNTL, fd, command, lock ? 0 : argument, lock ? (void *)argument : 0, 0);
}

int dup(int fd) { return fcntl(fd, F_DUPFD, 0); }

int dup2(int fd, int to)
{
  if (fcntl(fd, F_GETFL, 0) < 0) return -1;
  if (to < 0 || to > 254) {
    errno = EBADF;
    return -1;
  }
  if (fd == to) return to;
  close(to);
  return fcntl(fd, F_DUPFD, to);
}

int ioctl(int fd, unsigned long request, void *argument)
{
  message m;
  m.m2_i1 = fd;
  m.m2_i3 = request;
  m.m2_p1 = (int)argument;
  return _syscall(VFS_PROC_NR, IOCTL, &m);
}

int select(int nfds, fd_set *r, fd_set *w, fd_set *e, struct timeval *timeout)
{
  message m;
  m.m8_i1 = nfds;
  m.m8_p1 = (int)r;
  m.m8_p2 = (int)w;
  m.m8_p3 = (int)e;
  m.m8_p4 = (int)timeout;
  return _syscall(VFS_PROC_NR, SELECT, &m);
}

int utime(const char *path, const struct utimbuf *times)
{
  message m;
  m.m2_i1 = times ? length(path) : 0;
  m.m2_i2 = times ? 0 : length(path);
  m.m2_l1 = times ? times->actime : 0;
  m.m2_l2 = times ? times->modtime : 0;
  m.m2_p1 = (int)path;
  return _syscall(VFS_PROC_NR, UTIME, &m);
}

int writeall(int fd, const void *buf, size_t n)
{
  const char *p = buf;
  while (n > 0) {
    ssize_t done = write(fd, p, n);
    if (done < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    p += done;
    n -= done;
  }
  return 0;
}
