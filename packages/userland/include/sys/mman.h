#ifndef SYS_MMAN_H
#define SYS_MMAN_H
#include <sys/types.h>
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_SHARED 1
#define MAP_PRIVATE 2
#define MAP_ANON 4
#define MAP_PREALLOC 8
#define MAP_CONTIG 0x10
#define MAP_FAILED ((void *)-1)
void *minix_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off);
int minix_munmap(void *addr, size_t len);
#endif
