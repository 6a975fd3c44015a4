// What gcc makes of ordinary C, on the host's processor (as 64-bit code, which every host runs) and on ours: prints one checksum a part.
#ifdef __x86_64__
enum { WRITE = 1, EXIT = 60 };
static void call(long number, long a, const void *b, long c) {
  __asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
}
#else
enum { WRITE = 4, EXIT = 1 };
static void call(long number, long a, const void *b, long c) {
  __asm__ volatile("int $0x80" : "+a"(number) : "b"(a), "c"(b), "d"(c) : "memory");
}
#endif
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

void *memcpy(void *to, const void *from, __SIZE_TYPE__ n) {
  u8 *t = to;
  const u8 *f = from;
  while (n--) *t++ = *f++;
  return to;
}
void *memset(void *to, int c, __SIZE_TYPE__ n) {
  u8 *t = to;
  while (n--) *t++ = (u8)c;
  return to;
}

static void print(u32 value) {
  char text[9];
  for (int i = 7; i >= 0; i--, value >>= 4) text[i] = "0123456789abcdef"[value & 15];
  text[8] = '\n';
  call(WRITE, 1, text, 9);
}

static u32 seed = 12345;
static u32 rnd(void) {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  return seed ^= seed << 5;
}

struct mixed { u8 a; short b; int c : 5; u32 d : 11; u64 e; u16 f[3]; signed char g; };

static u32 structs(void) {
  struct mixed all[20], copy;
  u32 sum = 0;
  memset(all, 0, sizeof all);
  for (int i = 0; i < 20; i++) {
    all[i].a = rnd(); all[i].b = rnd(); all[i].c = rnd(); all[i].d = rnd(); all[i].e = ((u64)rnd() << 32) | rnd();
    all[i].f[i % 3] = rnd(); all[i].g = rnd();
    copy = all[i];
    sum = sum * 31 + copy.a + copy.b + copy.c + copy.d + (u32)(copy.e >> 13) + copy.f[i % 3] + copy.g;
  }
  return sum;
}

static u32 wide(void) {
  s64 a = 1;
  u64 b = 3;
  for (int i = 0; i < 500; i++) {
    a = a * (s64)(int)rnd() + (s64)(int)rnd();
    b = (b << (rnd() & 63)) | (b >> 7);
    b += (u64)a ^ rnd();
    if (a < (s64)b) a -= b >> 5; else a = -a;
    b -= (u64)(a >> (rnd() & 63));
  }
  return (u32)a ^ (u32)(a >> 32) ^ (u32)b ^ (u32)(b >> 32);
}

static u32 small(void) {
  u8 a = 1; signed char b = 2; u16 c = 3; short d = 4;
  u32 sum = 0;
  for (int i = 0; i < 2000; i++) {
    a += rnd(); b ^= a; c = (u16)(c * 7 + b); d -= c;
    a = (u8)((a << 3) | (a >> 5)); c = (u16)((c >> 9) | (c << 7)); d >>= 1; b = (signed char)(b / 3);
    if (b > (signed char)a) sum += d; else if (c <= (u16)d) sum -= a;
    sum += (u32)(a < (u8)c) + (u32)(b >= d) * 2 + d % 7 + c / 11;
  }
  return sum ^ a ^ (u32)b ^ c ^ (u32)d;
}

static u32 divisions(void) {
  u32 sum = 0;
  for (int i = 0; i < 3000; i++) {
    int a = (int)rnd(), b = (int)rnd() >> (rnd() & 31);
    u32 x = rnd(), y = rnd() >> (rnd() & 31);
    if (b != 0 && b != -1) sum += a / b ^ a % b;
    if (y != 0) sum -= x / y + x % y;
    sum += a / 10 + a % 1000 + x / 7 + a / -3 + (a >> 3) / 16;
  }
  return sum;
}

static int op_add(int a, int b) { return a + b; }
static int op_sub(int a, int b) { return a - b; }
static int op_mul(int a, int b) { return a * b; }
static int op_shl(int a, int b) { return (int)((u32)a << (b & 31)); }
static int (*const ops[])(int, int) = {op_add, op_sub, op_mul, op_shl};

static u32 control(void) {
  u32 sum = 0;
  for (int i = 0; i < 4000; i++) {
    u32 r = rnd();
    switch (r % 13) {
      case 0: sum += 1; break;
      case 1: sum ^= r; break;
      case 2: sum -= 77; /* fall through */
      case 3: sum *= 3; break;
      case 5: continue;
      case 7: sum = ~sum; break;
      case 8: sum = (sum >> 16) | (sum << 16); break;
      case 11: sum = __builtin_bswap32(sum); break;
      case 12: sum += (u32)__builtin_ctz(r | 0x80000000u) + (u32)__builtin_clz(r | 1); break;
      default: sum = (u32)ops[r & 3]((int)sum, (int)r >> 5);
    }
    sum += (r & 0x10) && (sum & 4) ? (int)r < 0 : (r > sum || !(r & 3));
  }
  return sum;
}

static int compare(const void *a, const void *b) { return *(const int *)a < *(const int *)b ? -1 : *(const int *)a > *(const int *)b; }

static void sort(int *base, int low, int high, int (*order)(const void *, const void *)) {
  if (low >= high) return;
  int pivot = base[(low + high) / 2], i = low, j = high;
  while (i <= j) {
    while (order(&base[i], &pivot) < 0) i++;
    while (order(&base[j], &pivot) > 0) j--;
    if (i <= j) { int t = base[i]; base[i++] = base[j]; base[j--] = t; }
  }
  sort(base, low, j, order);
  sort(base, i, high, order);
}

static u32 sorting(void) {
  int numbers[500];
  u32 sum = 0;
  for (int i = 0; i < 500; i++) numbers[i] = (int)rnd();
  sort(numbers, 0, 499, compare);
  for (int i = 0; i < 500; i++) sum = sum * 33 + (u32)numbers[i];
  return sum;
}

static u32 strings(void) {
  char text[300], other[300];
  u32 sum = 0;
  for (int i = 0; i < 299; i++) text[i] = (char)('a' + rnd() % 26);
  text[299] = 0;
  memcpy(other, text, 300);
  other[rnd() % 299] = '!';
  for (const char *a = text, *b = other; *a && *a == *b; a++, b++) sum++;
  for (const char *p = text; *p; p++) sum = (sum ^ (u8)*p) * 16777619u;
  return sum;
}

static u32 variable(int n, ...) {
  __builtin_va_list list;
  u32 sum = 0;
  __builtin_va_start(list, n);
  while (n--) sum = sum * 5 + __builtin_va_arg(list, u32);
  __builtin_va_end(list);
  return sum;
}

static u32 dynamic(u32 n) {
  u32 numbers[n & 31 | 1];
  for (u32 i = 0; i < (n & 31 | 1); i++) numbers[i] = rnd() >> i;
  return numbers[(n & 31 | 1) / 2] + (n == 0 ? 0 : dynamic(n - 1));
}

__attribute__((force_align_arg_pointer)) void _start(void) {
  print(structs());
  print(wide());
  print(small());
  print(divisions());
  print(control());
  print(sorting());
  print(strings());
  print(variable(5, 1, 2, rnd(), 4, rnd()));
  print(dynamic(40));
  call(EXIT, 0, 0, 0);
  for (;;);
}
