/* Signals with handlers: delivery, masks, nesting, the registers, exceptions, timers, interrupted calls. */
#include "abi.h"

static volatile int count, order[16], orders, last, code, depth, deepest;

static void note(int sig, int why, struct sigcontext *context)
{
  last = sig, code = why, count++;
  if (orders < 16) order[orders++] = sig;
}

static void basics(void)
{
  struct sigaction act = {note, 0, 0}, old;
  expect(sigaction(SIGUSR1, &act, &old), 0);
  expect((int)old.handler, 0);
  count = 0;
  expect(kill(getpid(), SIGUSR1), 0);
  expect(count, 1), expect(last, SIGUSR1), expect(code, 0);
  kill(getpid(), SIGUSR1);
  expect(count, 2); /* a handler stays */
  act.handler = SIG_IGN;
  expect(sigaction(SIGUSR1, &act, &old), 0);
  expect((int)old.handler, (int)note);
  kill(getpid(), SIGUSR1);
  expect(count, 2);
  act.handler = note, act.flags = SA_RESETHAND;
  sigaction(SIGUSR1, &act, 0);
  kill(getpid(), SIGUSR1);
  expect(count, 3);
  sigaction(SIGUSR1, 0, &old);
  expect((int)old.handler, 0);
  expect(sigaction(0, &act, 0), -EINVAL);
  expect(sigaction(26, &act, 0), -EINVAL);
  expect(sigaction(SIGUSR1, (void *)0xe0000000, 0), -EFAULT);
  part("handlers");
}

static void nest(int sig, int why, struct sigcontext *context)
{
  if (++depth > deepest) deepest = depth;
  note(sig, why, context);
  if (sig == SIGUSR1) kill(getpid(), SIGUSR2); /* inside this handler: comes at once */
  order[orders++] = -sig;
  depth--;
}

static void nesting(void)
{
  catch_signal(SIGUSR1, nest), catch_signal(SIGUSR2, nest);
  orders = deepest = 0;
  kill(getpid(), SIGUSR1);
  expect(deepest, 2), expect(orders, 4);
  expect(order[0], SIGUSR1), expect(order[1], SIGUSR2), expect(order[2], -SIGUSR2), expect(order[3], -SIGUSR1);

  struct sigaction act = {nest, BIT(SIGUSR2), 0}; /* masked while the handler runs: comes after it */
  sigaction(SIGUSR1, &act, 0);
  orders = deepest = 0;
  kill(getpid(), SIGUSR1);
  expect(deepest, 1), expect(orders, 4);
  expect(order[1], -SIGUSR1), expect(order[2], SIGUSR2);
  part("nested");
}

static void masks(void)
{
  u32 old = 1, pending;
  catch_signal(SIGUSR1, note), catch_signal(SIGUSR2, note), catch_signal(SIGTERM, note);
  expect(sigprocmask(SIG_SETMASK, 0, &old), 0);
  expect(old, 0);
  expect(sigprocmask(SIG_BLOCK, BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(SIGTERM) | BIT(SIGKILL), 0), 0);
  count = orders = 0;
  kill(getpid(), SIGTERM), kill(getpid(), SIGUSR2), kill(getpid(), SIGUSR1), kill(getpid(), SIGUSR1);
  expect(count, 0);
  expect(sigpending(&pending), 0);
  expect(pending, BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(SIGTERM));
  expect(sigprocmask(SIG_UNBLOCK, BIT(SIGUSR1), &old), 0);
  expect(old, BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(SIGTERM));
  expect(count, 1), expect(last, SIGUSR1); /* once, not twice: a set, not a queue */
  expect(sigsuspend(0), -EINTR);
  expect(count, 3);
  sigprocmask(SIG_SETMASK, 0, &old);
  expect(old, BIT(SIGUSR2) | BIT(SIGTERM)); /* sigsuspend has put the mask back */
  expect(sigprocmask(9, 0, 0), -EINVAL);
  int pid = fork();
  if (pid == 0) {
    sigprocmask(SIG_SETMASK, ~0u, 0);
    for (;;) sleep_ms(1000);
  }
  sleep_ms(20);
  kill(pid, SIGKILL); /* cannot be blocked */
  expect(wait_for(pid), SIGKILL);
  part("masks");
}

static void timers(void)
{
  catch_signal(SIGALRM, note);
  count = 0;
  expect(alarm(1), 0);
  expect(pause(), -EINTR);
  expect(count, 1), expect(last, SIGALRM);
  alarm(100);
  int left = alarm(0);
  expect_true(left >= 99 && left <= 100);
  struct itimerval every = {{0, 50000}, {0, 50000}}, off = {{0, 0}, {0, 0}}, old;
  count = 0;
  expect(setitimer(0, &every, 0), 0);
  while (count < 5) pause();
  expect(setitimer(0, &off, &old), 0);
  expect(old.interval.usec > 0, 1);
  expect(setitimer(7, &off, 0), -EINVAL);
  part("alarm");
}

static void interrupted(void)
{
  int fds[2], pid;
  char c;
  pipe(fds);
  catch_signal(SIGALRM, note);
  count = 0;
  alarm(1);
  expect(read(fds[0], &c, 1), -EINTR);
  expect(count, 1);
  pid = fork();
  if (pid == 0) sleep_ms(1500), _exit(3);
  alarm(1);
  expect(waitpid(pid, 0, 0), -EINTR);
  expect(wait_for(pid), 3 << 8);
  alarm(1);
  expect(sleep_ms(5000), -EINTR);
  expect(write(fds[1], "y", 1), 1); /* the pipe is as good as new */
  expect(read(fds[0], &c, 1), 1), expect(c, 'y');
  close(fds[0]), close(fds[1]);
  part("interrupted-calls");
}

static void children(void)
{
  catch_signal(SIGCHLD, note);
  count = 0;
  int pid = fork();
  if (pid == 0) sleep_ms(50), _exit(5);
  while (count == 0) pause();
  expect(last, SIGCHLD);
  expect(wait_for(pid), 5 << 8);
  struct sigaction normal = {SIG_DFL, 0, 0};
  sigaction(SIGCHLD, &normal, 0);
  for (int sig = SIGCHLD; sig <= SIGCONT; sig++) kill(getpid(), sig); /* ignored by default */
  kill(getpid(), SIGWINCH);
  part("sigchld");
}

/* Spins with a known value in every register and flag until the handler clears the carry flag; then looks at all of them. */
u32 seen[10], before[10];
void probe(void);
asm(
  ".text\n.globl probe\nprobe: pushl %ebp\n pushl %ebx\n pushl %esi\n pushl %edi\n movl %esp, before\n"
  "pushl $0x8c5\n popfl\n" /* overflow, sign, zero, parity, carry */
  "movl $0x11111111, %eax\n movl $0x22222222, %ebx\n movl $0x33333333, %ecx\n movl $0x44444444, %edx\n"
  "movl $0x55555555, %ebp\n movl $0x66666666, %esi\n movl $0x77777777, %edi\n"
  "1: jc 1b\n"
  "pushfl\n popl seen+4\n movl %esp, seen\n movl %eax, seen+8\n movl %ebx, seen+12\n movl %ecx, seen+16\n movl %edx, seen+20\n"
  "movl %ebp, seen+24\n movl %esi, seen+28\n movl %edi, seen+32\n"
  "popl %edi\n popl %esi\n popl %ebx\n popl %ebp\n ret\n");

static void clear_carry(int sig, int why, struct sigcontext *context)
{
  asm volatile("movl $0x5a, %%ebx; movl $0x5b, %%esi; movl $0x5c, %%edi" : : : "ebx", "esi", "edi");
  before[1] = context->r.eax;
  context->r.eflags &= ~1;
}

static void preserved(void)
{
  catch_signal(SIGALRM, clear_carry);
  struct itimerval soon = {{0, 0}, {0, 100000}};
  setitimer(0, &soon, 0);
  probe();
  expect(seen[0], before[0]); /* esp */
  expect(seen[1] & 0x8d5, 0x8c4);
  for (int i = 0; i < 7; i++) expect(seen[2 + i], 0x11111111 * (i + 1));
  expect(before[1], 0x11111111); /* and the handler sees what was there */
  part("registers-preserved");
}

/* Steps over the instruction that faulted. */
static volatile int step;
static volatile u32 fault_eip;
static void skip(int sig, int why, struct sigcontext *context)
{
  note(sig, why, context);
  fault_eip = context->r.eip;
  context->r.eip += step;
}
static void exceptions(void)
{
  catch_signal(SIGILL, skip), catch_signal(SIGSEGV, skip), catch_signal(SIGFPE, skip), catch_signal(SIGEMT, skip);
  count = 0, step = 2;
  asm volatile("ud2");
  expect(count, 1), expect(last, SIGILL);
  asm volatile("movl (%%eax), %%eax" : : "a"(8) : "memory"); /* 2 bytes */
  expect(count, 2), expect(last, SIGSEGV);
  asm volatile("movl %%eax, (%%eax)" : : "a"(16) : "memory");
  expect(count, 3), expect(last, SIGSEGV);
  asm volatile("idivl %%ecx" : : "a"(1), "d"(0), "c"(0) : "cc");
  expect(count, 4), expect(last, SIGFPE);
  step = 0;
  asm volatile("int3"); /* MINIX's signal for it */
  expect(count, 5), expect(last, SIGEMT);
  step = 1;
  asm volatile("hlt");
  expect(count, 6), expect(last, SIGSEGV);
  int pid = fork(); /* cannot be ignored: an exception ends the process all the same */
  if (pid == 0) {
    struct sigaction ignore = {SIG_IGN, 0, 0};
    sigaction(SIGILL, &ignore, 0);
    asm volatile("ud2");
    _exit(0);
  }
  expect(wait_for(pid) & 0x7f, SIGILL);
  part("exceptions-with-handlers");
}

static void no_stack(void)
{
  int pid = fork(); /* no room for the frame of the handler: the signal itself ends the process */
  if (pid == 0) {
    catch_signal(SIGUSR1, note);
    int me = getpid();
    message m = {{0, 37, me, SIGUSR1}};
    static message copy;
    copy = m;
    asm volatile("movl $0x100, %%esp\n int $33\n ud2" : : "a"(PM), "b"(&copy), "c"(SENDREC));
  }
  expect(wait_for(pid) & 0x7f, SIGUSR1);
  part("no-stack-for-handler");
}

static void groups(void)
{
  struct sigaction normal = {SIG_DFL, 0, 0}, ignore = {SIG_IGN, 0, 0};
  catch_signal(SIGUSR1, note), sigaction(SIGTERM, &normal, 0);
  int pid = fork();
  if (pid == 0) {
    setsid();
    int kids[3];
    for (int i = 0; i < 3; i++) if ((kids[i] = fork()) == 0) for (;;) sleep_ms(1000);
    count = 0;
    if (kill(0, SIGUSR1) != 0 || count != 1) _exit(20); /* the group: handlers were inherited */
    sigaction(SIGTERM, &ignore, 0);
    if (kill(0, SIGTERM) != 0) _exit(21);
    for (int i = 0; i < 3; i++) if (wait_for(kids[i]) != SIGTERM) _exit(22);
    _exit(0);
  }
  expect(wait_for(pid), 0);
  part("process-groups");
}

int main(int argc, char **argv, char **envp)
{
  basics(), nesting(), masks(), timers(), interrupted(), children(), preserved(), exceptions(), no_stack(), groups();
  return failures;
}
