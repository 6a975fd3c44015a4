/* Directories: mkdir, rmdir, chdir, getdents, rename of directories, permissions on the way. */
#include "abi.h"

struct entry { u32 ino, off; u16 length; char name[]; } __attribute__((packed));

/* Counts the entries of a directory; `found` tells whether `name` is one of them. */
static int entries(const char *path, int room, const char *name, int *found)
{
  static char buffer[4096];
  int count = 0, n, fd = open(path, O_RDONLY, 0);
  if (fd < 0) return fd;
  *found = 0;
  while ((n = getdents(fd, buffer, room)) > 0)
    for (int at = 0; at < n; count++) {
      struct entry *e = (struct entry *)(buffer + at);
      if (same(e->name, name)) (*found)++;
      if (e->length < 12 || e->length % 4) return -1000;
      at += e->length;
    }
  close(fd);
  return n < 0 ? n : count;
}

static void making(void)
{
  struct stat st;
  int found;
  expect(mkdir("d", 0755), 0);
  expect(mkdir("d", 0755), -EEXIST);
  expect(mkdir("no/d", 0755), -ENOENT);
  expect(stat("d", &st), 0);
  expect(st.mode, 040755), expect(st.nlink, 2);
  expect(mkdir("d/e", 0700), 0);
  stat("d", &st);
  expect(st.nlink, 3);
  expect(entries("d", 4096, "e", &found), 3), expect(found, 1);
  expect(rmdir("d"), -ENOTEMPTY);
  expect(rmdir("d/e"), 0);
  expect(rmdir("d/."), -EINVAL);
  expect(unlink("d"), -EPERM);
  expect(open("d", O_WRONLY, 0), -EISDIR);
  close(open("f", O_CREAT | O_WRONLY, 0666));
  expect(rmdir("f"), -ENOTDIR), expect(mkdir("f/x", 0777), -ENOTDIR), expect(chdir("f"), -ENOTDIR);
  expect(unlink("f"), 0), expect(rmdir("d"), 0);
  expect(chdir("d"), -ENOENT);
  part("mkdir-rmdir");
}

static void listing(void)
{
  char name[20] = "many/file-000";
  int found;
  mkdir("many", 0755);
  for (int i = 0; i < 150; i++) { /* more than a block of entries */
    name[10] = '0' + i / 100, name[11] = '0' + i / 10 % 10, name[12] = '0' + i % 10;
    close(open(name, O_CREAT | O_WRONLY, 0644));
  }
  expect(entries("many", 4096, "file-077", &found), 152), expect(found, 1);
  expect(entries("many", 64, "file-149", &found), 152), expect(found, 1); /* in small pieces */
  expect(entries("many", 4, ".", &found), -EINVAL);
  for (int i = 0; i < 150; i += 2) {
    name[10] = '0' + i / 100, name[11] = '0' + i / 10 % 10, name[12] = '0' + i % 10;
    expect(unlink(name), 0);
  }
  expect(entries("many", 4096, "file-076", &found), 77), expect(found, 0);
  for (int i = 1; i < 150; i += 2) {
    name[10] = '0' + i / 100, name[11] = '0' + i / 10 % 10, name[12] = '0' + i % 10;
    unlink(name);
  }
  expect(rmdir("many"), 0);
  expect(getdents(1, name, 4096) < 0, 1);
  part("getdents");
}

static void moving(void)
{
  struct stat here, there;
  mkdir("p", 0755), mkdir("q", 0755), mkdir("p/c", 0755);
  expect(rename("p/c", "q/moved"), 0);
  stat("q/moved/..", &here), stat("q", &there);
  expect(here.ino, there.ino); /* `..` went along */
  stat("p", &here), stat("q", &there);
  expect(here.nlink, 2), expect(there.nlink, 3);
  expect(rename("q", "q/moved/below"), -EINVAL);
  expect(rename("p", "q"), -ENOTEMPTY);
  close(open("file", O_CREAT | O_WRONLY, 0644));
  expect(rename("file", "p"), -EISDIR), expect(rename("p", "file"), -ENOTDIR);
  unlink("file"), rmdir("q/moved"), rmdir("q"), rmdir("p");
  part("rename-directories");
}

static void changing(void)
{
  struct stat here, there;
  mkdir("a", 0755), mkdir("a/b", 0755);
  stat("a/b", &there);
  expect(chdir("a/b"), 0);
  stat(".", &here);
  expect(here.ino, there.ino);
  expect(chdir("../.."), 0);
  int pid = fork(); /* a directory of one's own */
  if (pid == 0) _exit(chdir("a/b") == 0 && mkdir("c", 0755) == 0 ? 0 : 1);
  expect(wait_for(pid), 0);
  expect(stat("a/b/c", &here), 0);
  int fd = open("a/b", O_RDONLY, 0);
  expect(call1(VFS, 86, fd, 0, 0, 0, 0, 0), 0); /* fchdir */
  expect(rmdir("c"), 0);
  close(fd);
  chdir("../..");
  stat("/", &here), stat("/..", &there);
  expect(here.ino, there.ino);
  chmod("a", 0700);
  pid = fork();
  if (pid == 0) setuid(33), _exit(chdir("a") == -EACCES && stat("a/b", &here) == -EACCES && mkdir("x", 0777) == -EACCES ? 0 : 1);
  expect(wait_for(pid), 0);
  rmdir("a/b"), rmdir("a");
  char path[1100];
  memset(path, 'x', sizeof path);
  path[1099] = 0;
  expect(stat(path, &here) < 0, 1);
  part("chdir");
}

int main(int argc, char **argv, char **envp)
{
  umask(022);
  mkdir("/tmp/directories-test", 0755), chdir("/tmp/directories-test");
  making(), listing(), moving(), changing();
  chdir("/");
  expect(rmdir("/tmp/directories-test"), 0);
  part("clean");
  return failures;
}
