/* The safecopy and safemap suites in C: a grantor that does what it is asked, or with an endpoint as argument a requestor. */
typedef struct { int source, type, w[7]; } message;
enum { ANY = 0x7ace, RS = 2, SEND = 1, RECEIVE = 2, SENDREC = 3, NOTIFY = 4, SENDNB = 5, RS_INIT = 0x714, PAGE = 4096, PAGES = 8, BUFFER = PAGE * PAGES };
enum { GRANT = 0x1001, GET, SET, REVOKE };

static unsigned char space[BUFFER + PAGE];
static int table[4][9];
static unsigned char *buf;

static int ipc(int call, int partner, message *m, int *status)
{
  int result = partner, second = (int)m;
  __asm__ volatile("int $33" : "+a"(result), "+b"(second) : "c"(call) : "memory", "edx", "esi", "edi");
  if (status) *status = second;
  return result;
}
static int kernel(int number, message *m)
{
  int r;
  m->type = 0x600 + number;
  __asm__ volatile("int $32" : "=a"(r) : "0"(m) : "ebx", "ecx", "edx", "memory");
  return m->type;
}
static void print(const char *what, int value, int wanted)
{
  static char line[100];
  message m = {0};
  char *p = line;
  const char *head = value == wanted ? "PAIR: ok " : "PAIR: FAIL ";
  while (*head) *p++ = *head++;
  while (*what) *p++ = *what++;
  *p++ = ' ';
  if (value < 0) { *p++ = '-'; value = -value; }
  for (int d = 1000000, any = 0; d; d /= 10) if ((any |= value / d % 10) || d == 1) *p++ = '0' + value / d % 10;
  *p++ = '\n';
  m.w[0] = 1, m.w[1] = p - line, m.w[3] = (int)line;
  kernel(44, &m);
}
static int safemap(int from, int grant)
{
  message m = {0};
  m.w[0] = from, m.w[1] = grant, m.w[2] = 0, m.w[5] = 1, m.w[3] = (int)buf, m.w[4] = BUFFER;
  *(short *)&m.w[6] = 1;
  return kernel(47, &m);
}
static int copy(int from, int grant, int bytes)
{
  message m = {0};
  m.w[0] = from, m.w[1] = 1, m.w[2] = grant, m.w[3] = 0, m.w[5] = (int)buf, m.w[4] = bytes;
  return kernel(31, &m);
}
static int unmap(void)
{
  message m = {0};
  m.w[5] = 1, m.w[3] = (int)buf;
  return kernel(49, &m);
}
static int ask(int who, int what, int value)
{
  message m = {0};
  m.type = what, m.w[0] = value;
  int r = ipc(SENDREC, who, &m, 0);
  return r ? r : m.w[0];
}
static void request(int grantor)
{
  int grant = ask(grantor, GRANT, 0);
  print("grant", grant >= 0, 1);
  ask(grantor, SET, 100);
  for (int bytes = 1; bytes <= BUFFER; bytes *= 2) {
    buf[0] = 1;
    if (copy(grantor, grant, bytes) || buf[0] != 100) print("safecopy", bytes, 0);
  }
  print("safecopy past the end", copy(grantor, grant, BUFFER + 1), -1);
  ask(grantor, SET, 20);
  print("map", safemap(grantor, grant), 0);
  print("MAP sees", buf[0], 20);
  buf[0] = 10;
  print("MAP is seen", ask(grantor, GET, 0), 10);
  print("unmap", unmap(), 0);
  ask(grantor, SET, 20);
  print("UNMAP keeps", buf[0], 10);
  print("map again", safemap(grantor, grant), 0);
  print("sees", buf[0], 20);
  print("revoke", ask(grantor, REVOKE, 21), 0);
  print("REVOKE keeps", buf[0], 20);
  buf[0] = 10;
  print("REVOKE parts", ask(grantor, GET, 0), 21);
  print("done", 1, 1);
}
static void serve(message *m)
{
  switch (m->type) {
  case GRANT:
    table[1][0] = 0x1300 | 7, table[1][1] = m->source, table[1][2] = (int)buf, table[1][3] = BUFFER;
    { message k = {0}; k.w[5] = (int)table, k.w[1] = 4; m->w[0] = kernel(34, &k) ? -1 : 1; }
    break;
  case GET: m->w[0] = buf[0]; break;
  case SET: buf[0] = m->w[0]; break;
  case REVOKE: { message k = {0}; *(short *)&k.w[6] = 1, k.w[1] = 1; int r = kernel(48, &k); buf[0] = m->w[0]; m->w[0] = r; } break;
  }
  m->type = 0;
}
static int number(const char *s)
{
  int n = 0;
  while (*s >= '0' && *s <= '9') n = n * 10 + *s++ - '0';
  return n;
}
void start(int argc, char **argv)
{
  message m;
  int status, grantor = argc > 1 ? number(argv[1]) : 0;
  buf = (unsigned char *)(((int)space + PAGE - 1) & -PAGE);
  for (;;) {
    if (ipc(RECEIVE, ANY, &m, &status) != 0) continue;
    int call = status & 0x3f, from = m.source;
    if (call == NOTIFY) {
      if (from == RS) ipc(NOTIFY, RS, &m, 0);
    } else if (m.type == RS_INIT && from == RS) {
      m.w[0] = 0;
      ipc(SENDREC, RS, &m, 0);
      if (grantor) request(grantor);
    } else if (call == SENDREC) {
      serve(&m);
      ipc(SENDNB, from, &m, 0);
    }
  }
}
__asm__(".globl _start\n_start:\n mov (%esp),%eax\n lea 4(%esp),%ecx\n push %ecx\n push %eax\n call start\n");
