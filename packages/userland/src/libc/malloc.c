/* A first-fit heap on brk: one list of free blocks in the order of their addresses, neighbours joined. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct block { size_t size; struct block *next; }; /* size includes this head; next only while free */
#define HEAD 8
#define LEAST 16
#define GROW 16384

static struct block *free_list;

static void insert(struct block *b)
{
  struct block **at = &free_list, *before = 0;
  while (*at && *at < b) {
    before = *at;
    at = &(*at)->next;
  }
  b->next = *at;
  *at = b;
  if (b->next && (char *)b + b->size == (char *)b->next) {
    b->size += b->next->size;
    b->next = b->next->next;
  }
  if (before && (char *)before + before->size == (char *)b) {
    before->size += b->size;
    before->next = b->next;
  }
}

static int grow(size_t need)
{
  char *end = sbrk(0);
  size_t pad = -(uintptr_t)end & 7;
  size_t size = (need + GROW - 1) & ~(GROW - 1);
  if (size < need) return 0;
  if (sbrk(pad + size) == (void *)-1) {
    size = need;
    if (sbrk(pad + size) == (void *)-1) return 0;
  }
  struct block *b = (struct block *)(end + pad);
  b->size = size;
  insert(b);
  return 1;
}

void *malloc(size_t n)
{
  size_t need = (n + HEAD + 7) & ~7u;
  if (need < n) {
    errno = ENOMEM;
    return 0;
  }
  if (need < LEAST) need = LEAST;
  for (;;) {
    for (struct block **at = &free_list; *at; at = &(*at)->next) {
      struct block *b = *at;
      if (b->size < need) continue;
      if (b->size >= need + LEAST) {
        struct block *rest = (struct block *)((char *)b + need);
        rest->size = b->size - need;
        rest->next = b->next;
        *at = rest;
        b->size = need;
      } else {
        *at = b->next;
      }
      return (char *)b + HEAD;
    }
    if (!grow(need)) {
      errno = ENOMEM;
      return 0;
    }
  }
}

void free(void *p)
{
  if (p) insert((struct block *)((char *)p - HEAD));
}

void *calloc(size_t n, size_t size)
{
  uint64_t bytes = (uint64_t)n * size;
  if (bytes >> 32) {
    errno = ENOMEM;
    return 0;
  }
  void *p = malloc(bytes);
  if (p) memset(p, 0, bytes);
  return p;
}

void *realloc(void *p, size_t n)
{
  if (!p) return malloc(n);
  size_t have = ((struct block *)((char *)p - HEAD))->size - HEAD;
  if (n <= have) return p;
  void *q = malloc(n);
  if (!q) return 0;
  memcpy(q, p, have);
  free(p);
  return q;
}
