/* Physical memory: calls of VM (reference/vm.md 2.2). */
#include <errno.h>
#include <minix/syslib.h>
#include <sys/mman.h>

enum { VM_MAP_PHYS = 0xC0F, VM_UNMAP_PHYS };

void *vm_map_phys(endpoint_t process, uint32_t physical, size_t length)
{
  message m;
  m.m1_i1 = process;
  m.m1_p2 = physical;
  m.m1_i2 = length;
  int r = _taskcall(VM_PROC_NR, VM_MAP_PHYS, &m);
  if (r == 0) return (void *)m.m1_p3;
  errno = -r;
  return MAP_FAILED;
}

int vm_unmap_phys(endpoint_t process, void *address)
{
  message m;
  m.m1_i1 = process;
  m.m1_p1 = (int)address;
  return _taskcall(VM_PROC_NR, VM_UNMAP_PHYS, &m);
}
