/* The requestor of the chain suite: three processes, of which the one in the middle passes on what the grantor lets it have. The
 * middle (`role=middle`) does what a grantor does, with FIFOs of its own; it dies in the last step. */
#include <errno.h>
#include "suite.h"

static endpoint_t middle;

static int poke(int at, int value) { return ask(OP_POKE, at, value, 0, 0); }

static int ask_middle(int op, int a, int b, int c, int d)
{
  other_partner();
  int r = ask(op, a, b, c, d);
  other_partner();
  return r;
}

static cp_grant_id_t middle_makes(int op, int a, int b, int c, int d) { return ask_middle(op, a, b, c, d) == 0 ? answered : GRANT_INVALID; }
static int middle_sees(int at) { return ask_middle(OP_PEEK, at, 0, 0, 0) == 0 ? answered : -1; }

/* Two links: the grantor's for the middle, the middle's for us. `access` is the first one's. */
static void make_links(cp_grant_id_t *first, cp_grant_id_t *second, int access)
{
  *first = make(middle, 0, BYTES, access);
  *second = middle_makes(OP_INDIRECT, sef_self(), partner, *first, 0);
}

/* Nothing of what the grantor writes from now on is seen at `at`, where `value` was. */
static void check_parted(int at, int value)
{
  poke(at, value + 1);
  check("what is kept", buf[at], value);
  buf[at] = value + 2;
  check("what the grantor has", ask_value(OP_PEEK, at, 0), value + 1);
}

/* A copy and a map through the middle, which has nothing of it itself. */
static void passed_on(void)
{
  cp_grant_id_t first, second;
  begin("PASSED_ON");
  make_links(&first, &second, CPF_READ | CPF_WRITE | CPF_MAP);
  poke(0, 10);
  check("copy", sys_safecopyfrom(middle, second, 0, spare, 8, D), 0);
  check("what came", spare[0], 10);
  check("map", sys_safemap(middle, second, 0, buf, BYTES, D, 1), 0);
  poke(1, 11);
  check("what is seen", buf[1], 11);
  buf[2] = 12;
  check("what the grantor sees", ask_value(OP_PEEK, 2, 0), 12);
  check("what the middle has", middle_sees(2) == 12, 0);
  check("the first is not for us", sys_safecopyfrom(partner, first, 0, spare, 8, D), -EPERM);
  check("revoke the first", ask(OP_REVOKE, first, 0, 0, 0), 0);
  check_parted(1, 11);
  check("a copy then", sys_safecopyfrom(middle, second, 0, spare, 8, D), -EPERM);
  check("a map then", sys_safemap(middle, second, 0, buf, BYTES, D, 1), -EPERM);
  check("revoke the second", ask_middle(OP_REVOKE, second, 0, 0, 0), 0);
  finish();
}

/* The middle ends it with its own link. */
static void middle_revokes(void)
{
  cp_grant_id_t first, second;
  begin("MIDDLE_REVOKES");
  make_links(&first, &second, CPF_READ | CPF_WRITE | CPF_MAP);
  poke(0, 30);
  check("map", sys_safemap(middle, second, 0, buf, BYTES, D, 1), 0);
  check("what is seen", buf[0], 30);
  check("revoke the second", ask_middle(OP_REVOKE, second, 0, 0, 0), 0);
  check_parted(0, 30);
  check("revoke the first", ask(OP_REVOKE, first, 0, 0, 0), 0);
  finish();
}

/* The middle sees the memory by a map, and grants what it sees. Whoever ends that ends ours, whatever the middle sees there later. */
static void view_of_view(void)
{
  begin("VIEW_OF_VIEW");
  for (int again = 0; again < 2; again++) {
    cp_grant_id_t first = make(middle, 0, BYTES, CPF_READ | CPF_WRITE | CPF_MAP), other = make(middle, 0, BYTES, CPF_READ | CPF_MAP);
    poke(0, 50);
    check("the middle's map", ask_middle(OP_MAP, partner, first, 1, 0), 0);
    cp_grant_id_t second = middle_makes(OP_GRANT, sef_self(), 0, BYTES, CPF_READ | CPF_WRITE | CPF_MAP);
    check("map", sys_safemap(middle, second, 0, buf, BYTES, D, 1), 0);
    buf[1] = 51;
    check("what the grantor sees", ask_value(OP_PEEK, 1, 0), 51);
    check("what the middle sees", middle_sees(1), 51);
    if (again) check("the middle's other map", ask_middle(OP_MAP, partner, other, 0, 0), 0);
    check("revoke the first", ask(OP_REVOKE, first, 0, 0, 0), 0);
    check_parted(1, 51);
    check("what the middle has", middle_sees(1), again ? 52 : 51);
    check("revoke the other", ask(OP_REVOKE, other, 0, 0, 0), 0);
    check("revoke the second", ask_middle(OP_REVOKE, second, 0, 0, 0), 0);
  }
  finish();
}

/* The middle writes what it has mapped to be read, and dies of it: nothing is written, and what was seen through it is over. */
static void middle_dies(void)
{
  cp_grant_id_t first, second;
  begin("MIDDLE_DIES");
  make_links(&first, &second, CPF_READ | CPF_MAP);
  poke(0, 70);
  check("the middle's map", ask_middle(OP_MAP, partner, first, 0, 0), 0);
  check("what the middle sees", middle_sees(0), 70);
  check("to be written", sys_safemap(middle, second, 0, buf, BYTES, D, 1), -EPERM);
  check("map", sys_safemap(middle, second, 0, buf, BYTES, D, 0), 0);
  check("what is seen", buf[0], 70);
  other_partner();
  int gone = ask_last(OP_POKE, 0, 99);
  other_partner();
  check("the middle has died", gone, 1);
  for (int i = 0; i < 1000 && sys_safecopyfrom(middle, second, 0, spare, 8, D) != -EINVAL; i++) ask(OP_PEEK, 0, 0, 0, 0); /* until it is buried */
  check("what the grantor has", ask_value(OP_PEEK, 0, 0), 70);
  check_parted(0, 70);
  check("a copy through it", sys_safecopyfrom(middle, second, 0, spare, 8, D), -EINVAL);
  check("revoke the first", ask(OP_REVOKE, first, 0, 0, 0), 0);
  finish();
}

int chain(void)
{
  other_partner();
  middle = ask(OP_END, sef_self(), 0, 0, 0);
  other_partner();
  passed_on();
  middle_revokes();
  view_of_view();
  middle_dies();
  ask_end();
  return conclude();
}
