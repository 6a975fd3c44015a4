/* Integer work of the usual mixture: a sieve, a checksum, sorting. Prints how many cycles it took; a cycle is an instruction. */
#include "abi.h"

static u8 sieve[200000];
static u32 numbers[20000];

static u64 cycles(void) { u32 low, high; asm volatile(".byte 0x0f, 0x31" : "=a"(low), "=d"(high)); return (u64)high << 32 | low; }

static u32 work(void)
{
  u32 sum = 0, state = 1;
  for (u32 i = 2; i < sizeof sieve; i++) {
    if (sieve[i]) continue;
    sum += i;
    for (u32 j = i * 2; j < sizeof sieve; j += i) sieve[j] = 1;
  }
  for (u32 i = 0; i < 20000; i++) numbers[i] = state = state * 1664525 + 1013904223;
  for (u32 gap = 10000; gap > 0; gap /= 2)
    for (u32 i = gap; i < 20000; i++) {
      u32 one = numbers[i], j = i;
      for (; j >= gap && numbers[j - gap] > one; j -= gap) numbers[j] = numbers[j - gap];
      numbers[j] = one;
    }
  for (u32 i = 0; i < sizeof sieve; i++) {
    sum ^= sieve[i];
    for (int bit = 0; bit < 8; bit++) sum = sum & 1 ? sum >> 1 ^ 0xedb88320 : sum >> 1;
  }
  memset(sieve, 0, sizeof sieve);
  return sum;
}

int main(int argc, char **argv, char **envp)
{
  u32 sum = work(); /* every page is there now */
  sleep_ms(50);
  put("begin\n");
  sleep_ms(50);
  u64 before = cycles();
  for (int i = 0; i < 3; i++) sum += work();
  int kilo = (u32)(cycles() - before) / 1000;
  put("end "), put_number(kilo), put("\n");
  return sum == 0;
}
