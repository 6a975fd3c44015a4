// Integer loops for the CPU benchmark. No library: exits with int 0x80, eax 1, ebx a checksum.
typedef unsigned int u32;
typedef unsigned char u8;

static u32 table[65536];
static u8 flags[1 << 20];

static u32 fib(u32 n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

static u32 sieve(u32 rounds) {
  u32 count = 0;
  while (rounds--) {
    for (u32 i = 0; i < sizeof flags; i++) flags[i] = 1;
    for (u32 i = 2; i < sizeof flags; i++)
      if (flags[i]) {
        count++;
        for (u32 j = i * 2; j < sizeof flags; j += i) flags[j] = 0;
      }
  }
  return count;
}

static u32 mix(u32 rounds) {
  u32 a = 1, b = 2, c = 3, d = 4;
  while (rounds--) {
    a += (b << 7) | (b >> 25);
    b ^= a * 2654435761u;
    c -= b & a;
    d = (d >> 3) + (c ^ (d << 5));
    if ((d & 7) == 3) a ^= c;
    table[rounds & 65535] += a ^ d;
  }
  return a ^ b ^ c ^ d;
}

static u32 memory(u32 rounds) {
  u32 sum = 0;
  while (rounds--)
    for (u32 i = 0; i < 65536; i++) {
      table[i] = table[(i * 17) & 65535] + i;
      sum += table[i];
    }
  return sum;
}

static const u8 program[] = {0, 1, 2, 3, 1, 4, 2, 0, 3, 5};
static u32 bytecode(u32 rounds) {
  u32 acc = 0, x = 1;
  while (rounds--)
    for (u32 pc = 0; pc < sizeof program; pc++) switch (program[pc]) {
        case 0: acc += x; break;
        case 1: x = x * 3 + 1; break;
        case 2: acc ^= x; break;
        case 3: x >>= 1; break;
        case 4: acc -= 7; break;
        case 5: x |= 1; break;
      }
  return acc ^ x;
}

typedef unsigned long long u64;
static u32 wide(u32 rounds) {
  u64 a = 1, b = 2;
  while (rounds--) {
    a += b * 3 + (b >> 7);
    b -= a ^ (a << 9);
    if (a < b) a += rounds;
  }
  return (u32)(a ^ b ^ (b >> 32));
}

static u32 text(u32 rounds) {
  u32 words = 0, hash = 5381;
  static char line[] = "the quick brown fox jumps over the lazy dog, again and again and again";
  while (rounds--) {
    int in = 0;
    for (const char *p = line; *p; p++) {
      hash = hash * 33 + (u8)*p;
      if (*p == ' ' || *p == ',') in = 0;
      else if (!in) in = 1, words++;
    }
    line[rounds % 60] ^= (char)(hash & 1);
  }
  return words + hash;
}

void _start(void) {
  u32 sum;
#if PROGRAM == 0
  sum = mix(3000000);
#elif PROGRAM == 1
  sum = sieve(3);
#elif PROGRAM == 2
  sum = memory(80);
#elif PROGRAM == 3
  sum = fib(30);
#elif PROGRAM == 5
  sum = wide(1500000);
#elif PROGRAM == 6
  sum = text(120000);
#else
  sum = bytecode(700000);
#endif
  __asm__ volatile("int $0x80" : : "a"(1), "b"(sum & 0xff));
  for (;;);
}
