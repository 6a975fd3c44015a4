#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

FILE _stdio[3] = {
  { 0, _IOREAD, 0, 0, 0, 0, &_stdio[1] },
  { 1, _IOWRITE, 0, 0, 0, 0, &_stdio[2] },
  { 2, _IOWRITE | _IONBUF, 0, 0, 0, 0, 0 },
};
static FILE *files = &_stdio[0];
extern void (*_stdio_exit)(void);

static void flush_all(void)
{
  for (FILE *f = files; f; f = f->next)
    if (f->flags & _IODIRTY) fflush(f);
}

/* The buffer comes with the first use; a terminal is written line by line. */
int _stdio_prepare(FILE *f)
{
  if (f->buf || f->flags & _IOMEM) return 0;
  _stdio_exit = flush_all;
  f->size = BUFSIZ;
  f->buf = malloc(f->size);
  if (!f->buf) {
    f->flags |= _IOERR;
    return -1;
  }
  if (f->flags & _IOWRITE && !(f->flags & _IONBUF) && isatty(f->fd)) f->flags |= _IOLINE;
  return 0;
}

int fflush(FILE *f)
{
  if (!f) {
    flush_all();
    return 0;
  }
  if (!(f->flags & _IODIRTY) || f->flags & _IOMEM) return 0;
  int n = f->pos;
  f->pos = 0;
  f->flags &= ~_IODIRTY;
  if (n > 0 && writeall(f->fd, f->buf, n) < 0) {
    f->flags |= _IOERR;
    return EOF;
  }
  return 0;
}

static int open_flags(const char *mode)
{
  int plus = strchr(mode, '+') != 0;
  switch (*mode) {
    case 'r': return plus ? O_RDWR : O_RDONLY;
    case 'w': return (plus ? O_RDWR : O_WRONLY) | O_CREAT | O_TRUNC;
    default: return (plus ? O_RDWR : O_WRONLY) | O_CREAT | O_APPEND;
  }
}

FILE *fdopen(int fd, const char *mode)
{
  FILE *f = calloc(1, sizeof *f);
  if (!f) return 0;
  f->fd = fd;
  f->flags = _IOOWN | (strchr(mode, '+') ? _IOREAD | _IOWRITE : *mode == 'r' ? _IOREAD : _IOWRITE);
  f->next = files;
  files = f;
  return f;
}

FILE *fopen(const char *path, const char *mode)
{
  int fd = open(path, open_flags(mode), 0666);
  if (fd < 0) return 0;
  FILE *f = fdopen(fd, mode);
  if (!f) close(fd);
  return f;
}

int fclose(FILE *f)
{
  int r = fflush(f);
  if (close(f->fd) < 0) r = EOF;
  FILE **at = &files;
  while (*at && *at != f) at = &(*at)->next;
  if (*at) *at = f->next;
  free(f->buf);
  if (f->flags & _IOOWN) free(f);
  else f->buf = 0;
  return r;
}

int fgetc(FILE *f)
{
  if (f->flags & _IODIRTY) fflush(f);
  if (f->pos < f->len) return f->buf[f->pos++];
  if (f->flags & _IOEOF || _stdio_prepare(f) < 0) return EOF;
  if (f == stdin && stdout->flags & _IOLINE) fflush(stdout);
  int n;
  do n = read(f->fd, f->buf, f->size);
  while (n < 0 && errno == EINTR);
  f->pos = 0;
  f->len = n > 0 ? n : 0;
  if (n <= 0) {
    f->flags |= n == 0 ? _IOEOF : _IOERR;
    return EOF;
  }
  return f->buf[f->pos++];
}

int ungetc(int c, FILE *f)
{
  if (c == EOF || f->pos == 0) return EOF;
  f->buf[--f->pos] = c;
  f->flags &= ~_IOEOF;
  return c;
}

int getchar(void) { return fgetc(stdin); }

/* Reading ahead is undone before writing, so that both see one position. */
static int to_write(FILE *f)
{
  if (_stdio_prepare(f) < 0) return -1;
  if (!(f->flags & _IODIRTY)) {
    if (f->pos < f->len) lseek(f->fd, f->pos - f->len, SEEK_CUR);
    f->pos = f->len = 0;
    f->flags |= _IODIRTY;
  }
  return 0;
}

int fputc(int c, FILE *f)
{
  char byte = c;
  return fwrite(&byte, 1, 1, f) == 1 ? (unsigned char)c : EOF;
}

int putchar(int c) { return fputc(c, stdout); }

size_t fwrite(const void *p, size_t size, size_t n, FILE *f)
{
  const char *from = p;
  size_t left = size * n;
  if (f->flags & _IOMEM) {
    size_t room = f->size > f->pos ? (size_t)(f->size - f->pos) : 0;
    memcpy(f->buf + f->pos, from, left < room ? left : room);
    f->pos += left;
    return n;
  }
  if (left == 0 || to_write(f) < 0) return 0;
  int newline = f->flags & _IOLINE && memchr(from, '\n', left);
  while (left > 0) {
    size_t room = f->size - f->pos, take = left < room ? left : room;
    memcpy(f->buf + f->pos, from, take);
    f->pos += take;
    f->flags |= _IODIRTY;
    from += take;
    left -= take;
    if (f->pos == f->size && fflush(f) < 0) return 0;
  }
  if ((newline || f->flags & _IONBUF) && fflush(f) < 0) return 0;
  return n;
}

size_t fread(void *p, size_t size, size_t n, FILE *f)
{
  unsigned char *to = p;
  size_t want = size * n, got = 0;
  while (got < want) {
    int c = fgetc(f);
    if (c == EOF) break;
    to[got++] = c;
    size_t take = f->len - f->pos;
    if (take > want - got) take = want - got;
    memcpy(to + got, f->buf + f->pos, take);
    f->pos += take;
    got += take;
  }
  return size ? got / size : 0;
}

char *fgets(char *s, int n, FILE *f)
{
  int i = 0, c = 0;
  while (i < n - 1 && c != '\n' && (c = fgetc(f)) != EOF) s[i++] = c;
  s[i] = 0;
  return i ? s : 0;
}

ssize_t getdelim(char **line, size_t *size, int delimiter, FILE *f)
{
  size_t n = 0;
  for (;;) {
    int c = fgetc(f);
    if (c == EOF) break;
    f->pos--;
    unsigned char *from = f->buf + f->pos, *end = memchr(from, delimiter, f->len - f->pos);
    size_t take = end ? (size_t)(end - from) + 1 : (size_t)(f->len - f->pos);
    if (!*line || n + take + 1 > *size) {
      size_t bigger = (n + take + 1) * 2;
      char *grown = realloc(*line, bigger);
      if (!grown) return -1;
      *line = grown;
      *size = bigger;
    }
    memcpy(*line + n, from, take);
    n += take;
    f->pos += take;
    if (end) break;
  }
  if (n == 0) return -1;
  (*line)[n] = 0;
  return n;
}

ssize_t getline(char **line, size_t *size, FILE *f) { return getdelim(line, size, '\n', f); }

int fputs(const char *s, FILE *f)
{
  size_t n = strlen(s);
  return n == 0 || fwrite(s, 1, n, f) == n ? 0 : EOF;
}

int puts(const char *s) { return fputs(s, stdout) < 0 || putchar('\n') < 0 ? EOF : 0; }

int fseek(FILE *f, long offset, int whence)
{
  fflush(f);
  if (whence == SEEK_CUR) offset -= f->len - f->pos;
  f->pos = f->len = 0;
  f->flags &= ~_IOEOF;
  return lseek(f->fd, offset, whence) < 0 ? -1 : 0;
}

long ftell(FILE *f)
{
  long at = lseek(f->fd, 0, SEEK_CUR);
  if (at < 0) return -1;
  return f->flags & _IODIRTY ? at + f->pos : at - (f->len - f->pos);
}

void rewind(FILE *f)
{
  fseek(f, 0, SEEK_SET);
  clearerr(f);
}

void setbuf(FILE *f, char *buf)
{
  if (!buf) f->flags |= _IONBUF;
}

int remove(const char *path)
{
  struct stat st;
  return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) ? rmdir(path) : unlink(path);
}
