/* What a service has besides the C library: kernel calls, messages that do not wait, printing, panic. A kernel call gives 0 or a
 * negated error number; errno is left alone (reference/rs-sef-ds-syslib.md 5.1). */
#ifndef MINIX_SYSLIB_H
#define MINIX_SYSLIB_H
#include <stddef.h>
#include <stdint.h>
#include <minix/com.h>
#include <minix/ipc.h>
#include <minix/safecopies.h>

/* int 32: the call's number counts from 0; gives m_type of the answer. */
int _kernel_call(int number, message *m);

/* Copies through a grant: `segment` is that of the own side, D. */
int sys_safecopyfrom(endpoint_t granter, cp_grant_id_t grant, size_t offset, void *address, size_t bytes, int segment);
int sys_safecopyto(endpoint_t granter, cp_grant_id_t grant, size_t offset, const void *address, size_t bytes, int segment);
int sys_safememset(endpoint_t granter, cp_grant_id_t grant, size_t offset, int byte, size_t bytes);
/* Several copies; one side of each is SELF. The first error ends the call, what came before is done. */
struct vscp_vec { endpoint_t v_from, v_to; cp_grant_id_t v_gid; size_t v_offset; void *v_addr; size_t v_bytes; };
int sys_vsafecopy(struct vscp_vec *elements, int count);
/* Sees part of a grant over own memory, in whole pages; and the end of it, from either side. */
int sys_safemap(endpoint_t granter, cp_grant_id_t grant, size_t offset, void *address, size_t bytes, int segment, int writable);
int sys_saferevmap_gid(cp_grant_id_t grant);
int sys_saferevmap_addr(const void *address);
int sys_safeunmap(int segment, const void *address);
int sys_setgrant(cp_grant_t *table, int entries);

int sys_whoami(endpoint_t *self, char *name, size_t size, int *privilege_flags);
int sys_privctl(endpoint_t process, int request, void *argument);
/* Whether a process may map this physical memory, and lets it (SYS_PRIV_ADD_MEM takes a mem_range). */
int sys_privquery_mem(endpoint_t process, uint32_t start, size_t length);
struct mem_range { uint32_t base, limit; };
/* Physical memory as ours, where we may; MAP_FAILED with errno. */
void *vm_map_phys(endpoint_t process, uint32_t physical, size_t length);
int vm_unmap_phys(endpoint_t process, void *address);
int sys_statectl(int request);
int sys_kill(endpoint_t process, int signal);
int sys_getksig(endpoint_t *process, unsigned long *signals);
int sys_endksig(endpoint_t process);
int sys_setalarm(unsigned long ticks, int absolute);
int sys_update(endpoint_t source, endpoint_t target);
/* Ends this service: RS hears SIGABRT. Comes back in a process that is none, as a child of fork() is. */
int sys_exit(void);
/* Ticks since boot, 60 in a second. */
int getuptime(unsigned long *ticks);
#define SYSTEM_HZ 60
/* The cycle counter of the CPU. */
static inline uint64_t read_tsc(void)
{
  uint64_t tsc;
  __asm__ volatile("rdtsc" : "=A"(tsc));
  return tsc;
}

/* A request and its answer: like _syscall, but a negated error comes back as it is and errno is left alone. */
int _taskcall(endpoint_t who, int number, message *m);

/* Messages that never wait: the kernel delivers them when their receivers ask. 512 may wait; one more is a panic. */
#define AMF_NOTIFY 0x04
#define AMF_NOREPLY 0x08
#define AMF_NOTIFY_ERR 0x10
int asynsend(endpoint_t to, const message *m);
int asynsend3(endpoint_t to, const message *m, int flags);
/* One message with AMF_NOTIFY or AMF_NOTIFY_ERR that failed since; 0 where there is none. */
int asyn_geterror(endpoint_t *to, message *m, int *error);

/* Prints to the kernel's messages: the console and the log show them. A service has no open files. */
int kprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Says who and why, shows the stack, and ends the service. */
void panic(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
