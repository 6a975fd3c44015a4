/* The requestor of the safeperf suite. With pages=, map=, write= as in MINIX (reference/rs-sef-ds-syslib.md 7.2): 100 times so many pages are
 * copied or mapped and each is touched. Without: a table of the time of one copy of 1 byte to 4 MB, where both addresses lie at the same
 * place in their page, so that the kernel may share whole pages, and where they do not, so that it copies; and with a write to each
 * page afterwards. marks=1 says in the kernel's messages when a copy begins and ends. */
#include <minix/syslib.h>
#include <stdlib.h>
#include "suite.h"

#define MOST 0x400000
#define ASIDE 64                      /* another place in the page */
#define ROUNDS 3
#define TIMES 100

static unsigned char *room;
static unsigned per_100_us;           /* cycles of the counter */

static void calibrate(void)
{
  unsigned long now, start;
  getuptime(&start);
  do getuptime(&now); while (now == start);
  uint64_t cycles = read_tsc();
  do getuptime(&start); while (start < now + 6);
  per_100_us = (read_tsc() - cycles) / 1000; /* 6 ticks are 100 ms */
}

/* Hundredths of a microsecond. */
static unsigned hundredths(uint64_t cycles) { return cycles * 10000 / per_100_us; }

struct cost { unsigned copy, written; };

static struct cost measure(unsigned char *at, size_t bytes, int marks)
{
  struct cost best = { ~0u, ~0u };
  for (int round = 0; round < ROUNDS; round++) {
    for (size_t i = 0; i < bytes; i += PAGE) at[i] = round; /* its pages are its own */
    at[bytes - 1] = round;
    if (marks && round == ROUNDS - 1) kprintf("safeperf: begin %u\n", bytes);
    uint64_t start = read_tsc();
    int r = sys_safecopyfrom(partner, grant, 0, at, bytes, D);
    uint64_t copied = read_tsc();
    if (marks && round == ROUNDS - 1) kprintf("safeperf: end %u\n", bytes);
    uint64_t again = read_tsc();
    for (size_t i = 0; i < bytes; i += PAGE) at[i]++;
    uint64_t end = read_tsc();
    check("copy", r, 0);
    unsigned copy = hundredths(copied - start), written = hundredths(copied - start + end - again);
    if (copy < best.copy) best.copy = copy;
    if (written < best.written) best.written = written;
  }
  return best;
}

static struct { size_t bytes; struct cost plain, shared; } rows[23];

static void print_table(void)
{
  out("safeperf: %8s %12s %12s %16s %16s\n", "bytes", "copied us", "shared us", "copied+write us", "shared+write us");
  for (int i = 0; i < 23; i++) {
    struct cost plain = rows[i].plain, shared = rows[i].shared;
    out("safeperf: %8u %9u.%02u %9u.%02u %13u.%02u %13u.%02u\n", rows[i].bytes, plain.copy / 100, plain.copy % 100, shared.copy / 100,
        shared.copy % 100, plain.written / 100, plain.written % 100, shared.written / 100, shared.written % 100);
  }
}

/* Nothing is printed meanwhile: whoever reads it would run between. */
static void table(int marks)
{
  size_t wins = 0;
  int loss = 0;
  room = pages(MOST + PAGE);
  calibrate();
  ask(OP_TOUCH, MOST, 0, 0, 0);
  begin("TABLE");
  for (int i = 0; i < 23; i++) {
    rows[i].bytes = 1 << i;
    rows[i].plain = measure(room + ASIDE, rows[i].bytes, marks);
    rows[i].shared = measure(room, rows[i].bytes, marks);
    int plain = rows[i].plain.copy, more = ((int)rows[i].shared.copy - plain) * 100 / plain;
    if (more > loss) loss = more;
    if (more >= 0) wins = 0;
    else if (wins == 0 && more < -5) wins = rows[i].bytes;
  }
  finish();
  print_table();
  begin("SHARING");
  check("takes less time from some length on", wins != 0, 1);
  check("never takes 10 % more", loss < 10, 1);
  finish();
  out("safeperf: sharing takes less time from %u bytes on; elsewhere it takes at most %d %% more\n", wins, loss);
}

/* As MINIX has it: microseconds a page, in hundredths. */
static void original(unsigned count, int map, int write)
{
  uint64_t total = 0;
  volatile unsigned char *at;
  room = pages(50 * PAGE);
  calibrate();
  begin("PAGES");
  for (int i = 0; i < TIMES; i++) {
    uint64_t start = read_tsc();
    int r = map ? sys_safemap(partner, grant, 0, room, count * PAGE, D, 1) : sys_safecopyfrom(partner, grant, 0, room, count * PAGE, D);
    for (at = room; at < room + count * PAGE; at += PAGE) {
      if (write) *at = i;
      else (void)*at;
    }
    total += read_tsc() - start;
    check("copy or map", r, 0);
    if (map) check("unmap", sys_safeunmap(D, room), 0);
  }
  finish();
  unsigned each = hundredths(total) / TIMES / count;
  out("safeperf: pages %u map %d write %d: %u.%02u us a page\n", count, map, write, each / 100, each % 100);
}

int safeperf(void)
{
  int count = atoi(argument("pages", "0")), map = atoi(argument("map", "0")), write = atoi(argument("write", "0"));
  if (count < 0 || count > 50 || (map & ~1) != 0 || (write & ~1) != 0) panic("usage: safeperf [pages=1..50 map=0|1 write=0|1] [marks=1]");
  if (count > 0) original(count, map, write);
  else table(atoi(argument("marks", "0")));
  ask_end();
  return conclude();
}
