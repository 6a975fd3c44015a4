/* mount starts the file server as a service, then tells VFS its label: reference/posix-abi.md 4.5. */
#include <minix/callnr.h>
#include <minix/ipc.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int service(const char *command)
{
  int status = system(command);
  if (status == 0) return 0;
  errno = status > 0 ? (status >> 8) & 255 : EIO;
  return -1;
}

int mount(const char *special, const char *dir, int flags, const char *type, const char *args)
{
  char label[16], path[128], command[400];
  struct stat st;
  message m;
  if (!type) type = "mfs";
  if (special && stat(special, &st) < 0) return -1;
  if (special) snprintf(label, sizeof label, "fs_%04x", st.st_rdev);
  else if (stat(dir, &st) == 0) snprintf(label, sizeof label, "fs_%04x%llx", st.st_dev, st.st_ino);
  else return -1;
  if (flags & MS_EXISTING) strlcpy(label, type, sizeof label);
  snprintf(path, sizeof path, strchr(type, '/') ? "%s" : "/sbin/%s", type);
  if (!(flags & MS_EXISTING)) {
    snprintf(command, sizeof command, "/sbin/service %sup %s -label '%s' -args '%s %s%s%s'", flags & MS_REUSE ? "-r " : "", path, label,
             special ? special : "none", dir, args && *args ? " -o " : "", args ? args : "");
    if (service(command) < 0) return -1;
  }
  m.m1_i1 = special ? strlen(special) + 1 : 0;
  m.m1_i2 = strlen(dir) + 1;
  m.m1_i3 = (flags & MS_RDONLY) | MS_LABEL16;
  m.m1_p1 = (int)special;
  m.m1_p2 = (int)dir;
  m.m1_p3 = (int)label;
  int r = _syscall(VFS_PROC_NR, MOUNT, &m);
  if (r < 0 && !(flags & MS_EXISTING)) {
    int error = errno;
    snprintf(command, sizeof command, "/sbin/service down '%s'", label);
    service(command);
    errno = error;
  }
  return r;
}

int umount(const char *name)
{
  message m;
  char command[64];
  m.m3_i1 = strlen(name) + 1;
  m.m3_p1 = (int)name;
  if (m.m3_i1 <= 14) memcpy(m3_ca1_of(&m), name, m.m3_i1);
  if (_syscall(VFS_PROC_NR, UMOUNT, &m) < 0) return -1;
  if (*m3_ca1_of(&m)) {
    snprintf(command, sizeof command, "/sbin/service down '%.15s'", m3_ca1_of(&m));
    service(command);
  }
  return 0;
}
