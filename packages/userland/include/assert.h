#ifndef ASSERT_H
#define ASSERT_H
#include <err.h>
#define assert(c) ((c) ? (void)0 : errx(134, "%s:%d: assertion failed: %s", __FILE__, __LINE__, #c))
#endif
