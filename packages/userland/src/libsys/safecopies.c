/* The table of grants. It grows by mapped pages, so that it never asks PM for memory. */
#include <errno.h>
#include <minix/syslib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096
#define FIRST_ENTRIES 16
#define LAST_GENERATION 0x7FFF
#define ACCESS (CPF_READ | CPF_WRITE | CPF_MAP)
#define SLOT(g) ((g) & 0xFFFF)
#define GENERATION(g) ((unsigned)(g) >> 16)

static cp_grant_t first_table[FIRST_ENTRIES];
static cp_grant_t *table;
static int entries;
static uint32_t first_generation; /* of a slot's first grant: an instance before us may have had ids of its own */

static int fail(int error)
{
  errno = error;
  return -1;
}

/* The generation of a slot is in its entry also while that is free: that of its next grant. */
static void prepare(cp_grant_t *from, cp_grant_t *end)
{
  for (; from < end; from++) {
    memset(from, 0, sizeof *from);
    from->tag = CPF_TAG;
    from->generation = first_generation;
  }
}

static int start(void)
{
  unsigned long uptime = 0;
  getuptime(&uptime);
  first_generation = uptime & LAST_GENERATION;
  prepare(first_table, first_table + FIRST_ENTRIES);
  first_table[0].flags = CPF_USED; /* SEF's: a new instance finds the state of the old one there, by an id that it knows */
  first_table[0].generation = 0;
  if (sys_setgrant(first_table, FIRST_ENTRIES) != 0) return fail(ENOSPC);
  table = first_table;
  entries = FIRST_ENTRIES;
  return 0;
}

static int grow(void)
{
  int more = (entries * 2 * sizeof *table + PAGE - 1) / PAGE * PAGE / sizeof *table;
  if (more > 0xFFFF) return fail(ENOSPC);
  cp_grant_t *larger = minix_mmap(0, more * sizeof *table, PROT_READ | PROT_WRITE, MAP_ANON, -1, 0);
  if (larger == MAP_FAILED) return fail(ENOSPC);
  memcpy(larger, table, entries * sizeof *table);
  prepare(larger + entries, larger + more);
  if (sys_setgrant(larger, more) != 0) {
    minix_munmap(larger, more * sizeof *table);
    return fail(ENOSPC);
  }
  if (table != first_table) minix_munmap(table, entries * sizeof *table);
  table = larger;
  entries = more;
  return 0;
}

static cp_grant_t *free_entry(void)
{
  if (!table && start() < 0) return 0;
  for (int slot = 1; ; slot++) {
    if (slot == entries && grow() < 0) return 0;
    if (!(table[slot].flags & CPF_USED)) return &table[slot];
  }
}

static cp_grant_t *entry_of(cp_grant_id_t grant)
{
  if (grant < 0 || SLOT(grant) >= entries) return 0;
  cp_grant_t *e = &table[SLOT(grant)];
  return (e->flags & CPF_USED) && e->generation == GENERATION(grant) ? e : 0;
}

static cp_grant_id_t id_of(const cp_grant_t *e) { return e->generation << 16 | (e - table); }

static int access_is_wrong(const void *address, size_t length, int access)
{
  if (access == 0 || access & ~ACCESS) return 1;
  return access & CPF_MAP && (((unsigned)address | length) & (PAGE - 1)) != 0;
}

static int set(cp_grant_t *e, int flags, int a, int b, int c, int d)
{
  e->flags = CPF_USED; /* no reader between two words finds a mixture */
  e->u.magic.from = a;
  e->u.magic.to = b;
  e->u.magic.start = c;
  e->u.magic.length = d;
  e->flags = CPF_USED | CPF_VALID | flags;
  return 0;
}

int cpf_setgrant_direct(cp_grant_id_t grant, endpoint_t to, const void *address, size_t length, int access)
{
  cp_grant_t *e = entry_of(grant);
  if (!e || access_is_wrong(address, length, access)) return fail(EINVAL);
  return set(e, CPF_DIRECT | access, to, (int)address, length, 0);
}

int cpf_setgrant_indirect(cp_grant_id_t grant, endpoint_t to, endpoint_t from, cp_grant_id_t other)
{
  cp_grant_t *e = entry_of(grant);
  if (!e) return fail(EINVAL);
  return set(e, CPF_INDIRECT, to, from, other, 0);
}

int cpf_setgrant_magic(cp_grant_id_t grant, endpoint_t to, endpoint_t from, const void *address, size_t length, int access)
{
  cp_grant_t *e = entry_of(grant);
  if (!e || access_is_wrong(address, length, access)) return fail(EINVAL);
  return set(e, CPF_MAGIC | access, from, to, (int)address, length);
}

int cpf_setgrant_disable(cp_grant_id_t grant)
{
  cp_grant_t *e = entry_of(grant);
  if (!e) return fail(EINVAL);
  e->flags = CPF_USED;
  return 0;
}

int cpf_getgrants(cp_grant_id_t *grants, int count)
{
  int n = 0;
  for (cp_grant_t *e; n < count && (e = free_entry()); n++) {
    e->flags = CPF_USED;
    grants[n] = id_of(e);
  }
  return n;
}

cp_grant_id_t cpf_grant_direct(endpoint_t to, const void *address, size_t length, int access)
{
  cp_grant_id_t grant;
  if (access_is_wrong(address, length, access)) return fail(EINVAL);
  if (cpf_getgrants(&grant, 1) != 1) return GRANT_INVALID;
  cpf_setgrant_direct(grant, to, address, length, access);
  return grant;
}

cp_grant_id_t cpf_grant_indirect(endpoint_t to, endpoint_t from, cp_grant_id_t other)
{
  cp_grant_id_t grant;
  if (cpf_getgrants(&grant, 1) != 1) return GRANT_INVALID;
  cpf_setgrant_indirect(grant, to, from, other);
  return grant;
}

cp_grant_id_t cpf_grant_magic(endpoint_t to, endpoint_t from, const void *address, size_t length, int access)
{
  cp_grant_id_t grant;
  if (access_is_wrong(address, length, access)) return fail(EINVAL);
  if (cpf_getgrants(&grant, 1) != 1) return GRANT_INVALID;
  cpf_setgrant_magic(grant, to, from, address, length, access);
  return grant;
}

int cpf_revoke(cp_grant_id_t grant)
{
  cp_grant_t *e = entry_of(grant);
  if (!e || SLOT(grant) == 0) return fail(EINVAL);
  if (e->flags & (CPF_MAP | CPF_INDIRECT)) {
    int r = sys_saferevmap_gid(grant);
    if (r != 0) return fail(-r);
  }
  uint32_t generation = (e->generation + 1) & LAST_GENERATION;
  memset(e, 0, sizeof *e);
  e->tag = CPF_TAG;
  e->generation = generation;
  return 0;
}

int cpf_lookup(cp_grant_id_t grant, endpoint_t *granter, endpoint_t *grantee)
{
  cp_grant_t *e = entry_of(grant);
  if (!e || !(e->flags & CPF_VALID)) return fail(EINVAL);
  if (e->flags & CPF_INDIRECT) return -1;
  *granter = e->flags & CPF_DIRECT ? SELF : e->u.magic.from;
  *grantee = e->flags & CPF_DIRECT ? e->u.direct.to : e->u.magic.to;
  return 0;
}

/* One word says where it lies: whoever reads it finds the one or the other. */
int _cpf_set_state(endpoint_t to, const void *address, size_t length)
{
  if (!table && start() < 0) return -errno;
  cp_grant_t *e = table;
  if (e->flags & CPF_VALID) {
    *(volatile uint32_t *)&e->u.direct.start = (uint32_t)address;
    return 0;
  }
  return set(e, CPF_DIRECT | CPF_READ, to, (int)address, length, 0);
}

int cpf_reload(void) { return table ? sys_setgrant(table, entries) : 0; }
