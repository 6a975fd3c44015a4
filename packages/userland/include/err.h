#ifndef ERR_H
#define ERR_H
/* "program: message: strerror(errno)" on stderr; the x forms leave the error out, err and errx exit. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void warnx(const char *format, ...) __attribute__((format(printf, 1, 2)));
void err(int status, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));
void errx(int status, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));
/* malloc, realloc and strdup that end the program when there is no memory. */
void *xmalloc(unsigned n);
void *xrealloc(void *p, unsigned n);
char *xstrdup(const char *s);
#endif
