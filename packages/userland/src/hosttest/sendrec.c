/* For tests on a Linux host only: takes the place of sendrec.S and answers the messages that PM and VFS would, with
   Linux's system calls. So programs and libc, message fields included, run before there is a system to run them on. */
#include <minix/callnr.h>
#include <minix/ipc.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>

static int sys6(int n, int a, int b, int c, int d, int e)
{
  int r;
  __asm__ volatile("int $0x80" : "=a"(r) : "0"(n), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
  return r;
}
#define sys(n, a, b, c) sys6(n, (int)(a), (int)(b), (int)(c), 0, 0)

struct stat64 {
  uint64_t dev; uint32_t pad1, ino32; uint32_t mode, nlink, uid, gid; uint64_t rdev; uint32_t pad2; int64_t size; uint32_t blksize;
  uint64_t blocks; uint32_t atime, atimens, mtime, mtimens, ctime, ctimens; uint64_t ino;
} __attribute__((packed));

static int to_stat(int r, const struct stat64 *l, struct stat *st)
{
  if (r < 0) return r;
  memset(st, 0, sizeof *st);
  st->st_dev = l->dev, st->st_mode = l->mode, st->st_ino = l->ino, st->st_nlink = l->nlink, st->st_uid = l->uid;
  st->st_gid = l->gid, st->st_rdev = l->rdev, st->st_size = l->size, st->st_blocks = l->blocks, st->st_blksize = l->blksize;
  st->st_atime = l->atime, st->st_mtime = l->mtime, st->st_ctime = l->ctime;
  return 0;
}

struct ksigaction { void *handler; unsigned long flags; void (*restorer)(void); uint64_t mask; };
__asm__(".text\n_host_restore: movl $173, %eax\n int $0x80\n");
void _host_restore(void);

static int do_sigaction(message *m)
{
  struct ksigaction new, old;
  struct sigaction *act = (void *)m->m1_p1, *oact = (void *)m->m1_p2;
  if (m->m1_i2 < 1 || m->m1_i2 >= _NSIG) return -EINVAL;
  if (act) {
    new.handler = act->sa_handler;
    new.flags = 0x04000000 | (act->sa_flags & SA_RESETHAND ? 0x80000000 : 0) | (act->sa_flags & SA_NODEFER ? 0x40000000 : 0) | 4;
    new.restorer = _host_restore;
    new.mask = act->sa_mask >> 1;
  }
  int r = sys6(174, m->m1_i2, act ? (int)&new : 0, (int)&old, 8, 0);
  if (r == 0 && oact) oact->sa_handler = old.handler, oact->sa_mask = old.mask << 1, oact->sa_flags = 0;
  return r;
}

static int do_exec(message *m)
{
  int *frame = (int *)m->m1_p2;
  int i = 1;
  while (frame[i]) frame[i] += (int)frame, i++;
  char **envp = (char **)&frame[++i];
  while (frame[i]) frame[i] += (int)frame, i++;
  return sys(11, m->m1_p1, frame + 1, envp);
}

struct ktermios { uint32_t i, o, c, l; uint8_t line, cc[19]; };

static int do_ioctl(message *m)
{
  struct ktermios k;
  struct termios *t = (void *)m->m2_p1;
  unsigned request = m->m2_i3;
  int r = sys(54, m->m2_i1, 0x5401, &k);
  if (r < 0) return -ENOTTY;
  if (request == 0x80245408) {
    memset(t, 0, sizeof *t);
    t->c_oflag = k.o & 1 ? OPOST | ONLCR : 0;
    t->c_lflag = (k.l & 8 ? ECHO : 0) | (k.l & 2 ? ICANON : 0) | (k.l & 1 ? ISIG : 0);
    return 0;
  }
  if (request >= 0x40245409 && request <= 0x4024540B) {
    k.l = (k.l & ~0xBu) | (t->c_lflag & ECHO ? 8 : 0) | (t->c_lflag & ICANON ? 2 : 0) | (t->c_lflag & ISIG ? 1 : 0);
    k.o = (k.o & ~1u) | (t->c_oflag & OPOST ? 1 : 0);
    return sys(54, m->m2_i1, 0x5402, &k);
  }
  return request == 0x2000540D ? 0 : -ENOTTY;
}

static int do_getdents(message *m)
{
  char buf[2048], *out = (char *)m->m1_p1;
  int n = sys(220, m->m1_i1, buf, sizeof buf), at = 0;
  if (n <= 0) return n;
  for (int i = 0; i < n;) {
    int reclen = *(uint16_t *)(buf + i + 16), length = strlen(buf + i + 19), size = (10 + length + 1 + 3) & ~3;
    *(uint32_t *)(out + at) = *(uint32_t *)(buf + i);
    *(uint16_t *)(out + at + 8) = size;
    strcpy(out + at + 10, buf + i + 19);
    at += size;
    i += reclen;
  }
  return at;
}

extern char _end[];

/* Linux starts its own break elsewhere, so the pages behind _end are mapped one by one and stay. */
static int do_brk(unsigned end)
{
  static unsigned top;
  if (!top) top = ((unsigned)_end + 4095) & ~4095u;
  if (end > top) {
    unsigned want[6] = { top, ((end + 4095) & ~4095u) - top, 3, 0x32, -1, 0 };
    if (sys(90, want, 0, 0) != (int)top) return -ENOMEM;
    top += want[1];
  }
  return 0;
}

static int do_pm(message *m)
{
  int r;
  static int param[64];
  switch (m->m_type) {
    case EXIT: return sys(252, m->m1_i1, 0, 0);
    case FORK: return sys(2, 0, 0, 0);
    case WAITPID: r = sys6(114, m->m1_i1, (int)param, m->m1_i2 & 1, 0, 0); m->m2_i1 = param[0]; return r;
    case MINIX_GETPID: m->m2_i1 = sys(64, 0, 0, 0); return sys(20, 0, 0, 0);
    case GETUID: m->m2_i1 = sys(201, 0, 0, 0); return sys(199, 0, 0, 0);
    case GETGID: m->m2_i1 = sys(202, 0, 0, 0); return sys(200, 0, 0, 0);
    case SETUID: return sys(213, m->m1_i1, 0, 0);
    case SETGID: return sys(214, m->m1_i1, 0, 0);
    case KILL: return sys(37, m->m1_i1, m->m1_i2, 0);
    case ALARM: return sys(27, m->m1_i1, 0, 0);
    case PAUSE: return sys(29, 0, 0, 0);
    case SETSID: return sys(66, 0, 0, 0);
    case GETPGRP: return sys(65, 0, 0, 0);
    case EXEC: return do_exec(m);
    case SIGACTION: return do_sigaction(m);
    case BRK: return do_brk(m->m1_p1);
    case GETTIMEOFDAY: r = sys(78, param, 0, 0); m->m2_l1 = param[0]; m->m2_l2 = param[1]; return r;
    case TIMES: r = sys(43, param, 0, 0); memcpy(m->u.w, param, 16); m->m4_l5 = r & 0x7FFFFFFF; return 0;
    case SYSUNAME: strcpy((char *)m->m1_p1, "host"); return 5;
    case SIGPROCMASK: {
      uint64_t set = (unsigned long)m->m2_l1 >> 1, old;
      r = sys6(175, m->m2_i1 & 3, m->m2_i1 == 4 ? 0 : (int)&set, (int)&old, 8, 0);
      m->m2_l1 = old << 1;
      return r;
    }
    case SIGSUSPEND: {
      uint64_t set = (unsigned long)m->m2_l1 >> 1;
      return sys(179, &set, 8, 0);
    }
    default: return -ENOSYS;
  }
}

static int do_vfs(message *m)
{
  struct stat64 st;
  int r, two[2];
  switch (m->m_type) {
    case READ: return sys(3, m->m1_i1, m->m1_p1, m->m1_i2);
    case WRITE: return sys(4, m->m1_i1, m->m1_p1, m->m1_i2);
    case OPEN: return m->m1_i2 & 0100 ? sys(5, m->m1_p1, m->m1_i2, m->m1_i3) : sys(5, m->m3_p1, m->m3_i2, 0);
    case CLOSE: return sys(6, m->m1_i1, 0, 0);
    case LINK: return sys(9, m->m1_p1, m->m1_p2, 0);
    case UNLINK: return sys(10, m->m3_p1, 0, 0);
    case CHDIR: return sys(12, m->m3_p1, 0, 0);
    case MKNOD: return sys(14, m->m1_p1, m->m1_i2, m->m1_i3);
    case CHMOD: return sys(15, m->m3_p1, m->m3_i2, 0);
    case CHOWN: return sys(212, m->m1_p1, m->m1_i2, m->m1_i3);
    case LSEEK: r = sys(19, m->m2_i1, m->m2_l1, m->m2_i2); m->m2_l1 = r; return r < 0 && r > -200 ? r : 0;
    case ACCESS: return sys(33, m->m3_p1, m->m3_i2, 0);
    case SYNC: return sys(36, 0, 0, 0);
    case RENAME: return sys(38, m->m1_p1, m->m1_p2, 0);
    case MKDIR: return sys(39, m->m1_p1, m->m1_i2, 0);
    case RMDIR: return sys(40, m->m3_p1, 0, 0);
    case PIPE: r = sys(42, two, 0, 0); m->m1_i1 = two[0]; m->m1_i2 = two[1]; return r;
    case SYMLINK: return sys(83, m->m1_p1, m->m1_p2, 0);
    case RDLNK: return sys(85, m->m1_p1, m->m1_p2, m->m1_i2);
    case STAT: return to_stat(sys(195, m->m1_p1, &st, 0), &st, (void *)m->m1_p2);
    case LSTAT: return to_stat(sys(196, m->m1_p1, &st, 0), &st, (void *)m->m1_p2);
    case FSTAT: return to_stat(sys(197, m->m1_i1, &st, 0), &st, (void *)m->m1_p1);
    case IOCTL: return do_ioctl(m);
    case FCNTL: return sys(221, m->m1_i1, m->m1_i2, m->m1_i3);
    case UMASK: return sys(60, m->m1_i1, 0, 0);
    case GETDENTS: return do_getdents(m);
    case SELECT: return sys6(142, m->m8_i1, m->m8_p1, m->m8_p2, m->m8_p3, m->m8_p4);
    case FTRUNCATE: return sys(93, m->m2_i1, m->m2_l1, 0);
    case TRUNCATE: return sys(92, m->m2_p1, m->m2_l1, 0);
    case UTIME: return sys(30, m->m2_p1, m->m2_i1 ? &m->m2_l1 : 0, 0);
    default: return -ENOSYS;
  }
}

int _sendrec(endpoint_t who, message *m)
{
  m->m_type = who == PM_PROC_NR ? do_pm(m) : who == VFS_PROC_NR ? do_vfs(m) : -ENOSYS;
  return 0;
}
