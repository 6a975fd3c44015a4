/* Eats memory. `touch`: maps much and writes every page, until the system ends it. `ask`: asks for memory that must be there, 256 KB at
   a time, until it is refused; prints what it got. `break`: the same through the break. `yield N`: gives VM N pages under ids, waits. */
#include "../programs/abi.h"

#define PREALLOC 0x8
#define STEP (256 * 1024)

static int yield_page(u32 address, int id)
{
  message m = {{0, 0, -1, -1, 4096, 0, id, (int)address}};
  return call(VM, 0xc19, &m);
}

int main(int argc, char **argv, char **envp)
{
  int got = 0;
  if (same(argv[1], "touch")) {
    u32 at = mmap(0, 512 * 1024 * 1024, MAP_ANON, -1);
    for (u32 i = 0; i < 512u * 1024 * 1024; i += 4096) ((volatile char *)at)[i] = 1;
    put("it fitted\n");
    return 0;
  }
  if (same(argv[1], "ask")) {
    u32 at;
    while (!is_error(at = mmap(0, STEP, MAP_ANON | PREALLOC, -1))) got++;
    put("got "), put_number(got), put(" pieces, then error "), put_number(-(int)at), put("\n");
    return 0;
  }
  if (same(argv[1], "yield")) {
    int pages = 0;
    for (char *p = argv[2]; *p; p++) pages = pages * 10 + *p - '0';
    u32 at = mmap(0, 4096, MAP_ANON, -1);
    for (int i = 0; i < pages; i++) {
      *(volatile int *)at = i;
      yield_page(at, i);
    }
    put("yielded\n");
    for (;;) sleep_ms(60000);
  }
  put("usage: eat touch|ask|yield N\n");
  return 2;
}
