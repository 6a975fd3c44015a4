import { MAP_ANON, MAP_PREALLOC, MAP_PRIVATE, vmContract } from "@procyon-os/contract-vm";
import { VM, type Program, type VirtAddr } from "@procyon-os/message";
import { setMoreMemory } from "./heap.ts";
import { client, type Stubs } from "./stubs.ts";

const PAGE = 4096;
const PROT_READ_WRITE = 3;

/** The calls of VM. */
export const vm: Stubs<typeof vmContract> = client(vmContract, VM);

/**
 * Maps fresh zeroed memory: its address, or null where there is none.
 * @param bytes rounded up to whole pages
 */
export function* mapMemory(bytes: number): Program<VirtAddr | null> {
  const mapped = yield* vm.mmap({
    address: 0 as VirtAddr, length: Math.ceil(bytes / PAGE) * PAGE, protection: PROT_READ_WRITE,
    flags: MAP_ANON | MAP_PRIVATE | MAP_PREALLOC, file: -1, offset: 0,
  });
  return mapped.ok ? mapped.value.address : null;
}

/** Lets `allocate` ask VM when the data segment is full. Not before VM runs, and not in VM itself. */
export function useVmMemory(): void {
  setMoreMemory(function* (bytes) {
    const length = Math.ceil(bytes / PAGE) * PAGE;
    const address = yield* mapMemory(length);
    return address === null ? null : { address, length };
  });
}
