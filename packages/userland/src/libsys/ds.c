/* The client of DS: reference/rs-sef-ds-syslib.md 4. */
#include <errno.h>
#include <minix/ds.h>
#include <minix/syslib.h>
#include <string.h>

enum { DS_PUBLISH = 0x800, DS_RETRIEVE, DS_SUBSCRIBE, DS_CHECK, DS_DELETE, DS_SNAPSHOT, DS_RETRIEVE_LABEL };
#define REPEATS 8 /* of a request that may be sent again after DS died over it */

/* Sends a request about a key; the grant for it lives as long as the call. */
static int about_key(int number, const char *key, size_t length, int access, int flags, message *m)
{
  cp_grant_id_t grant = cpf_grant_direct(DS_PROC_NR, key, length, access);
  if (!GRANT_VALID(grant)) return -errno;
  message request = *m;
  int r, tries = 0, once = number == DS_PUBLISH || number == DS_SNAPSHOT;
  do {
    *m = request;
    m->m2_i1 = grant;
    m->m2_s1 = length;
    m->m2_i2 = flags;
    r = _taskcall(DS_PROC_NR, number, m);
  } while (r == -EDEADSRCDST && !once && tries++ < REPEATS);
  cpf_revoke(grant);
  return r;
}

static int by_name(int number, const char *name, int flags, message *m) { return about_key(number, name, strlen(name) + 1, CPF_READ, flags, m); }

static int delete(const char *name, int type)
{
  message m = { 0 };
  return by_name(DS_DELETE, name, type, &m);
}

static int publish_number(const char *name, int value, int flags)
{
  message m = { .m2_l1 = value };
  return by_name(DS_PUBLISH, name, flags, &m);
}

static int retrieve_number(const char *name, int type, int *value)
{
  message m = { 0 };
  int r = by_name(DS_RETRIEVE, name, type, &m);
  if (r == 0) *value = m.m2_l1;
  return r;
}

static int publish_bytes(const char *name, const void *address, size_t length, int flags)
{
  cp_grant_id_t grant = cpf_grant_direct(DS_PROC_NR, address, length, CPF_READ);
  if (!GRANT_VALID(grant)) return -errno;
  message m = { .m2_l1 = grant, .m2_l2 = length };
  int r = by_name(DS_PUBLISH, name, flags, &m);
  cpf_revoke(grant);
  return r;
}

static int retrieve_bytes(const char *name, void *address, size_t *length, int flags, int number)
{
  cp_grant_id_t grant = cpf_grant_direct(DS_PROC_NR, address, *length, CPF_WRITE);
  if (!GRANT_VALID(grant)) return -errno;
  message m = { .m2_l1 = grant, .m2_l2 = *length, .m2_i3 = number };
  int r = by_name(DS_RETRIEVE, name, flags, &m);
  cpf_revoke(grant);
  if (r == 0 && (size_t)m.m2_l2 < *length) *length = m.m2_l2;
  return r;
}

int ds_publish_u32(const char *name, uint32_t value, int flags) { return publish_number(name, value, flags | DSF_TYPE_U32); }
int ds_retrieve_u32(const char *name, uint32_t *value) { return retrieve_number(name, DSF_TYPE_U32, (int *)value); }
int ds_delete_u32(const char *name) { return delete(name, DSF_TYPE_U32); }

int ds_publish_label(const char *name, endpoint_t value, int flags) { return publish_number(name, value, flags | DSF_TYPE_LABEL); }
int ds_retrieve_label_endpt(const char *name, endpoint_t *value) { return retrieve_number(name, DSF_TYPE_LABEL, value); }
int ds_delete_label(const char *name) { return delete(name, DSF_TYPE_LABEL); }

int ds_retrieve_label_name(char *name, endpoint_t value)
{
  message m = { .m2_l1 = value };
  return about_key(DS_RETRIEVE_LABEL, name, DS_MAX_KEYLEN, CPF_WRITE, 0, &m);
}

int ds_publish_str(const char *name, const char *value, int flags)
{
  return publish_bytes(name, value, strlen(value) + 1, flags | DSF_TYPE_STR);
}

int ds_retrieve_str(const char *name, char *value, size_t length)
{
  size_t got = length + 1;
  int r = retrieve_bytes(name, value, &got, DSF_TYPE_STR, 0);
  if (r == 0 && got > 0) value[got - 1] = 0;
  return r;
}

int ds_delete_str(const char *name) { return delete(name, DSF_TYPE_STR); }

int ds_publish_mem(const char *name, const void *address, size_t length, int flags) { return publish_bytes(name, address, length, flags | DSF_TYPE_MEM); }
int ds_retrieve_mem(const char *name, void *address, size_t *length) { return retrieve_bytes(name, address, length, DSF_TYPE_MEM, 0); }
int ds_delete_mem(const char *name) { return delete(name, DSF_TYPE_MEM); }

/* Grants behind what we have published: they live as long as the entry does. */
static struct { char name[DS_MAX_KEYLEN]; cp_grant_id_t grant; } maps[16];

int ds_publish_map(const char *name, const void *address, size_t length, int flags)
{
  unsigned i = 0;
  if (strlen(name) >= DS_MAX_KEYLEN) return -EINVAL;
  while (i < 16 && maps[i].name[0]) i++;
  if (i == 16) return -ENOMEM;
  cp_grant_id_t grant = cpf_grant_direct(DS_PROC_NR, address, length, CPF_READ | CPF_MAP);
  if (!GRANT_VALID(grant)) return -errno;
  message m = { .m2_l1 = grant, .m2_l2 = length };
  int r = by_name(DS_PUBLISH, name, flags | DSF_TYPE_MAP, &m);
  if (r != 0) return cpf_revoke(grant), r;
  strcpy(maps[i].name, name);
  maps[i].grant = grant;
  return 0;
}

int ds_snapshot_map(const char *name, int *number)
{
  message m = { 0 };
  int r = by_name(DS_SNAPSHOT, name, DSF_TYPE_MAP, &m);
  if (r == 0) *number = m.m2_i3;
  return r;
}

int ds_retrieve_map(const char *name, void *address, size_t *length, int number, int mode)
{
  if (mode == DSMF_COPY_MAPPED || mode == DSMF_COPY_SNAPSHOT) return retrieve_bytes(name, address, length, DSF_TYPE_MAP | mode, number);
  message m = { .m2_l2 = *length };
  int r = by_name(DS_RETRIEVE, name, DSF_TYPE_MAP | mode, &m);
  if (r != 0) return r;
  if ((size_t)m.m2_l2 < *length) *length = m.m2_l2;
  *length &= -4096;
  return sys_safemap(DS_PROC_NR, m.m2_l1, 0, address, *length, D, 0);
}

int ds_delete_map(const char *name)
{
  int r = delete(name, DSF_TYPE_MAP);
  for (unsigned i = 0; r == 0 && i < 16; i++) {
    if (strcmp(maps[i].name, name) != 0) continue;
    maps[i].name[0] = 0;
    return cpf_revoke(maps[i].grant) < 0 ? -errno : 0; /* who saw it keeps what was there */
  }
  return r;
}

int ds_subscribe(const char *pattern, int flags)
{
  message m = { 0 };
  return by_name(DS_SUBSCRIBE, pattern, flags, &m);
}

int ds_check(char *key, int *type, endpoint_t *owner)
{
  message m = { 0 };
  int r = about_key(DS_CHECK, key, DS_MAX_KEYLEN, CPF_WRITE, 0, &m);
  if (r != 0) return r;
  *type = m.m2_i2;
  *owner = m.m2_i3;
  return 0;
}
