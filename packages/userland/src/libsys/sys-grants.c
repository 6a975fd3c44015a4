/* Kernel calls about grants: reference/kernel.md 3.8. */
#include <minix/syslib.h>
#include <string.h>

enum {
  SYS_SAFECOPYFROM = 31, SYS_SAFECOPYTO, SYS_VSAFECOPY, SYS_SETGRANT, SYS_SAFEMAP = 47, SYS_SAFEREVMAP, SYS_SAFEUNMAP, SYS_SAFEMEMSET = 56,
};

static int copy(int call, endpoint_t granter, cp_grant_id_t grant, size_t offset, const void *address, size_t bytes, int segment)
{
  message m;
  m.m2_i1 = granter;
  m.m2_i2 = segment;
  m.m2_i3 = grant;
  m.m2_l1 = offset;
  m.m2_p1 = (int)address;
  m.m2_l2 = bytes;
  return _kernel_call(call, &m);
}

int sys_safecopyfrom(endpoint_t granter, cp_grant_id_t grant, size_t offset, void *address, size_t bytes, int segment)
{
  return copy(SYS_SAFECOPYFROM, granter, grant, offset, address, bytes, segment);
}

int sys_safecopyto(endpoint_t granter, cp_grant_id_t grant, size_t offset, const void *address, size_t bytes, int segment)
{
  return copy(SYS_SAFECOPYTO, granter, grant, offset, address, bytes, segment);
}

int sys_vsafecopy(struct vscp_vec *elements, int count)
{
  message m;
  m.m2_p1 = (int)elements;
  m.m2_l2 = count;
  return _kernel_call(SYS_VSAFECOPY, &m);
}

int sys_safememset(endpoint_t granter, cp_grant_id_t grant, size_t offset, int byte, size_t bytes)
{
  message m;
  m.m2_i1 = granter;
  m.m2_i2 = byte;
  m.m2_i3 = grant;
  m.m2_l1 = offset;
  m.m2_l2 = bytes;
  return _kernel_call(SYS_SAFEMEMSET, &m);
}

int sys_setgrant(cp_grant_t *table, int entries)
{
  message m;
  m.m2_p1 = (int)table;
  m.m2_i2 = entries;
  return _kernel_call(SYS_SETGRANT, &m);
}

int sys_safemap(endpoint_t granter, cp_grant_id_t grant, size_t offset, void *address, size_t bytes, int segment, int writable)
{
  message m;
  m.m2_i1 = granter;
  m.m2_i2 = grant;
  m.m2_i3 = offset;
  m.m2_p1 = segment;
  m.m2_l1 = (int)address;
  m.m2_l2 = bytes;
  m.m2_s1 = writable;
  return _kernel_call(SYS_SAFEMAP, &m);
}

static int take_back(int by_grant, int what)
{
  message m;
  m.m2_s1 = by_grant;
  m.m2_i2 = what;
  return _kernel_call(SYS_SAFEREVMAP, &m);
}

int sys_saferevmap_gid(cp_grant_id_t grant) { return take_back(1, grant); }
int sys_saferevmap_addr(const void *address) { return take_back(0, (int)address); }

int sys_safeunmap(int segment, const void *address)
{
  message m;
  m.m2_p1 = segment;
  m.m2_l1 = (int)address;
  return _kernel_call(SYS_SAFEUNMAP, &m);
}
