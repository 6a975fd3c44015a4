// kconform: what IPC and kernel calls do for a guest program. Each result is a pair (number of the check, value); the hosted
// version, hosted.ts, makes the same checks in the same order. checks.ts says what they are, by checklist id.
typedef unsigned int u32;
typedef struct { int source, type, words[7]; } message;

enum { SEND = 1, RECEIVE = 2, SENDREC = 3, NOTIFY = 4, SENDNB = 5, SENDA = 16 };
enum { ANY = 0x7ace, SELF = 0x8ace, CLOCK = -3, SYSTEM = -2, ASYNCM = -5, SERVER = 1, BASE = 0x600 };

volatile int results[1024] __attribute__((section(".results"), aligned(4096)));
volatile int work[2048] __attribute__((section(".work"), aligned(4096))); // messages and data of the script
#include "script.h"
static int count;

static void note(int check, int value) {
  results[count++] = check;
  results[count++] = value;
}

static int status;
static int ipc(int call, int partner, void *buffer) {
  int result;
  __asm__ volatile("int $33" : "=a"(result), "=b"(status) : "a"(partner), "b"(buffer), "c"(call) : "memory");
  return result;
}
static int kernel(int number, message *m) {
  m->type = BASE + number;
  __asm__ volatile("int $32" : : "a"(m) : "memory");
  return m->type;
}
static message zero(void) {
  message m;
  for (u32 i = 0; i < sizeof m / 4; i++) ((volatile int *)&m)[i] = 0;
  return m;
}

static struct { u32 flags; int to, result; message m; } table[2];
static struct { u32 flags; int to; u32 start, length, unused[5]; } grants[2];
static unsigned char bytes[64];

static void conform(void) {
  message m = zero();
  // K01: the primitives and their errors
  m.type = 1;
  note(1, ipc(SENDREC, SERVER, &m));
  note(2, m.type);
  note(3, m.source);
  m.type = 5;
  note(4, ipc(SEND, SERVER, &m));
  note(5, ipc(RECEIVE, SERVER, &m));
  note(6, m.type);
  note(7, status);
  note(8, ipc(9, SERVER, &m));
  note(9, ipc(SEND, ANY, &m));
  note(10, ipc(SEND, 4711, &m));
  note(11, ipc(RECEIVE, 4711, &m));
  note(12, ipc(SEND, SYSTEM, &m));
  note(13, ipc(SENDA, 5000, table));
  m.type = 2;
  note(14, ipc(SENDREC, SERVER, &m));
  note(15, ipc(RECEIVE, ANY, &m));
  note(16, m.type);
  note(17, status);
  // K02: who waits for us is no one to wait for
  m.type = 3;
  note(20, ipc(SENDREC, SERVER, &m));
  note(21, ipc(SEND, SERVER, &m) == 0 ? 0 : -1);
  // K03: asynchronous messages
  table[0].flags = 1 | 4;
  table[0].to = SERVER;
  table[0].m.type = 7;
  table[1].flags = 1;
  table[1].to = 4711;
  table[1].m.type = 8;
  note(30, ipc(SENDA, 2, table));
  note(31, ipc(RECEIVE, ASYNCM, &m));
  note(32, table[0].result);
  note(33, table[0].flags & 2);
  note(34, table[1].result);
  // K06: kernel calls
  m = zero();
  note(40, kernel(12, &m));
  note(41, kernel(63, &m));
  m.words[0] = 4711;
  note(42, kernel(6, &m)); // kill
  m = zero();
  m.words[0] = SELF;
  note(43, kernel(25, &m)); // times
  m = zero();
  m.words[2] = 19; // getinfo: whoami
  note(44, kernel(26, &m));
  note(45, m.words[0]);
  note(46, m.words[1]);
  // K31: alarms
  m = zero();
  m.words[3] = 2;
  note(50, kernel(24, &m));
  note(51, ipc(RECEIVE, CLOCK, &m));
  note(52, m.type);
  note(53, m.source);
  // K23: grants
  grants[0].flags = 0x1000 | 0x100 | 0x200 | 1;
  grants[0].to = SERVER;
  grants[0].start = (u32)bytes;
  grants[0].length = 8;
  bytes[0] = 42;
  m = zero();
  m.words[5] = (int)grants;
  m.words[1] = 1;
  note(60, kernel(34, &m)); // setgrant
  m = zero();
  m.type = 4;
  note(61, ipc(SENDREC, SERVER, &m));
  note(62, m.type);
  note(63, m.words[0]);
  note(64, m.words[1]);
  // K30: what no privilege allows
  m = zero();
  m.words[0] = SELF;
  m.words[1] = 99;
  note(70, kernel(4, &m)); // privctl
  m = zero();
  m.words[2] = 0x11;
  m.words[3] = 0x71;
  note(71, kernel(21, &m)); // devio: any port, the list of ranges is not consulted
}

// Takes the steps of steps.ts, which the hosted version takes too, and keeps what each notes from results[257] on.
static void run_script(void) {
  volatile int *m = work;
  int at = 257;
  for (const int *step = script; step[0] != 0; step += STEP_WORDS) {
    const int *words = step + 6;
    volatile int *memory = (volatile int *)step[1];
    if (step[0] == 3) for (int i = 0; i < step[5]; i++) memory[i] = words[i];
    if (step[0] == 4) for (int i = 0; i < step[2]; i++) results[at++] = memory[i];
    if (step[0] > 2) continue;
    m[0] = step[0] == 2 ? step[2] : 0;
    for (int i = 0; i < 8; i++) m[i + 1] = i < step[5] ? words[i] : 0;
    int result;
    if (step[0] == 1) result = ipc(step[1], step[2], (void *)step[3]);
    else {
      __asm__ volatile("int $32" : : "a"(m) : "memory");
      result = m[1];
    }
    if (step[4] & 1 << 9) results[at++] = result;
    if (step[4] & 1 << 10) results[at++] = status;
    for (int i = 0; i < 9; i++) if (step[4] & 1 << i) results[at++] = m[i];
  }
  results[256] = at - 257;
}

void _start(void) {
  conform();
  run_script();
  message m;
  results[255] = count;
  for (;;) ipc(RECEIVE, 2, &m);
}
