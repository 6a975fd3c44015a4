/* memstat [-c|--check]: how memory is used, from VM (INFO: struct vm_use of contract-vm); with --check VM proves first that every
   page has exactly one use */
#include <err.h>
#include <minix/ipc.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VM_INFO 0xC28
#define VMIW_USE 16
#define KB_OF_PAGE 4

static struct {
  int32_t total, free, largest, runs, tables, pages, yielded, own, regions, faults, copies, refused_faults, forgotten, shortages, checked;
} use;

static void line(const char *name, int pages)
{
  printf("%-10s %8d KB %7d pages\n", name, pages * KB_OF_PAGE, pages);
}

int main(int argc, char **argv)
{
  message m;
  int check = argc > 1 && (strcmp(argv[1], "--check") == 0 || strcmp(argv[1], "-c") == 0);
  if (argc > 1 + check) errx(2, "usage: memstat [-c|--check]");
  m.m2_i1 = VMIW_USE;
  m.m2_i2 = 0;
  m.m2_i3 = check;
  m.m2_p1 = (int)&use;
  m.m2_l1 = 0;
  if (_syscall(VM_PROC_NR, VM_INFO, &m) < 0) err(1, "VM does not tell");
  line("total", use.total);
  line("free", use.free);
  line("processes", use.pages);
  line("tables", use.tables);
  line("yielded", use.yielded);
  line("vm", use.own);
  printf("free runs %d, the longest of %d pages; regions %d\n", use.runs, use.largest, use.regions);
  printf("page faults %d, pages copied on write %d, ended by SIGSEGV %d\n", use.faults, use.copies, use.refused_faults);
  printf("short of memory %d, yielded blocks forgotten %d\n", use.shortages, use.forgotten);
  if (!check) return 0;
  printf(use.checked == 1 ? "check: every page has exactly one use\n" : "check: FAILED\n");
  return use.checked == 1 ? 0 : 1;
}
