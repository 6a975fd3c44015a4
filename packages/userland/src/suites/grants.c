/* The library of grants by itself (checklist L02): create, set, revoke, look up, grow, and the alignment of grants to map. The
 * kernel judges: this service reads its own memory through its own grants. */
#include <errno.h>
#include <sys/mman.h>
#include "suite.h"

#define MANY 300
static cp_grant_id_t ids[MANY];

static int read_through(cp_grant_id_t id)
{
  unsigned char byte = 0;
  int r = sys_safecopyfrom(sef_self(), id, 0, &byte, 1, D);
  return r != 0 ? r : byte;
}

static void create_and_grow(void)
{
  begin("GROW");
  fill(buf, BYTES, 0);
  for (int i = 0; i < MANY; i++) {
    ids[i] = cpf_grant_direct(sef_self(), buf + i, 1, CPF_READ);
    check("an id", GRANT_VALID(ids[i]), 1);
    for (int old = 0; old < i; old += 17) check("one that was there", read_through(ids[old]), buf[old]);
  }
  for (int i = 0; i < MANY; i++) check("what it stands for", read_through(ids[i]), buf[i]);
  finish();
}

static void look_up(void)
{
  endpoint_t from = NONE, to = NONE;
  begin("LOOKUP");
  check("direct", cpf_lookup(ids[7], &from, &to), 0);
  check("of ours", from, SELF);
  check("to us", to, sef_self());
  cp_grant_id_t magic = cpf_grant_magic(DS_PROC_NR, TTY_PROC_NR, buf, 10, CPF_READ);
  check("magic", cpf_lookup(magic, &from, &to), 0);
  check("of whom", from, TTY_PROC_NR);
  check("to whom", to, DS_PROC_NR);
  cp_grant_id_t indirect = cpf_grant_indirect(sef_self(), sef_self(), ids[7]);
  check("indirect", cpf_lookup(indirect, &from, &to), -1);
  check("but good", read_through(indirect), buf[7]);
  check("none", cpf_lookup(99999, &from, &to), -1);
  check("negative", cpf_lookup(-5, &from, &to), -1);
  check("revoke", cpf_revoke(magic) | cpf_revoke(indirect), 0);
  check("gone", cpf_lookup(magic, &from, &to), -1);
  finish();
}

static void set(void)
{
  cp_grant_id_t two[2];
  begin("SET");
  check("reserve", cpf_getgrants(two, 2), 2);
  check("means nothing yet", read_through(two[0]), -EPERM);
  check("set", cpf_setgrant_direct(two[0], sef_self(), buf + 50, 1, CPF_READ), 0);
  check("means that", read_through(two[0]), buf[50]);
  check("set again", cpf_setgrant_direct(two[0], sef_self(), buf + 60, 1, CPF_READ), 0);
  check("means this", read_through(two[0]), buf[60]);
  check("pass on", cpf_setgrant_indirect(two[1], sef_self(), sef_self(), two[0]), 0);
  check("means the same", read_through(two[1]), buf[60]);
  check("switch off", cpf_setgrant_disable(two[0]), 0);
  check("means nothing", read_through(two[0]), -EPERM);
  check("nor does that", read_through(two[1]), -EPERM);
  check("magic", cpf_setgrant_magic(two[0], sef_self(), sef_self(), buf, 1, CPF_READ), 0);
  check("is VFS's", read_through(two[0]), -EPERM);
  check("revoke", cpf_revoke(two[0]) | cpf_revoke(two[1]), 0);
  check("set what is gone", cpf_setgrant_direct(two[0], sef_self(), buf, 1, CPF_READ), -1);
  check("why", errno, EINVAL);
  finish();
}

static void align(void)
{
  begin("ALIGN");
  check("address", cpf_grant_direct(ANY, buf + 4, PAGE, CPF_READ | CPF_MAP), GRANT_INVALID);
  check("why", errno, EINVAL);
  check("length", cpf_grant_direct(ANY, buf, PAGE - 1, CPF_READ | CPF_MAP), GRANT_INVALID);
  check("magic", cpf_grant_magic(ANY, sef_self(), buf + 1, PAGE, CPF_MAP), GRANT_INVALID);
  check("set", cpf_setgrant_direct(ids[3], ANY, buf, 5, CPF_READ | CPF_MAP), -1);
  check("what was there stays", read_through(ids[3]), buf[3]);
  check("no rights", cpf_grant_direct(ANY, buf, 1, 0), GRANT_INVALID);
  check("other rights", cpf_grant_direct(ANY, buf, 1, CPF_READ | 8), GRANT_INVALID);
  cp_grant_id_t whole = cpf_grant_direct(sef_self(), buf, PAGE, CPF_READ | CPF_MAP);
  check("a whole page", read_through(whole), buf[0]);
  check("revoke", cpf_revoke(whole), 0);
  finish();
}

static void revoke(void)
{
  begin("REVOKE");
  for (int i = 0; i < MANY; i++) {
    cp_grant_id_t old = ids[i];
    check("revoke", cpf_revoke(old), 0);
    check("revoke again", cpf_revoke(old), -1);
    ids[i] = cpf_grant_direct(sef_self(), buf + i + 1, 1, CPF_READ);
    check("another id", ids[i] != old, 1);
    check("in the same place", ids[i] & 0xFFFF, old & 0xFFFF);
    check("the old one is refused", read_through(old), -EPERM);
    check("the new one is good", read_through(ids[i]), buf[i + 1]);
  }
  for (int i = 0; i < MANY; i++) check("revoke", cpf_revoke(ids[i]), 0);
  for (int i = 0; i < MANY; i++) check("refused", read_through(ids[i]), -EPERM);
  finish();
}

/* Physical memory is no grant, but the kernel's to allow as well: what RS, or we as we may, have put on our list. */
static void physical(void)
{
  struct mem_range screen = { 0xB8000, 0xB8FFF };
  begin("PHYS");
  check("not ours", sys_privquery_mem(sef_self(), screen.base, PAGE), -EPERM);
  check("not to be mapped", vm_map_phys(SELF, screen.base, PAGE) == MAP_FAILED, 1);
  check("why", errno, EPERM);
  check("ours", sys_privctl(sef_self(), SYS_PRIV_ADD_MEM, &screen), 0);
  check("all of it", sys_privquery_mem(sef_self(), screen.base, PAGE), 0);
  check("one byte before", sys_privquery_mem(sef_self(), screen.base - 1, PAGE), -EPERM);
  check("one byte more", sys_privquery_mem(sef_self(), screen.base, PAGE + 1), -EPERM);
  volatile char *one = vm_map_phys(SELF, screen.base, PAGE), *two = vm_map_phys(SELF, screen.base + 16, 32);
  check("mapped twice", one != MAP_FAILED && two != MAP_FAILED, 1);
  if (one == MAP_FAILED || two == MAP_FAILED) return finish();
  one[20] = 'x';
  check("the same", two[4], 'x');
  check("for another process", vm_map_phys(DS_PROC_NR, screen.base, PAGE) == MAP_FAILED, 1);
  check("the next page", vm_map_phys(SELF, screen.base + PAGE, PAGE) == MAP_FAILED, 1);
  check("unmap", vm_unmap_phys(SELF, (void *)one) | vm_unmap_phys(SELF, (void *)two), 0);
  check("twice", vm_unmap_phys(SELF, (void *)one), -EINVAL);
  finish();
}

int grants(void)
{
  buf = pages(BYTES);
  create_and_grow();
  look_up();
  set();
  align();
  revoke();
  physical();
  return conclude();
}
