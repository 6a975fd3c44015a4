/* What gcc calls for 64-bit division on a 32-bit machine. */
#include <stdint.h>

uint64_t __udivmoddi4(uint64_t n, uint64_t d, uint64_t *rest)
{
  uint64_t quotient = 0, r = 0;
  if (!(n >> 32) && !(d >> 32)) {
    if (rest) *rest = (uint32_t)n % (uint32_t)d;
    return (uint32_t)n / (uint32_t)d;
  }
  if (!(d >> 32)) { /* two steps of the machine's own 64 by 32 division */
    uint32_t high = n >> 32, q1 = high / (uint32_t)d, r1 = high % (uint32_t)d, q0, r0;
    __asm__("divl %4" : "=a"(q0), "=d"(r0) : "a"((uint32_t)n), "d"(r1), "rm"((uint32_t)d));
    if (rest) *rest = r0;
    return (uint64_t)q1 << 32 | q0;
  }
  for (int i = 63; i >= 0; i--) {
    r = r << 1 | ((n >> i) & 1);
    if (r >= d) {
      r -= d;
      quotient |= (uint64_t)1 << i;
    }
  }
  if (rest) *rest = r;
  return quotient;
}

uint64_t __udivdi3(uint64_t n, uint64_t d) { return __udivmoddi4(n, d, 0); }

uint64_t __umoddi3(uint64_t n, uint64_t d)
{
  uint64_t rest;
  __udivmoddi4(n, d, &rest);
  return rest;
}

int64_t __divdi3(int64_t n, int64_t d)
{
  uint64_t q = __udivmoddi4(n < 0 ? -(uint64_t)n : n, d < 0 ? -(uint64_t)d : d, 0);
  return (n < 0) != (d < 0) ? -q : q;
}

int64_t __moddi3(int64_t n, int64_t d)
{
  uint64_t rest;
  __udivmoddi4(n < 0 ? -(uint64_t)n : n, d < 0 ? -(uint64_t)d : d, &rest);
  return n < 0 ? -rest : rest;
}
