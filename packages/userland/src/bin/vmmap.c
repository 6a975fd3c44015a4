/* vmmap PID: the regions of a process: pages, sharing and faults, from VM (INFO: struct vm_map_entry of contract-vm) */
#include <err.h>
#include <minix/callnr.h>
#include <minix/ipc.h>
#include <minix/procinfo.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VM_INFO 0xC28
#define VMIW_MAP 17
#define ENTRIES 64
#define PROT_WRITE_BIT 2
#define PROT_EXEC_BIT 4

static struct proc_info table[PROC_INFO_RECORDS];
static struct {
  uint32_t segment, address, length, protection, kind, resident, copy_on_write, shared, faults;
} map[ENTRIES];
static const char *const kinds[] = { "?", "text", "data", "stack", "mapped", "shared", "device" };

static struct proc_info *process_of(int pid)
{
  message m;
  m.m1_i1 = SI_PROC_TAB;
  m.m1_i2 = sizeof table;
  m.m1_p1 = (int)table;
  if (_syscall(PM_PROC_NR, COMMON_GETSYSINFO, &m) < 0) err(1, "cannot read the process table");
  for (int i = 0; i < PROC_INFO_RECORDS; i++)
    if (table[i].in_use && table[i].pid == pid) return &table[i];
  errx(1, "no process %d", pid);
}

int main(int argc, char **argv)
{
  message m;
  unsigned next = 0, resident = 0, cow = 0, shared = 0, faults = 0, regions = 0;
  if (argc != 2) errx(2, "usage: vmmap PID");
  struct proc_info *process = process_of(atoi(argv[1]));
  printf("%d %s\nADDRESS         SIZE PERM KIND   RESIDENT      COW   SHARED   FAULTS\n", process->pid, process->name);
  for (;;) {
    m.m2_i1 = VMIW_MAP;
    m.m2_i2 = process->endpoint;
    m.m2_i3 = ENTRIES;
    m.m2_p1 = (int)map;
    m.m2_l1 = next;
    if (_syscall(VM_PROC_NR, VM_INFO, &m) < 0) err(1, "VM does not tell");
    if (m.m2_i3 == 0) break;
    for (int i = 0; i < m.m2_i3; i++) {
      printf("%08x %8u KB r%c%c  %-6s %8u %8u %8u %8u\n", map[i].address, map[i].length / 1024, map[i].protection & PROT_WRITE_BIT ? 'w' : '-',
             map[i].protection & PROT_EXEC_BIT ? 'x' : '-', kinds[map[i].kind < 7 ? map[i].kind : 0], map[i].resident, map[i].copy_on_write,
             map[i].shared, map[i].faults);
      resident += map[i].resident;
      cow += map[i].copy_on_write;
      shared += map[i].shared;
      faults += map[i].faults;
      regions++;
    }
    next = m.m2_l1;
  }
  printf("%u regions, %u pages resident (%u KB), %u copy-on-write, %u shared, %u faults\n", regions, resident, resident * 4, cow, shared, faults);
  return 0;
}
