/* Messages that wait in a table until their receivers ask for them: reference/rs-sef-ds-syslib.md 5.6. */
#include <minix/syslib.h>
#include <string.h>

#define ENTRIES 512
#define VALID 1
#define DONE 2

static struct entry { unsigned flags; endpoint_t to; int result; message m; } table[ENTRIES];
_Static_assert(sizeof(struct entry) == 48, "asynmsg_t");
static int first, next; /* entries from first up to next may be in the kernel's hands */

/* Whether nobody wants to know anything more about an entry. */
static int is_over(const struct entry *e)
{
  return e->flags == 0 || (e->flags & DONE && !(e->flags & AMF_NOTIFY || (e->flags & AMF_NOTIFY_ERR && e->result != 0)));
}

static void compact(void)
{
  ipc_senda(0, 0); /* nothing may change under us */
  int kept = 0;
  for (int i = first; i < next; i++)
    if (!is_over(&table[i])) table[kept++] = table[i];
  memset(table + kept, 0, (ENTRIES - kept) * sizeof *table);
  first = 0;
  next = kept;
  if (kept == ENTRIES) panic("asynsend: %d messages wait and nobody takes them", ENTRIES);
}

int asynsend3(endpoint_t to, const message *m, int flags)
{
  while (first < next && is_over(&table[first])) first++;
  if (first == next) first = next = 0;
  if (next == ENTRIES) compact();
  struct entry *e = &table[next++];
  e->to = to;
  e->result = 0;
  e->m = *m;
  e->flags = VALID | flags;
  return ipc_senda(table + first, next - first);
}

int asynsend(endpoint_t to, const message *m) { return asynsend3(to, m, 0); }

int asyn_geterror(endpoint_t *to, message *m, int *error)
{
  for (int i = first; i < next; i++) {
    struct entry *e = &table[i];
    if (!(e->flags & DONE) || !(e->flags & (AMF_NOTIFY | AMF_NOTIFY_ERR))) continue;
    e->flags &= ~(AMF_NOTIFY | AMF_NOTIFY_ERR);
    if (e->result == 0) continue;
    *to = e->to;
    *m = e->m;
    *error = e->result;
    return 1;
  }
  return 0;
}
