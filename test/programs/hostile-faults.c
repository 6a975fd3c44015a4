/* Instructions that no user program may execute, and addresses that it may not touch: each in a child of its own, which has
   to end by exactly the signal of reference/posix-abi.md 1.4. */
#include "abi.h"

struct crime { const char *name; int signal; void (*commit)(void); };

#define ASM(name, code) static void name(void) { asm volatile(code : : : "memory"); }
ASM(ud2, "ud2")
ASM(invalid_lock, ".byte 0xf0, 0x90") /* lock nop */
ASM(invalid_lea, ".byte 0x8d, 0xc0") /* lea of a register */
ASM(too_long, ".byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x90")
ASM(halt, "hlt")
ASM(clear_interrupts, "cli")
ASM(set_interrupts, "sti")
ASM(flags_then_cli, "pushl $0x3202\n popfl\n cli") /* popf cannot raise IOPL */
ASM(in_port, "inb $0x21, %%al")
ASM(out_port, "movl $0x1f7, %%edx\n outb %%al, %%dx")
ASM(ins_port, "movl $0x1f0, %%edx\n insl")
ASM(load_gdt, "lgdt (%%esp)")
ASM(load_idt, "lidt (%%esp)")
ASM(load_ldt, "movl $0x30, %%eax\n lldt %%ax")
ASM(load_tr, "movl $0x30, %%eax\n ltr %%ax")
ASM(load_msw, "lmsw %%ax")
ASM(clear_ts, "clts")
ASM(write_cr0, "movl %%eax, %%cr0")
ASM(read_cr3, "movl %%cr3, %%eax")
ASM(write_cr3, "movl %%eax, %%cr3")
ASM(write_dr7, "movl %%eax, %%db7")
ASM(flush_tlb, ".byte 0x0f, 0x01, 0x38") /* invlpg (%eax) */
ASM(int_80, "int $0x80")
ASM(int_page_fault, "int $14")
ASM(int_clock, "int $0x50")
ASM(int_255, "int $255")
ASM(breakpoint, "int3")
ASM(overflow, "movb $0x7f, %%al\n addb $1, %%al\n into")
ASM(divide, "xorl %%ecx, %%ecx\n movl $1, %%eax\n cltd\n idivl %%ecx")
ASM(divide_overflow, "movl $0x80000000, %%eax\n cltd\n movl $-1, %%ecx\n idivl %%ecx")
ASM(single_step, "pushl $0x302\n popfl\n nop\n nop")
ASM(x87, "fld1")
ASM(far_jump_kernel, "ljmp $0x30, $0x1000")
ASM(far_call_kernel, "lcall $0x30, $0x1000")
ASM(far_return_kernel, "pushl $0x30\n pushl $0x1000\n lret")
ASM(iret_kernel, "pushl $0x202\n pushl $0x30\n pushl $0x1000\n iret")
ASM(kernel_data, "movl $0x18, %%eax\n movw %%ax, %%ds\n movl 0x1000, %%eax")
ASM(null_segment, "xorl %%eax, %%eax\n movw %%ax, %%es\n movl %%es:0x1000, %%eax")
ASM(code_as_stack, "movl $7, %%eax\n movw %%ax, %%ss")
ASM(write_code_segment, "movl $1, %%cs:_start") /* code cannot be written through its segment */
ASM(write_text, "movl $1, _start") /* nor through another one: its pages are read-only */
ASM(read_null, "movl 0, %%eax")
ASM(write_null, "movl %%eax, 0")
ASM(execute_null, "xorl %%eax, %%eax\n jmp *%%eax")
ASM(read_gap, "movl 0x40000000, %%eax")
ASM(beyond_limit, "movl $0xe7000000, %%eax\n movl (%%eax), %%eax")
ASM(write_beyond_limit, "movl $0xf0000000, %%eax\n movl %%eax, (%%eax)")
ASM(wrap_around, "movl $0xfffffffe, %%eax\n movl (%%eax), %%eax")
ASM(stack_nowhere, "movl $0x2000, %%esp\n pushl %%eax")
ASM(stack_beyond, "movl $0xf8000000, %%esp\n pushl %%eax")
ASM(string_off_end, "movl $_start, %%esi\n movl $0x7ffff000, %%edi\n movl $0x40000000, %%ecx\n rep movsb")
ASM(jump_kernel, "movl $0xe7400000, %%eax\n jmp *%%eax") /* with the segment's base: linear 0x400000, the kernel */
ASM(call_high, "movl $0xfffffff0, %%eax\n call *%%eax")

static char data[] = {0x90, 0x90, (char)0xc3};
static void execute_data(void) { ((void (*)(void))data)(); }
static void execute_stack(void) { volatile char code[] = {(char)0xc3}; ((void (*)(void))code)(); }
static void execute_map(void)
{
  char *p = (char *)mmap(0, 4096, MAP_ANON, -1);
  *p = (char)0xc3;
  ((void (*)(void))p)();
}
__attribute__((noinline)) static int deeper(volatile char *above) { volatile char room[4000]; room[0] = above[0]; return deeper(room) + room[0]; }
static void recursion(void) { volatile char top[1] = {1}; deeper(top); }
static void pushes(void) { asm volatile("1: pushl %%eax\n jmp 1b" : : : "memory"); }
static void after_unmap(void) { char *p = (char *)mmap(0, 8192, MAP_ANON, -1); p[0] = p[4096] = 1; munmap((u32)p, 8192); p[4096] = 2; }

static const struct crime crimes[] = {
#define C(name, signal) {#name, signal, name}
  C(ud2, SIGILL), C(invalid_lock, SIGILL), C(invalid_lea, SIGILL), C(too_long, SIGSEGV), C(halt, SIGSEGV), C(clear_interrupts, SIGSEGV),
  C(set_interrupts, SIGSEGV), C(flags_then_cli, SIGSEGV), C(in_port, SIGSEGV), C(out_port, SIGSEGV), C(ins_port, SIGSEGV), C(load_gdt, SIGSEGV),
  C(load_idt, SIGSEGV), C(load_ldt, SIGSEGV), C(load_tr, SIGSEGV), C(load_msw, SIGSEGV), C(clear_ts, SIGSEGV), C(write_cr0, SIGSEGV),
  C(read_cr3, SIGSEGV), C(write_cr3, SIGSEGV), C(write_dr7, SIGSEGV), C(flush_tlb, SIGSEGV), C(int_80, SIGSEGV), C(int_page_fault, SIGSEGV),
  C(int_clock, SIGSEGV), C(int_255, SIGSEGV), C(breakpoint, SIGEMT), C(overflow, SIGFPE), C(divide, SIGFPE), C(divide_overflow, SIGFPE),
  C(single_step, SIGTRAP), C(x87, SIGILL), C(far_jump_kernel, SIGSEGV), C(far_call_kernel, SIGSEGV), C(far_return_kernel, SIGSEGV),
  C(iret_kernel, SIGSEGV), C(kernel_data, SIGSEGV), C(null_segment, SIGSEGV), C(code_as_stack, SIGSEGV), C(write_code_segment, SIGSEGV), C(write_text, SIGSEGV),
  C(read_null, SIGSEGV), C(write_null, SIGSEGV), C(execute_null, SIGSEGV), C(read_gap, SIGSEGV), C(beyond_limit, SIGSEGV),
  C(write_beyond_limit, SIGSEGV), C(wrap_around, SIGSEGV), C(stack_nowhere, SIGSEGV), C(stack_beyond, SIGSEGV), C(string_off_end, SIGSEGV),
  C(jump_kernel, SIGSEGV), C(call_high, SIGSEGV), C(execute_data, SIGSEGV), C(execute_stack, SIGSEGV), C(execute_map, SIGSEGV),
  C(recursion, SIGSEGV), C(pushes, SIGSEGV), C(after_unmap, SIGSEGV),
};

static void faults(void)
{
  for (u32 i = 0; i < sizeof crimes / sizeof crimes[0]; i++) {
    int pid = fork();
    if (pid == 0) {
      setuid(77); /* may not write a core file here */
      crimes[i].commit();
      _exit(0);
    }
    int status = wait_for(pid);
    if ((status & 0x7f) == crimes[i].signal) continue;
    put("FAIL "), put(crimes[i].name), put(": status "), put_number(status), put(", not signal "), put_number(crimes[i].signal), put("\n");
    bad++;
  }
  part("faults");
}

/* Traps that are refused with an error, not with a signal. */
static void refused(void)
{
  int result, where, which;
  static message m;
  m.w[1] = 0x600;
  for (int number = 0; number < 60; number++) { /* kernel calls: none is for a user */
    m.w[1] = 0x600 + number;
    result = (int)&m;
    asm volatile("int $32" : "+a"(result) : : "ebx", "ecx", "edx", "memory");
    if (m.w[1] != -EBADREQUEST && !expect(m.w[1], -ECALLDENIED)) break;
  }
  expect(trap(SEND, PM, &m), -ETRAPDENIED), expect(trap(RECEIVE, ANY, &m), -ETRAPDENIED), expect(trap(NOTIFY, PM, &m), -ETRAPDENIED);
  expect(trap(SENDNB, PM, &m), -ETRAPDENIED), expect(trap(SENDA, 1, &m), -EPERM);
  expect_true(trap(0, PM, &m) < 0), expect_true(trap(7, PM, &m) < 0), expect_true(trap(-1, PM, &m) < 0), expect_true(trap(1000, PM, &m) < 0);
  static const int nobody[] = {200, 255, 256, 1000, 36558 * 3, 0x7fffffff, -0x7fffffff - 1, ANY, NONE, SELF};
  for (u32 i = 0; i < sizeof nobody / 4; i++) expect_true(trap(SENDREC, nobody[i], &m) < 0);
  for (int server = -5; server < INIT; server++) { /* and numbers that a server does not know, or not from us */
    int pid = fork();
    if (pid == 0) {
      m.w[1] = 0x1000; /* looks like a notification; a driver may answer with a reply of its own */
      int status = trap(SENDREC, server, &m);
      _exit(status != 0 || m.w[1] < 0 ? 3 : 4);
    }
    sleep_ms(20);
    kill(pid, SIGKILL);
    int status = wait_for(pid), mustAnswer = server == PM || server == VFS || server == DS || server == VM || server == SCHED;
    if (status != 3 << 8 && (mustAnswer || (status != SIGKILL && status != 4 << 8))) put("FAIL server "), put_number(server), put(" gives "), put_number(status), put("\n"), bad++;
  }
  part("refused");
}

/* With a name: commits this one, in this process. */
int main(int argc, char **argv, char **envp)
{
  for (u32 i = 0; argc > 1 && i < sizeof crimes / sizeof crimes[0]; i++)
    if (same(argv[1], crimes[i].name)) crimes[i].commit();
  chdir("/");
  faults(), refused();
  return failures;
}
