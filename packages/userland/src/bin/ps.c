/* ps [-alxe]: all processes, from PM's table (SI_PROC_TAB; the record is contract-pm's procInfo) */
#include <err.h>
#include <minix/callnr.h>
#include <minix/ipc.h>
#include <minix/procinfo.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TICKS_PER_SECOND 60

static struct proc_info table[PROC_INFO_RECORDS];

static int compare(const void *a, const void *b)
{
  const struct proc_info *x = a, *y = b;
  return x->pid - y->pid;
}

static const char *user(unsigned uid)
{
  static char name[12];
  static unsigned last = ~0u;
  if (uid == last) return name;
  struct passwd *pw = getpwuid(uid);
  last = uid;
  if (pw) strlcpy(name, pw->pw_name, sizeof name);
  else snprintf(name, sizeof name, "%u", uid);
  return name;
}

int main(int argc, char **argv)
{
  message m;
  int n = 0, c, all_fields = 0;
  while ((c = getopt(argc, argv, "aelx")) != -1) {
    if (c == '?') return 2;
    if (c == 'l') all_fields = 1;
  }
  m.m1_i1 = SI_PROC_TAB;
  m.m1_i2 = sizeof table;
  m.m1_p1 = (int)table;
  if (_syscall(PM_PROC_NR, COMMON_GETSYSINFO, &m) < 0) err(1, "cannot read the process table");
  for (int i = 0; i < PROC_INFO_RECORDS; i++)
    if (table[i].in_use) table[n++] = table[i];
  qsort(table, n, sizeof table[0], compare);
  printf(all_fields ? "  PID  PPID  PGRP ENDPOINT USER     S  NI   TIME KIND   COMMAND\n" : "  PID USER     S   TIME KIND   COMMAND\n");
  for (int i = 0; i < n; i++) {
    struct proc_info *p = &table[i];
    unsigned seconds = (p->utime + p->stime) / TICKS_PER_SECOND;
    const char *kind = p->state & PROC_INFO_HOSTED ? "hosted" : p->state & PROC_INFO_SYSTEM ? "system" : "guest";
    if (all_fields) printf("%5d %5d %5d %8d ", p->pid, p->ppid, p->pgrp, p->endpoint);
    else printf("%5d ", p->pid);
    printf("%-8s %c ", user(p->euid), p->state & 255);
    if (all_fields) printf("%3d ", p->nice);
    printf("%3u:%02u %-6s %.16s\n", seconds / 60, seconds % 60, kind, p->name);
  }
  return 0;
}
