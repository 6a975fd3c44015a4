#ifndef SYS_MOUNT_H
#define SYS_MOUNT_H
#define MS_RDONLY 1
#define MS_REUSE 2
#define MS_LABEL16 4
#define MS_EXISTING 8
/* Starts the file server as a service (label fs_…) and mounts; both run /sbin/service as MINIX's libc does. */
int mount(const char *special, const char *dir, int flags, const char *type, const char *args);
int umount(const char *name);
#endif
