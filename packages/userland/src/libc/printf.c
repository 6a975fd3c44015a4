#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int _stdio_prepare(FILE *f);

struct spec { int left, zero, plus, space, alt, width, precision; };

static void pad(FILE *f, int c, int n)
{
  char block[16];
  memset(block, c, sizeof block);
  for (; n > 0; n -= 16) fwrite(block, 1, n < 16 ? n : 16, f);
}

static int field(FILE *f, const struct spec *s, const char *prefix, const char *text, int n, int zeros)
{
  int before = strlen(prefix), blank = s->width - before - zeros - n;
  if (blank < 0) blank = 0;
  if (!s->left) pad(f, ' ', blank);
  if (before) fwrite(prefix, 1, before, f);
  pad(f, '0', zeros);
  if (n) fwrite(text, 1, n, f);
  if (s->left) pad(f, ' ', blank);
  return before + zeros + n + blank;
}

static int number(FILE *f, struct spec *s, char conversion, uint64_t value, int negative)
{
  char digits[24], *p = digits + sizeof digits;
  const char *set = conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
  const char *prefix = negative ? "-" : s->plus ? "+" : s->space ? " " : "";
  int is_signed = conversion == 'd' || conversion == 'i';
  if (!is_signed) prefix = "";
  unsigned base = conversion == 'o' ? 8 : conversion == 'x' || conversion == 'X' || conversion == 'p' ? 16 : 10;
  if (conversion == 'p' || (s->alt && base == 16 && value)) prefix = conversion == 'X' ? "0X" : "0x";
  if (value || s->precision != 0) do {
    *--p = set[value % base];
    value /= base;
  } while (value);
  int n = digits + sizeof digits - p, zeros = s->precision > n ? s->precision - n : 0;
  if (s->alt && base == 8 && (n == 0 || *p != '0') && !zeros) zeros = 1;
  if (s->zero && !s->left && s->precision < 0 && s->width > n + (int)strlen(prefix)) zeros = s->width - n - strlen(prefix);
  return field(f, s, prefix, p, n, zeros);
}

static const char *read_spec(const char *p, struct spec *s, va_list *ap)
{
  memset(s, 0, sizeof *s);
  s->precision = -1;
  for (;; p++) {
    if (*p == '-') s->left = 1;
    else if (*p == '0') s->zero = 1;
    else if (*p == '+') s->plus = 1;
    else if (*p == ' ') s->space = 1;
    else if (*p == '#') s->alt = 1;
    else break;
  }
  if (*p == '*') {
    s->width = va_arg(*ap, int);
    p++;
    if (s->width < 0) {
      s->left = 1;
      s->width = -s->width;
    }
  } else {
    while (isdigit(*p)) s->width = s->width * 10 + *p++ - '0';
  }
  if (*p == '.') {
    s->precision = 0;
    if (*++p == '*') {
      s->precision = va_arg(*ap, int);
      p++;
    } else {
      while (isdigit(*p)) s->precision = s->precision * 10 + *p++ - '0';
    }
  }
  return p;
}

int vfprintf(FILE *f, const char *p, va_list args)
{
  int total = 0, error = errno;
  va_list ap;
  va_copy(ap, args);
  if (_stdio_prepare(f) < 0) return -1;
  int unbuffered = f->flags & _IONBUF, line = f->flags & _IOLINE; /* one write for the whole text */
  f->flags &= ~(_IONBUF | _IOLINE);
  while (*p) {
    int n = strcspn(p, "%");
    if (n) fwrite(p, 1, n, f);
    total += n;
    p += n;
    if (!*p++) break;
    struct spec s;
    p = read_spec(p, &s, &ap);
    int longs = 0;
    while (*p == 'l' || *p == 'h' || *p == 'z' || *p == 'j' || *p == 't') longs += *p == 'j' ? 2 : *p == 'l', p++;
    char c = *p ? *p++ : 0;
    if (c == 'd' || c == 'i') {
      int64_t v = longs >= 2 ? va_arg(ap, int64_t) : va_arg(ap, int);
      total += number(f, &s, c, v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0);
    } else if (c && strchr("uoxXp", c)) {
      total += number(f, &s, c, longs >= 2 ? va_arg(ap, uint64_t) : va_arg(ap, unsigned), 0);
    } else if (c == 'c') {
      char byte = va_arg(ap, int);
      total += field(f, &s, "", &byte, 1, 0);
    } else if (c == 's') {
      const char *text = va_arg(ap, const char *);
      if (!text) text = "(null)";
      total += field(f, &s, "", text, s.precision >= 0 ? strnlen(text, s.precision) : strlen(text), 0);
    } else if (c == 'm') {
      const char *text = strerror(error);
      total += field(f, &s, "", text, strlen(text), 0);
    } else if (c) {
      total += field(f, &s, "", &c, 1, 0);
    }
  }
  va_end(ap);
  f->flags |= unbuffered | line;
  if (f->flags & _IODIRTY && (f->flags & _IONBUF || (f->flags & _IOLINE && f->pos > 0 && memchr(f->buf, '\n', f->pos)))) fflush(f);
  return ferror(f) ? -1 : total;
}

int vprintf(const char *format, va_list ap) { return vfprintf(stdout, format, ap); }

int vsnprintf(char *s, size_t n, const char *format, va_list ap)
{
  FILE f = { .fd = -1, .flags = _IOMEM | _IOWRITE, .buf = (unsigned char *)s, .size = n ? n - 1 : 0 };
  int r = vfprintf(&f, format, ap);
  if (n) s[f.pos < f.size ? f.pos : f.size] = 0;
  return r;
}

#define WITH_ARGS(call)      \
  va_list ap;                \
  va_start(ap, format);      \
  int r = call;              \
  va_end(ap);                \
  return r

int printf(const char *format, ...) { WITH_ARGS(vfprintf(stdout, format, ap)); }
int fprintf(FILE *f, const char *format, ...) { WITH_ARGS(vfprintf(f, format, ap)); }
int snprintf(char *s, size_t n, const char *format, ...) { WITH_ARGS(vsnprintf(s, n, format, ap)); }
int sprintf(char *s, const char *format, ...) { WITH_ARGS(vsnprintf(s, 0x7FFFFFFF, format, ap)); }

int dprintf(int fd, const char *format, ...)
{
  unsigned char buf[512];
  FILE f = { .fd = fd, .flags = _IOWRITE, .buf = buf, .size = sizeof buf };
  va_list ap;
  va_start(ap, format);
  int r = vfprintf(&f, format, ap);
  va_end(ap);
  return fflush(&f) < 0 ? -1 : r;
}

void perror(const char *what) { fprintf(stderr, "%s: %s\n", what, strerror(errno)); }
