/* The request to RS (struct rs_start, 528 bytes: contract-rs) and what fills it in. */
#ifndef SERVICE_H
#define SERVICE_H
#include <stdint.h>

struct place { const char *address; uint32_t length; };
struct rs_start {
  uint32_t flags;
  struct place command;
  int32_t uid, sigmgr, scheduler, priority, quantum, major, style, period;
  struct place script;
  int32_t irq_count, irqs[16];
  int32_t io_count;
  struct { uint32_t base, length; } io[16];
  int32_t pci_count;
  struct { uint16_t vendor, device; } pci[32];
  int32_t class_count;
  struct { uint32_t class, mask; } classes[4];
  uint32_t kernel_calls[2];
  struct place label, ipc;
  uint32_t vm_calls[2];
  int32_t control_count;
  struct place control[8];
  int32_t devman_id, cpu;
};
_Static_assert(sizeof(struct rs_start) == 528, "struct rs_start");

#define RSS_COPY 0x01
#define RSS_REUSE 0x04
#define RSS_NOBLOCK 0x08
#define RSS_REPLICA 0x10
#define RSS_SELF_LU 0x20
#define RSS_SYS_BASIC_CALLS 0x40
#define RSS_VM_BASIC_CALLS 0x80
#define ALL_LINES 17                   /* a count that means all */
#define EP_RS 2
#define EP_KERNEL (-1)
#define EP_SCHED 10
#define EP_SELF 0x8ACE

/* What an entry says that is not for RS. */
struct description { const char *name, *type, *text; };
/* Fills in the settings of a service from its entry in a file (NULL: of the first entry), or ends the program. */
struct description read_settings(struct rs_start *start, const char *service, const char *file);
/* The same, from the file that is the service's own, or /etc/system.conf. */
void configure(struct rs_start *start, const char *service, const char *file);
/* The endpoint of a running service, or -1 with errno. */
int lookup(const char *label);

#endif
