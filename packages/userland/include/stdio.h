#ifndef STDIO_H
#define STDIO_H
#include <stdarg.h>
#include <sys/types.h>

#define EOF (-1)
#define BUFSIZ 4096
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2

typedef struct _file {
  int fd;
  int flags;                 /* _IO…, below */
  unsigned char *buf;
  int size, pos, len;        /* reading: bytes pos..len are unread; writing: bytes 0..pos wait */
  struct _file *next;
} FILE;
#define _IOREAD 1
#define _IOWRITE 2
#define _IOEOF 4
#define _IOERR 8
#define _IOLINE 0x10         /* flush after a newline */
#define _IONBUF 0x20
#define _IODIRTY 0x40        /* the buffer holds output */
#define _IOOWN 0x80          /* the FILE itself is malloced */
#define _IOMEM 0x100         /* the buffer is a string: nothing behind it */

extern FILE _stdio[3];
#define stdin (&_stdio[0])
#define stdout (&_stdio[1])
#define stderr (&_stdio[2])

FILE *fopen(const char *path, const char *mode);
FILE *fdopen(int fd, const char *mode);
int fclose(FILE *f);
int fflush(FILE *f);
int fgetc(FILE *f);
int ungetc(int c, FILE *f);
int fputc(int c, FILE *f);
int getchar(void);
int putchar(int c);
#define getc fgetc
#define putc fputc
char *fgets(char *s, int n, FILE *f);
ssize_t getline(char **line, size_t *size, FILE *f);
ssize_t getdelim(char **line, size_t *size, int delimiter, FILE *f);
int fputs(const char *s, FILE *f);
int puts(const char *s);
size_t fread(void *p, size_t size, size_t n, FILE *f);
size_t fwrite(const void *p, size_t size, size_t n, FILE *f);
int fseek(FILE *f, long offset, int whence);
long ftell(FILE *f);
void rewind(FILE *f);
void setbuf(FILE *f, char *buf);
#define feof(f) (((f)->flags & _IOEOF) != 0)
#define ferror(f) (((f)->flags & _IOERR) != 0)
#define clearerr(f) ((f)->flags &= ~(_IOEOF | _IOERR))
#define fileno(f) ((f)->fd)
int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int fprintf(FILE *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
int dprintf(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));
int sprintf(char *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
int snprintf(char *s, size_t n, const char *format, ...) __attribute__((format(printf, 3, 4)));
int vprintf(const char *format, va_list ap);
int vfprintf(FILE *f, const char *format, va_list ap);
int vsnprintf(char *s, size_t n, const char *format, va_list ap);
void perror(const char *what);
int remove(const char *path);
int rename(const char *from, const char *to);
#endif
