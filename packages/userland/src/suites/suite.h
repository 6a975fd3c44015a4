/* The suites of grants and of the data store: reference/rs-sef-ds-syslib.md 7. Two services, one of each role, talk through FIFOs in
 * a folder: the requestor says in `1fifo` what the grantor shall do, and hears in `2fifo` what came of it. What they find goes
 * to the FIFO `results`, a line a step. The same suites are in TypeScript in packages/dev/suites; each works with the other. */
#ifndef SUITE_H
#define SUITE_H
#include <minix/ds.h>
#include <minix/sef.h>
#include <stddef.h>

#define PAGE 4096
#define PAGES 16                      /* a copy of all shares pages, and does not copy them */
#define BYTES (PAGE * PAGES)

/* What a grantor does for a requestor. */
enum op {
  OP_END, OP_PEEK, OP_POKE, OP_FILL, OP_SUM, OP_GRANT, OP_INDIRECT, OP_MAGIC, OP_REVOKE, OP_REVMAP, OP_REVMAP_AT, OP_LOOKUP, OP_FORK,
  OP_RELEASE, OP_COPY, OP_TOUCH, OP_SUBSCRIBE, OP_CHECK, OP_RETRIEVE, OP_MUNMAP, OP_MAP,
};
struct request { int op, a, b, c, d; };
struct answer { int result, value; };

extern unsigned char *buf, *spare;    /* page aligned, BYTES each */
extern endpoint_t partner;            /* the other of the two */
extern cp_grant_id_t grant;           /* the grantor's first: all of its buffer, to be read, written and mapped */

/* arguments: name=value */
const char *argument(const char *name, const char *otherwise);
void meet_grantor(void);              /* its endpoint and its grant; buffers of our own */
int ask(int op, int a, int b, int c, int d);
extern int answered;                  /* the value in the last answer */
int ask_last(int op, int a, int b);   /* of one who may die of it: whether it has */
void other_partner(void);             /* the chain suite has two: from here on the other one is asked */
int ask_value(int op, int a, int b);  /* the value of an answer, or its error */
cp_grant_id_t make(endpoint_t to, int offset, int bytes, int access); /* a grant of the grantor */
/* So many indirect grants in a row, made in turn by both; the last is for us. */
#define LONGEST 7
struct chain { endpoint_t makers[LONGEST]; cp_grant_id_t links[LONGEST]; int last; };
void make_chain(struct chain *c, int hops);
void end_chain(struct chain *c);
int revoke_link(struct chain *c, int i);
void ask_end(void);                   /* the grantor concludes */
int next_request(struct request *r);
void reply(int result, int value);

void begin(const char *step);
void check(const char *what, int got, int wanted);
void finish(void);                    /* prints how the step came out */
void out(const char *format, ...) __attribute__((format(printf, 1, 2)));
int conclude(void);                   /* prints the sum, and waits to be brought down */

void *pages(size_t bytes);
void fill(unsigned char *p, size_t bytes, int seed);
int sum(const unsigned char *p, size_t bytes);

int grantor(size_t bytes);
int safecopy(void), safemap(void), safeperf(void), dstest(void), grants(void), subs(void), chain(void);
/* A child that waits until it is released; and what became of it. */
int fork_child(int (*job)(void));
int release_child(void);

#endif
