import { enablePagingArgument, memoryMap } from "@procyon-os/contract-kernel";
import { CR0_PG, CR0_WP, CR4_PGE, CR4_PSE } from "@procyon-os/hardware";
import { OK, errorCode } from "@procyon-os/message";
import { setMemoryMap } from "../calls/newmap.ts";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import { takeUser } from "./user-copy.ts";

/**
 * VMCTL_ENABLE_PAGING: VM's table is loaded, paging is on and VM has its new segments, all in one step (reference/kernel.md 4.6).
 * What is wrong with the request is found before anything has changed.
 */
export function enablePaging(kernel: Kernel, vm: Process, argumentAddress: number): number {
  if (kernel.vmRunning || vm.cr3 === 0 || vm.pageDirectory === 0) return errorCode("EINVAL");
  const argument = takeUser(kernel, vm, argumentAddress, enablePagingArgument.bytes);
  const map = argument === null ? null : takeUser(kernel, vm, enablePagingArgument.decode(argument).memoryMap, memoryMap.bytes);
  if (map === null) return errorCode("EFAULT");

  const here = kernel.local;
  for (const local of kernel.cpus) {
    const { cpu } = local;
    kernel.local = local;
    local.pageTableOwner = null; // so that the switch really loads
    kernel.switchAddressSpace(vm);
    cpu.cr4 |= CR4_PSE;
    cpu.cr0 |= CR0_PG;
    cpu.cr0 |= CR0_WP;
    cpu.cr4 |= CR4_PGE;
  }
  kernel.local = here;
  kernel.vmRunning = true;
  setMemoryMap(kernel, vm, map);
  return OK;
}
