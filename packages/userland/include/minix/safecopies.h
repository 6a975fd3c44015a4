/* Grants: what other processes may do with memory of this one, by an id (docs/grants.md).
 *
 * An id is generation << 16 | slot: the kernel refuses one that was revoked, also when its slot is in use again. Slot 0 is SEF's.
 * Every function that fails gives -1 (GRANT_INVALID where it gives an id) with errno: EINVAL for rights that are none, for a
 * grant to map (CPF_MAP) whose address or length is no multiple of a page, and for an id that is not in use; ENOSPC where the
 * table cannot grow. */
#ifndef MINIX_SAFECOPIES_H
#define MINIX_SAFECOPIES_H
#include <stddef.h>
#include <stdint.h>
#include <minix/ipc.h>

typedef int cp_grant_id_t;
#define GRANT_INVALID (-1)
#define GRANT_VALID(g) ((g) > GRANT_INVALID)

/* Rights, to be or-ed. */
#define CPF_READ 0x0001
#define CPF_WRITE 0x0002
#define CPF_MAP 0x0004
/* What an entry is. */
#define CPF_USED 0x0100
#define CPF_DIRECT 0x0200
#define CPF_INDIRECT 0x0400
#define CPF_MAGIC 0x0800
#define CPF_VALID 0x1000

/* An entry as the kernel reads it. The tag says that the generation counts. */
typedef struct {
  int32_t flags;
  union {
    struct { endpoint_t to; uint32_t start, length; } direct;
    struct { endpoint_t to, from; cp_grant_id_t grant; } indirect;
    struct { endpoint_t from, to; uint32_t start, length; } magic;
  } u;
  uint32_t tag, generation, reserved[2];
} cp_grant_t;
_Static_assert(sizeof(cp_grant_t) == 36, "cp_grant_t");
#define CPF_TAG 0x47656E21

/* New grants: of own memory; of a grant that `from` made to us; of memory of a third process (the kernel honors VFS's only). */
cp_grant_id_t cpf_grant_direct(endpoint_t to, const void *address, size_t length, int access);
cp_grant_id_t cpf_grant_indirect(endpoint_t to, endpoint_t from, cp_grant_id_t grant);
cp_grant_id_t cpf_grant_magic(endpoint_t to, endpoint_t from, const void *address, size_t length, int access);
/* Takes a grant back: what was mapped through it is unmapped first; where that fails the grant stays. */
int cpf_revoke(cp_grant_id_t grant);
/* Who grants, and to whom; -1 for an indirect grant. */
int cpf_lookup(cp_grant_id_t grant, endpoint_t *granter, endpoint_t *grantee);

/* Ids that mean nothing yet: gives how many there are. Then each may be set, again and again, and switched off. */
int cpf_getgrants(cp_grant_id_t *grants, int count);
int cpf_setgrant_direct(cp_grant_id_t grant, endpoint_t to, const void *address, size_t length, int access);
int cpf_setgrant_indirect(cp_grant_id_t grant, endpoint_t to, endpoint_t from, cp_grant_id_t other);
int cpf_setgrant_magic(cp_grant_id_t grant, endpoint_t to, endpoint_t from, const void *address, size_t length, int access);
int cpf_setgrant_disable(cp_grant_id_t grant);

/* Tells the kernel where the table lies; a child of fork() has to. */
int cpf_reload(void);

/* SEF's: grant 0 is over this memory from now on. */
int _cpf_set_state(endpoint_t to, const void *address, size_t length);

#endif
