/* Matching by backtracking: leftmost, greedy, first alternative first. */
#include <ctype.h>
#include <string.h>
#include "regnode.h"

static const char *begin;              /* of the text */
static int not_begin, fold;
static const char *starts[REG_GROUPS], *ends[REG_GROUPS], *match_end;

static int is_word(int c) { return isalnum(c) || c == '_'; }
static int word_before(const char *s) { return s > begin && is_word((unsigned char)s[-1]); }

static inline int one(const node *n, int c)
{
  if (!c) return 0;
  if (n->kind == ANY) return 1;
  if (n->kind == SET) return n->set[c >> 5] >> (c & 31) & 1;
  return (fold ? tolower(c) : c) == n->value;
}

static int try(node *n, const char *s);

/* A loop over a single character needs no recursion for its rounds. */
static int try_simple_loop(node *n, const char *s)
{
  const char *from = s;
  while ((n->max < 0 || s - from < n->max) && one(n->body, (unsigned char)*s)) s++;
  for (;; s--) {
    if (s - from < n->min) return 0;
    if (n->next->kind == CHAR && !one(n->next, (unsigned char)*s)) {
      if (s == from) return 0;
      continue;
    }
    if (try(n->next, s)) return 1;
    if (s == from) return 0;
  }
}

static int try_loop(node *n, const char *s)
{
  int count = n->count;
  const char *last = n->last;
  if ((n->max < 0 || count < n->max) && !(count >= n->min && last == s && count > 0)) {
    n->count++;
    n->last = s;
    if (try(n->body, s)) return 1;
    n->count = count;
    n->last = last;
  }
  return count >= n->min && try(n->next, s);
}

static int try_mark(const char **mark, node *n, const char *s)
{
  const char *before = *mark;
  *mark = s;
  if (try(n->next, s)) return 1;
  *mark = before;
  return 0;
}

static int try(node *n, const char *s)
{
  for (;; n = n->next) {
    int here = is_word((unsigned char)*s);
    switch (n->kind) {
      case CHAR:
      case ANY:
      case SET:
        if (!one(n, (unsigned char)*s++)) return 0;
        break;
      case BEGIN:
        if (s != begin || not_begin) return 0;
        break;
      case END:
        if (*s) return 0;
        break;
      case WORD:
      case NOT_WORD:
        if ((word_before(s) != here) != (n->kind == WORD)) return 0;
        break;
      case WORD_BEGIN:
        if (word_before(s) || !here) return 0;
        break;
      case WORD_END:
        if (!word_before(s) || here) return 0;
        break;
      case OPEN: return try_mark(&starts[n->value], n, s);
      case CLOSE: return try_mark(&ends[n->value], n, s);
      case BACK: {
        int length = starts[n->value] && ends[n->value] ? ends[n->value] - starts[n->value] : -1;
        if (length < 0 || (fold ? strncasecmp : strncmp)(s, starts[n->value], length)) return 0;
        s += length;
        break;
      }
      case ALT:
        if (try(n->body, s)) return 1;
        n = n->other;
        if (try(n, s)) return 1;
        return 0;
      case ENTER:
        if (n->value) {
          node *loop = n->next;
          if (!loop->body->next) return try_simple_loop(loop, s);
          int count = loop->count;
          const char *last = loop->last;
          loop->count = 0;
          loop->last = 0;
          if (try_loop(loop, s)) return 1;
          loop->count = count;
          loop->last = last;
          return 0;
        }
        break;
      case LOOP: return try_loop(n, s);
      case MATCH: match_end = s; return 1;
    }
  }
}

int regexec(const regex_t *r, const char *s, size_t n, regmatch_t *match, int how)
{
  begin = s;
  not_begin = how & REG_NOTBOL;
  fold = r->flags & REG_ICASE;
  node *first = r->start->kind == ENTER && r->start->next ? r->start->next : r->start;
  for (;; s++) {
    if (first->kind == CHAR && !fold && !(s = strchr(s, first->value))) return REG_NOMATCH;
    memset(starts, 0, sizeof starts);
    memset(ends, 0, sizeof ends);
    if (try(r->start, s)) break;
    if (!*s) return REG_NOMATCH;
  }
  for (size_t i = 0; i < n; i++) {
    int set = i < REG_GROUPS && starts[i] && ends[i];
    match[i].rm_so = i == 0 ? s - begin : set ? starts[i] - begin : -1;
    match[i].rm_eo = i == 0 ? match_end - begin : set ? ends[i] - begin : -1;
  }
  return 0;
}
