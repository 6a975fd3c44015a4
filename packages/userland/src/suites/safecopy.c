/* The requestor of the safecopy suite: reference/rs-sef-ds-syslib.md 7.1, and every way that a copy is refused. */
#include <errno.h>
#include <string.h>
#include "suite.h"

static int from(cp_grant_id_t id, size_t offset, void *address, size_t bytes) { return sys_safecopyfrom(partner, id, offset, address, bytes, D); }
static int to(cp_grant_id_t id, size_t offset, const void *address, size_t bytes) { return sys_safecopyto(partner, id, offset, address, bytes, D); }

static void sizes(void)
{
  begin("SIZES");
  for (size_t bytes = 1; bytes <= 8 * PAGE; bytes *= 2) {
    buf[0] = 1;
    uint64_t start = read_tsc();
    int r = from(grant, 0, buf, bytes);
    unsigned cycles = read_tsc() - start;
    out("safecopy: size %u cycles %u\n", bytes, cycles);
    check("copy", r, 0);
    check("first byte", buf[0], 100);
  }
  finish();
}

static void bytes_both_ways(void)
{
  begin("BYTES");
  ask(OP_FILL, 0, BYTES, 3, 0);
  static const struct { size_t offset, bytes, at; } pieces[] = {
    { 0, BYTES, 0 }, { 1, 1, 77 }, { 4095, 2, 4094 }, { 100, 3 * PAGE, 100 }, { 100, 3 * PAGE, 101 }, { PAGE, 9 * PAGE, 2 * PAGE },
  };
  for (unsigned i = 0; i < sizeof pieces / sizeof *pieces; i++) {
    memset(buf, 0xEE, BYTES);
    check("copy", from(grant, pieces[i].offset, buf + pieces[i].at, pieces[i].bytes), 0);
    check("what came", sum(buf + pieces[i].at, pieces[i].bytes), ask_value(OP_SUM, pieces[i].offset, pieces[i].bytes));
    if (pieces[i].at > 0) check("before", buf[pieces[i].at - 1], 0xEE);
    if (pieces[i].at + pieces[i].bytes < BYTES) check("after", buf[pieces[i].at + pieces[i].bytes], 0xEE);
    fill(buf + pieces[i].at, pieces[i].bytes, 50 + i);
    check("copy back", to(grant, pieces[i].offset, buf + pieces[i].at, pieces[i].bytes), 0);
    check("what went", ask_value(OP_SUM, pieces[i].offset, pieces[i].bytes), sum(buf + pieces[i].at, pieces[i].bytes));
  }
  finish();
}

static void apart(void)
{
  begin("COW");
  ask(OP_FILL, 0, BYTES, 9, 0);
  check("copy", from(grant, 0, buf, BYTES), 0);
  int before = sum(buf, BYTES);
  ask(OP_POKE, 5 * PAGE, 1, 0, 0);
  check("the grantor's write is not seen", sum(buf, BYTES), before);
  buf[6 * PAGE] = 2;
  ask(OP_POKE, 5 * PAGE, (9 + 5 * PAGE * 7 + 5 * 16) & 255, 0, 0);
  check("the requestor's neither", ask_value(OP_SUM, 0, BYTES), before);
  finish();
}

static int set(cp_grant_id_t id, size_t offset, int byte, size_t bytes) { return sys_safememset(partner, id, offset, byte, bytes); }

static void filled(void)
{
  begin("MEMSET");
  ask(OP_FILL, 0, BYTES, 5, 0);
  fill(buf, BYTES, 5);
  check("set", set(grant, 8, 0x15a, 3 * PAGE), 0); /* the lowest byte counts */
  memset(buf + 8, 0x5a, 3 * PAGE);
  check("what is there", ask_value(OP_SUM, 0, BYTES), sum(buf, BYTES));
  check("past the end", set(grant, BYTES - 4, 1, 8), -EPERM);
  check("nothing", set(grant, 0, 1, 0), -EDOM);
  cp_grant_id_t read_only = make(sef_self(), 0, BYTES, CPF_READ);
  check("to be read", set(read_only, 0, 1, 8), -EPERM);
  check("revoke", ask(OP_REVOKE, read_only, 0, 0, 0), 0);
  check("an id that is gone", set(read_only, 0, 1, 8), -EPERM);
  check("nobody", sys_safememset(99999, grant, 0, 1, 8), -EINVAL);
  check("what is there still", ask_value(OP_SUM, 0, BYTES), sum(buf, BYTES));
  finish();
}

static void bounds(void)
{
  begin("BOUNDS");
  cp_grant_id_t id = make(sef_self(), 100, 1000, CPF_READ | CPF_WRITE);
  check("all", from(id, 0, buf, 1000), 0);
  check("the last byte", from(id, 999, buf, 1), 0);
  check("one more", from(id, 0, buf, 1001), -EPERM);
  check("behind", from(id, 1000, buf, 1), -EPERM);
  check("offset wraps", from(id, -1, buf, 2), -EPERM);
  check("length wraps", from(id, 1, buf, -1), -EPERM);
  check("nothing", from(id, 0, buf, 0), -EDOM);
  check("no memory here", from(id, 0, (void *)0xB0000000, 8), -EFAULT);
  check("no such granter", sys_safecopyfrom(30000, id, 0, buf, 1, D), -EINVAL);
  check("no id", from(-1, 0, buf, 1), -EINVAL);
  check("no slot", from(5000, 0, buf, 1), -EPERM);
  check("a slot that is free", from(900, 0, buf, 1), -EPERM);
  check("physical memory on our side", sys_safecopyfrom(partner, id, 0, buf, 1, 0x0400), -EINVAL);
  ask(OP_REVOKE, id, 0, 0, 0);
  finish();
}

static void access(void)
{
  begin("ACCESS");
  cp_grant_id_t r = make(sef_self(), 0, 100, CPF_READ), w = make(sef_self(), 0, 100, CPF_WRITE);
  cp_grant_id_t other = make(RS_PROC_NR, 0, 100, CPF_READ), any = make(ANY, 0, 100, CPF_READ);
  check("read what is to be read", from(r, 0, buf, 100), 0);
  check("write what is to be read", to(r, 0, buf, 100), -EPERM);
  check("write what is to be written", to(w, 0, buf, 100), 0);
  check("read what is to be written", from(w, 0, buf, 100), -EPERM);
  check("another's", from(other, 0, buf, 100), -EPERM);
  check("everybody's", from(any, 0, buf, 100), 0);
  check("not to be mapped", sys_safemap(partner, r, 0, buf, PAGE, D, 0), -EPERM);
  check("rights that are none", ask(OP_GRANT, sef_self(), 0, 8, 0x20), -EINVAL);
  check("a page, not aligned", ask(OP_GRANT, sef_self(), 8, PAGE, CPF_READ | CPF_MAP), -EINVAL);
  check("half a page", ask(OP_GRANT, sef_self(), 0, PAGE / 2, CPF_READ | CPF_MAP), -EINVAL);
  cp_grant_id_t magic = ask_value(OP_MAGIC, sef_self(), partner);
  check("magic can be made", GRANT_VALID(magic), 1);
  check("but counts of VFS only", from(magic, 0, buf, 8), -EPERM);
  finish();
}

static void vector(void)
{
  begin("VECTOR");
  ask(OP_FILL, 0, BYTES, 30, 0);
  memset(buf, 0, BYTES);
  struct vscp_vec v[3] = { { partner, SELF, grant, 0, buf, 10 }, { partner, SELF, grant, 20, buf + 10, 10 }, { SELF, partner, grant, 40, buf, 20 } };
  check("three", sys_vsafecopy(v, 3), 0);
  check("what went", ask_value(OP_SUM, 40, 20), sum(buf, 20));
  memset(buf, 0, 100);
  v[1].v_gid = 5000;
  check("an error", sys_vsafecopy(v, 3), -EPERM);
  check("what came before", buf[0] != 0 && buf[10] == 0, 1);
  v[0].v_from = SELF;
  check("both SELF", sys_vsafecopy(v, 1), -EINVAL);
  v[0].v_from = v[0].v_to = partner;
  check("none SELF", sys_vsafecopy(v, 1), -EINVAL);
  check("none", sys_vsafecopy(v, 0), -EINVAL);
  check("too many", sys_vsafecopy(v, 65), -EINVAL);
  finish();
}

static void indirect(void)
{
  struct chain c;
  begin("INDIRECT");
  for (int hops = 1; hops <= 6; hops++) {
    make_chain(&c, hops);
    ask(OP_POKE, 0, 40 + hops, 0, 0);
    buf[0] = 0;
    check("copy", sys_safecopyfrom(c.makers[hops], c.links[hops], 0, buf, 8, D), hops <= 5 ? 0 : -ELOOP);
    check("what came", buf[0], hops <= 5 ? 40 + hops : 0);
    if (hops > 1) check("not the last link", sys_safecopyfrom(c.makers[hops - 1], c.links[hops - 1], 0, buf, 8, D), -EPERM);
    check("the direct one is for its holder", sys_safecopyfrom(partner, c.links[0], 0, buf, 8, D), hops % 2 == 0 ? 0 : -EPERM);
    end_chain(&c);
  }
  for (int gone = 0; gone <= 3; gone++) {
    make_chain(&c, 3);
    check("whole", sys_safecopyfrom(c.makers[3], c.links[3], 0, buf, 8, D), 0);
    cp_grant_id_t last = c.links[3];
    check("revoke a link", revoke_link(&c, gone), 0);
    check("broken", sys_safecopyfrom(c.makers[3], last, 0, buf, 8, D), -EPERM);
    end_chain(&c);
  }
  finish();
}

static void revoked(void)
{
  begin("REVOKE");
  cp_grant_id_t ids[20];
  for (int i = 0; i < 20; i++) {
    ids[i] = make(sef_self(), i, 1, CPF_READ);
    check("copy", from(ids[i], 0, buf, 1), 0);
    for (int old = 0; old < i; old++) check("an old id of a slot that is in use again", from(ids[old], 0, buf, 1), -EPERM);
    check("revoke", ask(OP_REVOKE, ids[i], 0, 0, 0), 0);
    check("the id", from(ids[i], 0, buf, 1), -EPERM);
    check("twice", ask(OP_REVOKE, ids[i], 0, 0, 0), -EINVAL);
  }
  finish();
}

int safecopy(void)
{
  sizes();
  bytes_both_ways();
  apart();
  filled();
  bounds();
  access();
  vector();
  indirect();
  revoked();
  ask_end();
  return conclude();
}
