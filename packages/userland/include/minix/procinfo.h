/* A record of PM's SI_PROC_TAB: contract-pm's procInfo, 64 bytes. */
#ifndef MINIX_PROCINFO_H
#define MINIX_PROCINFO_H
#include <stdint.h>

struct proc_info {
  uint32_t in_use;
  int32_t endpoint, pid, ppid, pgrp;
  uint32_t uid, euid;
  uint32_t state; /* 'R', 'S', 'T' or 'Z', and the bits below */
  int32_t nice;
  uint32_t utime, stime; /* ticks */
  int32_t tracer;
  char name[16];
};
#define PROC_INFO_RECORDS 256
#define PROC_INFO_SYSTEM 0x100
#define PROC_INFO_HOSTED 0x200

#endif
