/* stat file ... */
#include <err.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

int main(int argc, char **argv)
{
  static const char *const kinds[16] = { [1] = "fifo", [2] = "character device", [4] = "directory", [6] = "block device", [8] = "regular file",
                                         [10] = "symbolic link", [12] = "socket" };
  struct stat st;
  char when[32];
  int status = 0;
  for (int i = 1; i < argc; i++) {
    if (lstat(argv[i], &st) < 0) {
      warn("%s", argv[i]);
      status = 1;
      continue;
    }
    const char *kind = kinds[st.st_mode >> 12 & 15];
    printf("  File: %s\n  Size: %-10lld Blocks: %-8lld Block: %-6u %s\n", argv[i], st.st_size, st.st_blocks, st.st_blksize, kind ? kind : "?");
    printf("Device: %u,%-8u Inode: %-9llu Links: %u", major(st.st_dev), minor(st.st_dev), st.st_ino, st.st_nlink);
    if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) printf("  Type: %u,%u", major(st.st_rdev), minor(st.st_rdev));
    printf("\nAccess: %04o  Uid: %u  Gid: %u\n", st.st_mode & 07777, st.st_uid, st.st_gid);
    const time_t times[3] = { st.st_atime, st.st_mtime, st.st_ctime };
    static const char *const names[3] = { "Access", "Modify", "Change" };
    for (int k = 0; k < 3; k++) {
      strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", gmtime(&times[k]));
      printf("%s: %s\n", names[k], when);
    }
  }
  return status;
}
