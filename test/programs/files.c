/* Files: create, write, seek, read, unlink, rename, link, truncate, holes, shared positions, status. */
#include "abi.h"

static char text[20000], got[20000];

static void fill(int seed) { for (u32 i = 0; i < sizeof text; i++) text[i] = (char)(i * 31 + (i >> 8) + seed); }

static void reading_and_writing(void)
{
  struct stat st;
  fill(1);
  int fd = open("a", O_CREAT | O_EXCL | O_RDWR, 0666);
  expect_true(fd >= 0);
  expect(open("a", O_CREAT | O_EXCL | O_RDWR, 0666), -EEXIST);
  for (int at = 0; at < 20000; at += 4000) expect(write(fd, text + at, 4000), 4000);
  expect(lseek(fd, 0, SEEK_CUR), 20000);
  expect(lseek(fd, 0, SEEK_SET), 0);
  expect(read(fd, got, 20000), 20000);
  expect_true(equal(text, got, 20000));
  expect(read(fd, got, 1), 0); /* its end */
  expect(lseek(fd, -3, SEEK_END), 19997);
  expect(read(fd, got, 10), 3);
  expect_true(equal(got, text + 19997, 3));
  expect(lseek(fd, 4090, SEEK_SET), 4090); /* across a block */
  expect(write(fd, "0123456789", 10), 10);
  lseek(fd, -12, SEEK_CUR);
  expect(read(fd, got, 14), 14);
  expect_true(got[0] == text[4088] && equal(got + 2, "0123456789", 10) && got[12] == text[4100]);
  expect(lseek(fd, -1, SEEK_SET) < 0, 1);
  expect(lseek(fd, 0, 9), -EINVAL);
  expect(fstat(fd, &st), 0);
  expect(st.size, 20000), expect(st.nlink, 1), expect(st.mode, 0100644); /* umask 022 */
  expect(close(fd), 0);
  expect(close(fd), -EBADF);
  expect(read(fd, got, 1), -EBADF);
  expect(open("missing", O_RDONLY, 0), -ENOENT);
  expect(open("a/b", O_RDONLY, 0), -ENOTDIR);
  expect(open("a", 3, 0), -EINVAL);
  part("read-write-seek");
}

static void modes(void)
{
  int fd = open("a", O_RDONLY, 0);
  expect(write(fd, "x", 1), -EBADF);
  close(fd);
  fd = open("a", O_WRONLY | O_APPEND, 0);
  expect(read(fd, got, 1), -EBADF);
  expect(write(fd, "end", 3), 3);
  lseek(fd, 0, SEEK_SET);
  expect(write(fd, "!", 1), 1); /* still at the end */
  expect(lseek(fd, 0, SEEK_END), 20004);
  close(fd);
  fd = open("a", O_RDWR | O_TRUNC, 0);
  expect(lseek(fd, 0, SEEK_END), 0);
  close(fd);
  part("open-modes");
}

static void names(void)
{
  struct stat one, two;
  int fd = open("one", O_CREAT | O_WRONLY, 0600);
  write(fd, "hello", 5);
  close(fd);
  expect(link("one", "two"), 0);
  expect(link("one", "two"), -EEXIST);
  stat("one", &one), stat("two", &two);
  expect(one.ino, two.ino), expect(two.nlink, 2), expect(one.mode, 0100600);
  expect(rename("two", "three"), 0);
  expect(stat("two", &two), -ENOENT);
  expect(unlink("one"), 0);
  expect(stat("three", &two), 0);
  expect(two.nlink, 1), expect(two.size, 5);
  fd = open("other", O_CREAT | O_WRONLY, 0600);
  close(fd);
  expect(rename("three", "other"), 0); /* over one that is there */
  fd = open("other", O_RDONLY, 0);
  expect(read(fd, got, 10), 5);
  expect_true(equal(got, "hello", 5));
  expect(unlink("other"), 0); /* it lives until its last close */
  expect(stat("other", &two), -ENOENT);
  lseek(fd, 1, SEEK_SET);
  expect(read(fd, got, 2), 2);
  expect_true(equal(got, "el", 2));
  expect(fstat(fd, &two), 0), expect(two.nlink, 0);
  close(fd);
  expect(unlink("other"), -ENOENT);
  expect(rename("nothing", "x"), -ENOENT);
  expect(symlink("a", "sym"), 0);
  expect(readlink("sym", got, 100), 1);
  expect(got[0], 'a');
  stat("sym", &one), lstat("sym", &two);
  expect(one.mode & 0170000, 0100000), expect(two.mode & 0170000, 0120000);
  symlink("loop", "loop");
  expect(stat("loop", &one), -ELOOP);
  unlink("sym"), unlink("loop");
  part("link-rename-unlink");
}

static void sizes(void)
{
  struct stat st;
  int wrong = 0, fd = open("holes", O_CREAT | O_RDWR, 0666);
  expect(lseek(fd, 300000, SEEK_SET), 300000); /* past the direct zones */
  expect(write(fd, "end", 3), 3);
  fstat(fd, &st);
  expect(st.size, 300003);
  lseek(fd, 100000, SEEK_SET);
  expect(read(fd, got, 20000), 20000);
  for (int i = 0; i < 20000; i++) wrong += got[i] != 0;
  expect(wrong, 0);
  lseek(fd, 299998, SEEK_SET);
  expect(read(fd, got, 100), 5);
  expect_true(equal(got, "\0\0end", 5));
  expect(ftruncate(fd, 10), 0);
  expect(lseek(fd, 0, SEEK_END), 10);
  expect(truncate("holes", 5000), 0); /* longer again: zeros, not what was there */
  fstat(fd, &st);
  expect(st.size, 5000);
  lseek(fd, 0, SEEK_SET);
  expect(read(fd, got, 20000), 5000);
  for (int i = 0; i < 5000; i++) wrong += got[i] != 0;
  expect(wrong, 0);
  expect(truncate("holes", -1), -EINVAL);
  close(fd), unlink("holes");

  fill(9); /* a file with indirect zones, written and read in odd pieces */
  fd = open("big", O_CREAT | O_RDWR, 0666);
  for (int i = 0; i < 60; i++) if (!expect(write(fd, text, 9999), 9999)) break;
  lseek(fd, 0, SEEK_SET);
  for (int i = 0; i < 60; i++) {
    expect(read(fd, got, 9999), 9999);
    if (!expect_true(equal(text, got, 9999))) break;
  }
  sync();
  lseek(fd, 9999 * 59, SEEK_SET);
  expect(read(fd, got, 20000), 9999);
  expect_true(equal(text, got, 9999));
  close(fd), unlink("big");
  part("truncate-and-holes");
}

static void sharing(void)
{
  int fd = open("shared", O_CREAT | O_RDWR, 0666), second = open("shared", O_RDWR, 0);
  int pid = fork();
  if (pid == 0) _exit(write(fd, "child", 5) == 5 ? 0 : 1);
  expect(wait_for(pid), 0);
  expect(lseek(fd, 0, SEEK_CUR), 5); /* fork shares the position, another open does not */
  expect(lseek(second, 0, SEEK_CUR), 0);
  int copy = fcntl(fd, F_DUPFD, 20);
  expect(copy, 20);
  write(copy, "dup", 3);
  expect(lseek(fd, 0, SEEK_CUR), 8);
  expect(read(second, got, 100), 8);
  expect_true(equal(got, "childdup", 8));
  close(fd);
  expect(write(copy, "!", 1), 1);
  expect(fcntl(second, F_GETFL, 0), O_RDWR);
  expect(fcntl(second, F_SETFL, O_APPEND), 0);
  expect(fcntl(second, F_GETFL, 0), O_RDWR | O_APPEND);
  expect(fcntl(second, F_GETFD, 0), 0);
  expect(fcntl(second, F_SETFD, 1), 0);
  expect(fcntl(second, F_GETFD, 0), 1);
  expect(fcntl(second, 99, 0), -EINVAL);
  expect(fcntl(copy, F_DUPFD, 300), -EINVAL);
  close(copy), close(second), unlink("shared");
  int opened = 0, result = 0;
  static int fds[300];
  while (opened < 300 && (result = fds[opened] = open("a", O_RDONLY, 0)) >= 0) opened++;
  expect(result, -EMFILE);
  expect_true(opened > 200);
  while (opened > 0) close(fds[--opened]);
  part("shared-descriptors");
}

static void status(void)
{
  struct stat st;
  u32 now, micros;
  gettime(&now, &micros);
  int fd = open("st", O_CREAT | O_RDWR, 0777);
  write(fd, text, 5000);
  close(fd);
  expect(chmod("st", 04711), 0);
  expect(chown("st", 12, 34), 0);
  expect(stat("st", &st), 0);
  expect(st.mode & 0777, 0711);
  expect(st.uid, 12), expect(st.gid, 34), expect(st.size, 5000), expect(st.nlink, 1);
  expect_true(st.ino > 1 && st.dev != 0);
  expect_true((u32)st.times[2] >= now - 1 && (u32)st.times[2] <= now + 5); /* mtime */
  expect_true(st.blocks >= 5000 / 512);
  int pid = fork();
  if (pid == 0) {
    setuid(12);
    if (open("st", O_RDWR, 0) < 0) _exit(1);
    if (chmod("st", 0600) != 0) _exit(2);
    if (chmod("a", 0600) != -EPERM) _exit(3);
    if (open("secret", O_RDONLY, 0) != -EACCES) _exit(4);
    if (unlink("a") != -EACCES) _exit(5);
    _exit(0);
  }
  int secret = open("secret", O_CREAT | O_RDWR, 0600);
  close(secret);
  expect(wait_for(pid), 0);
  expect(umask(077), 022);
  close(open("masked", O_CREAT | O_WRONLY, 0666));
  stat("masked", &st);
  expect(st.mode & 0777, 0600);
  expect(umask(022), 077);
  stat("/dev/null", &st);
  expect(st.mode & 0170000, 020000), expect(st.rdev, 0x103);
  fd = open("/dev/null", O_RDWR, 0);
  expect(write(fd, text, 100), 100), expect(read(fd, got, 100), 0);
  close(fd);
  fd = open("/dev/zero", O_RDONLY, 0);
  got[99] = 1;
  expect(read(fd, got, 100), 100), expect(got[99], 0);
  close(fd), unlink("st"), unlink("secret"), unlink("masked");
  part("stat");
}

int main(int argc, char **argv, char **envp)
{
  umask(022);
  mkdir("/tmp/files-test", 0777), chdir("/tmp/files-test");
  reading_and_writing(), modes(), names(), sizes(), sharing(), status();
  unlink("a"), chdir("/");
  expect(rmdir("/tmp/files-test"), 0); /* nothing is left in it */
  part("clean");
  return failures;
}
