/* The requestor of the safemap suite: reference/rs-sef-ds-syslib.md 7.3. Where a process can fork, its pages become copy-on-write
 * by that; in any case a copy of all of them does it too. */
#include <errno.h>
#include <sys/mman.h>
#include "suite.h"

#define R_VALUE 10
#define G_VALUE 20
#define G_NEXT 21

static int map_all(void) { return sys_safemap(partner, grant, 0, buf, BYTES, D, 1); }
static int poke(int value) { return ask(OP_POKE, 0, value, 0, 0); }
static int peek(void) { return ask_value(OP_PEEK, 0, 0); }
static int take_back(void) { return ask(OP_REVMAP, grant, 0, 0, 0); }

static void map(void)
{
  begin("MAP");
  poke(G_VALUE);
  check("map", map_all(), 0);
  check("what is seen", buf[0], G_VALUE);
  buf[0] = R_VALUE;
  check("unmap", sys_safeunmap(D, buf), 0);
  check("what the grantor sees", peek(), R_VALUE);
  finish();
}

static void unmap(void)
{
  begin("UNMAP");
  poke(G_VALUE);
  check("what is kept", buf[0], R_VALUE);
  check("map", map_all(), 0);
  check("what the grantor has", peek(), G_VALUE);
  finish();
}

static void revoke(void)
{
  begin("REVOKE");
  check("revoke", take_back(), 0);
  poke(G_NEXT);
  check("what is kept", buf[0], G_VALUE);
  buf[0] = R_VALUE;
  check("what the grantor has", peek(), G_NEXT);
  finish();
}

static int sees_10(void) { return buf[0] == R_VALUE ? 0 : 1; }

static void smap_cow(void)
{
  begin("SMAP_COW");
  check("map", map_all(), 0);
  buf[0] = R_VALUE;
  check("fork", fork_child(sees_10), 0);
  cp_grant_id_t id = make(sef_self(), 0, BYTES, CPF_READ);
  check("copy of what is mapped", sys_safecopyfrom(partner, id, 0, spare, BYTES, D), 0);
  ask(OP_REVOKE, id, 0, 0, 0);
  poke(G_VALUE);
  check("the child", release_child(), 0);
  check("what is seen", buf[0], G_VALUE);
  check("what was copied", spare[0], R_VALUE);
  check("what the grantor has", peek(), G_VALUE);
  finish();
}

static void cow_smap(void)
{
  begin("COW_SMAP");
  check("revoke", take_back(), 0);
  poke(G_NEXT);
  int forked = ask(OP_FORK, 0, 0, 0, 0);
  if (forked != -ENOSYS) check("fork", forked, 0); /* a hosted grantor cannot */
  check("copy of the pages", sys_safecopyfrom(partner, grant, 0, spare, BYTES, D), 0);
  buf[0] = R_VALUE;
  check("map", map_all(), 0);
  if (forked == 0) check("the child", ask(OP_RELEASE, 0, 0, 0, 0), 0);
  spare[0] = 22;
  check("what is seen", buf[0], G_NEXT);
  check("what the grantor has", peek(), G_NEXT);
  poke(G_VALUE);
  check("what is seen then", buf[0], G_VALUE);
  check("what was copied", spare[0], 22);
  finish();
}

static void cow_smap2(void)
{
  begin("COW_SMAP2");
  check("revoke", take_back(), 0);
  buf[0] = R_VALUE;
  check("copy", sys_safecopyto(partner, grant, 0, buf, BYTES, D), 0);
  check("map", map_all(), 0);
  check("what is seen", buf[0], R_VALUE);
  check("what the grantor has", peek(), R_VALUE);
  buf[1] = 77;
  check("what is written", ask_value(OP_PEEK, 1, 0), 77);
  finish();
}

static void alignment(void)
{
  begin("ALIGNMENT");
  check("address", sys_safemap(partner, grant, 0, buf + 8, PAGE, D, 1), -EINVAL);
  check("offset", sys_safemap(partner, grant, 8, buf, PAGE, D, 1), -EINVAL);
  check("length", sys_safemap(partner, grant, 0, buf, 100, D, 1), -EINVAL);
  check("past the end", sys_safemap(partner, grant, PAGE, buf, BYTES, D, 1), -EPERM);
  cp_grant_id_t read_only = make(sef_self(), 0, PAGE, CPF_READ | CPF_MAP);
  check("to be written", sys_safemap(partner, read_only, 0, buf, PAGE, D, 1), -EPERM);
  check("to be read", sys_safemap(partner, read_only, 0, buf, PAGE, D, 0), 0);
  check("and no more", ask(OP_REVOKE, read_only, 0, 0, 0), 0);
  check("nothing mapped", sys_safeunmap(D, spare), 0);
  finish();
}

/* What is mapped to be read is not written for us by anybody else either. */
static void read_only(void)
{
  begin("READONLY");
  ask(OP_FILL, 0, BYTES, 60, 0);
  int before = ask_value(OP_SUM, 0, BYTES);
  fill(spare, BYTES, 61);
  cp_grant_id_t other = make(sef_self(), 0, BYTES, CPF_READ | CPF_MAP);
  check("map", sys_safemap(partner, other, 0, buf, BYTES, D, 0), 0);
  check("what is seen", sum(buf, BYTES), before);
  check("a short copy", sys_safecopyfrom(partner, grant, 8, buf, 8, D), -EFAULT);
  check("a long one", sys_safecopyfrom(partner, grant, 0, buf, BYTES, D), -EFAULT);
  check("what is seen then", sum(buf, BYTES), before);
  check("what the grantor has", ask_value(OP_SUM, 0, BYTES), before);
  check("revoke", ask(OP_REVOKE, other, 0, 0, 0), 0);
  check("then it is ours", sys_safecopyfrom(partner, grant, 8, buf, 8, D), 0);
  finish();
}

/* A fork on either side leaves the map as it was: both go on to see each other. */
static void forked(void)
{
  begin("FORK");
  check("map", map_all(), 0);
  poke(G_VALUE);
  buf[0] = R_VALUE;
  check("fork", fork_child(sees_10), 0);
  int there = ask(OP_FORK, 0, 0, 0, 0);
  poke(G_NEXT);
  check("what is seen", buf[0], G_NEXT);
  buf[1] = 78;
  check("what the grantor sees", ask_value(OP_PEEK, 1, 0), 78);
  if (there == 0) check("its child", ask(OP_RELEASE, 0, 0, 0, 0), 0);
  check("our child", release_child(), 0);
  check("what is seen", buf[0], G_NEXT);
  buf[0] = R_VALUE;
  check("what the grantor has", peek(), R_VALUE);
  check("revoke", take_back(), 0);
  finish();
}

/* Either side may give up the pages: the other keeps what it has, and taking back what is gone is no error. */
static void given_up(void)
{
  unsigned char *area = pages(4 * PAGE);
  begin("MUNMAP");
  ask(OP_FILL, 0, BYTES, 90, 0);
  int before = ask_value(OP_SUM, 0, 4 * PAGE);
  check("map", sys_safemap(partner, grant, 0, area, 4 * PAGE, D, 1), 0);
  check("give up half", minix_munmap(area, 2 * PAGE), 0);
  check("revoke", take_back(), 0);
  check("what the grantor has", ask_value(OP_SUM, 0, 4 * PAGE), before);
  check("map", sys_safemap(partner, grant, 12 * PAGE, buf, 4 * PAGE, D, 1), 0);
  before = sum(buf, 4 * PAGE);
  check("the grantor gives up", ask(OP_MUNMAP, 14 * PAGE, 2 * PAGE, 0, 0), 0);
  check("what is kept", sum(buf, 4 * PAGE), before);
  buf[3 * PAGE] = 1;
  check("what is gone there", sys_safecopyfrom(partner, grant, 15 * PAGE, spare, 8, D), -EFAULT);
  check("unmap", sys_safeunmap(D, buf), 0);
  check("revoke", take_back(), 0);
  finish();
}

/* Every page by itself, each to another place; one revocation ends all. */
static void single_pages(void)
{
  begin("PAGES");
  check("revoke", take_back(), 0);
  ask(OP_FILL, 0, BYTES, 1, 0);
  for (int i = 0; i < PAGES; i++) check("map", sys_safemap(partner, grant, (PAGES - 1 - i) * PAGE, buf + i * PAGE, PAGE, D, 1), 0);
  for (int i = 0; i < PAGES; i++) {
    ask(OP_POKE, i * PAGE, 100 + i, 0, 0);
    check("a page", buf[(PAGES - 1 - i) * PAGE], 100 + i);
  }
  check("revoke by address", ask(OP_REVMAP_AT, 3 * PAGE, 0, 0, 0), 0);
  ask(OP_POKE, 3 * PAGE, 1, 0, 0);
  ask(OP_POKE, 4 * PAGE, 2, 0, 0);
  check("revoked", buf[(PAGES - 1 - 3) * PAGE], 103);
  check("not revoked", buf[(PAGES - 1 - 4) * PAGE], 2);
  check("unmap one", sys_safeunmap(D, buf + PAGE), 0);
  ask(OP_POKE, (PAGES - 2) * PAGE, 3, 0, 0);
  check("unmapped", buf[PAGE], 100 + PAGES - 2);
  check("revoke all", take_back(), 0);
  for (int i = 0; i < PAGES; i++) ask(OP_POKE, i * PAGE, 7, 0, 0);
  for (int i = 0; i < PAGES; i++) check("kept", buf[i * PAGE] != 7, 1);
  finish();
}

/* Who made any link of a chain may end what is mapped through it. */
static void indirect(void)
{
  struct chain c;
  begin("INDIRECT");
  for (int hops = 1; hops <= 4; hops++) {
    for (int gone = 0; gone <= hops; gone++) {
      make_chain(&c, hops);
      poke(G_VALUE);
      check("map", sys_safemap(c.makers[hops], c.links[hops], 0, buf, BYTES, D, 1), 0);
      buf[0] = R_VALUE;
      check("what the grantor sees", peek(), R_VALUE);
      check("revoke a link", revoke_link(&c, gone), 0);
      poke(G_NEXT);
      check("what is kept", buf[0], R_VALUE);
      end_chain(&c);
    }
  }
  finish();
}

int safemap(void)
{
  map();
  unmap();
  revoke();
  smap_cow();
  cow_smap();
  cow_smap2();
  alignment();
  single_pages();
  indirect();
  read_only();
  forked();
  given_up();
  ask_end();
  return conclude();
}
