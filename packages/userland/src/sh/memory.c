/* Arenas: a chain of chunks that grows at one end and is cut back to a mark. */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include "sh.h"

struct chunk { struct chunk *below; size_t size, used; char bytes[]; };
struct arena scratch;
struct arena *parse_arena;

void *arena_get(struct arena *a, size_t n)
{
  n = (n + 3) & ~3u;
  if (!a->chunks || a->chunks->used + n > a->chunks->size) {
    size_t size = n > 1000 ? n : 1000;
    struct chunk *c = xmalloc(sizeof *c + size);
    c->below = a->chunks;
    c->size = size;
    c->used = 0;
    a->chunks = c;
  }
  void *p = a->chunks->bytes + a->chunks->used;
  a->chunks->used += n;
  return p;
}

char *arena_text(struct arena *a, const char *s, size_t n)
{
  char *p = arena_get(a, n + 1);
  memcpy(p, s, n);
  p[n] = 0;
  return p;
}

struct mark arena_mark(struct arena *a)
{
  struct mark m = { a->chunks, a->chunks ? a->chunks->used : 0 };
  return m;
}

void arena_release(struct arena *a, struct mark m)
{
  while (a->chunks != m.chunk) {
    struct chunk *below = a->chunks->below;
    free(a->chunks);
    a->chunks = below;
  }
  if (m.chunk) m.chunk->used = m.used;
}

void put(struct buffer *b, int c)
{
  if (b->used + 1 >= b->size) {
    b->size = b->size ? b->size * 2 : 64;
    b->text = xrealloc(b->text, b->size);
  }
  b->text[b->used++] = c;
  b->text[b->used] = 0;
}

void put_text(struct buffer *b, const char *s)
{
  while (*s) put(b, *s++);
}
