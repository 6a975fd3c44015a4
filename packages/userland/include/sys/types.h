/* Scalar types: reference/posix-abi.md 0.1. */
#ifndef SYS_TYPES_H
#define SYS_TYPES_H
#include <stddef.h>
#include <stdint.h>

typedef uint32_t dev_t;
typedef unsigned long ino_t;
typedef long off_t;
typedef uint16_t mode_t;
typedef short nlink_t;
typedef uint32_t uid_t, gid_t;
typedef int pid_t;
typedef int ssize_t;
typedef long time_t, clock_t;
typedef unsigned long useconds_t;
typedef long suseconds_t;
typedef unsigned long sigset_t;

#define major(dev) (((dev) >> 8) & 0xFF)
#define minor(dev) ((dev) & 0xFF)
#define makedev(ma, mi) ((dev_t)((ma) << 8 | (mi)))

#endif
