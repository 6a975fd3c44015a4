import { bool, call, endpoint, i32, m1, m2, m5, physAddr, protocol, u32, virtAddr } from "@procyon-os/message";

const who = { process: m1.i1(endpoint) } as const;
const mask = { EPERM: "the call is outside of the caller's mask" } as const; // of every call
const badEndpoint = { EINVAL: "there is no such process" } as const;
const noMemory = { ENOMEM: "no memory, or no room in the address space" } as const;
const unmapErrors = { ENXIO: "the process has no page table", EFAULT: "nothing is mapped there, or the range is bad" } as const;
const noCache = {
  ENOSYS: "this VM keeps no yielded blocks", EFAULT: "the process has no page table", ESRCH: "no block of this id and length",
  EINVAL: "the memory is not one block of the caller",
} as const;
const remap = {
  request: { destination: m1.i1(endpoint), source: m1.i2(endpoint), destinationAddress: m1.p1(virtAddr), sourceAddress: m1.p2(virtAddr), size: m1.i3(u32) },
  reply: { address: m1.p3(virtAddr) },
  repeatable: false,
  errors: {
    ...mask,
    EINVAL: "no such process, size 0, nothing mapped at the source, or the destination address is taken or not aligned",
    EFAULT: "the source is not a whole shared region", ...noMemory,
  },
} as const;
const dma = { process: m2.i1(endpoint), start: m2.l1(physAddr), size: m2.l2(u32) } as const;
const cacheFields = {
  address: m2.p1(virtAddr), getHigh: m2.i1(u32), getLow: m2.i2(u32), length: m2.i3(u32), yieldHigh: m2.l1(u32), yieldLow: m2.l2(u32),
} as const;

/** VM, the memory server: numbers and places of MINIX 3.2.0 (reference/vm.md 2.2). */
export const vmContract = protocol({
  name: "vm",
  version: "0.1.0",
  base: 0xc00,
  calls: {
    exit: call(0, {
      about: "Frees all memory of a process that has ended; WILLEXIT must have come before.",
      request: who, reply: {}, repeatable: false, errors: { ...mask, EINVAL: "no such process, or it was not announced" },
    }),
    fork: call(1, {
      about: "Makes the address space of a child and the child itself. `flags` (ours; MINIX leaves it 0) go to SYS_FORK as well.",
      request: { parent: m1.i1(endpoint), slot: m1.i2(i32), flags: m1.p1(u32) }, reply: { child: m1.i3(endpoint) }, repeatable: false,
      errors: { ...mask, EINVAL: "no such parent, bad or taken slot, or the parent has DMA memory", ENOSYS: "the parent is hosted", ...noMemory },
    }),
    brk: call(2, {
      about: "Sets the end of a process's data.",
      request: { process: m1.i1(endpoint), address: m1.p1(virtAddr) }, reply: {}, repeatable: true, errors: { ...mask, ...badEndpoint, ...noMemory },
    }),
    execNewmem: call(3, {
      about: "Replaces the memory of a process for a new program, described by a struct exec_newmem of the caller.",
      request: { process: m1.i1(endpoint), arguments: m1.p1(virtAddr), size: m1.i2(i32) },
      reply: { flags: m1.i3(u32), stackTop: m1.p2(virtAddr) }, repeatable: false,
      errors: {
        ...mask,
        ESRCH: "no such process", EINVAL: "the structure has another size", EFAULT: "the structure is not the caller's memory",
        ENOEXEC: "the sizes and addresses are not possible", ...noMemory,
      },
    }),
    pushSig: call(4, {
      about: "Makes room for a signal frame and gives the stack pointer.",
      request: who, reply: { stackPointer: m1.p1(virtAddr) }, repeatable: true,
      errors: { ...mask, ...badEndpoint, EDEADEPT: "the process is gone", ...noMemory },
    }),
    willexit: call(5, { about: "Announces that a process will exit.", request: who, reply: {}, repeatable: true, errors: { ...mask, ...badEndpoint } }),
    mmap: call(10, {
      about: "Maps anonymous memory; an address that is free is honored, else the first gap above it is taken.",
      request: {
        address: m5.l1(virtAddr), length: m5.l2(u32), protection: m5.s1(i32), flags: m5.s2(i32), file: m5.i1(i32), offset: m5.i2(i32),
      },
      reply: { address: m5.l1(virtAddr) }, repeatable: false,
      errors: {
        ...mask,
        ENXIO: "the process has no page table", EINVAL: "length 0, an address between pages, or flags that exclude each other",
        ENOSYS: "files cannot be mapped", ...noMemory,
      },
    }),
    adddma: call(12, {
      about: "Notes memory that a device uses.",
      request: dma, reply: {}, repeatable: false, errors: { ...mask, ...badEndpoint, ENOSPC: "the table is full" },
    }),
    deldma: call(13, { about: "Forgets memory that a device used.", request: dma, reply: {}, repeatable: false, errors: { ...mask, ...badEndpoint, ESRCH: "no such entry" } }),
    getdma: call(14, {
      about: "Gives an entry whose process has exited, so that its device can be stopped.",
      request: {}, reply: dma, repeatable: true, errors: { ...mask, EAGAIN: "there is none" },
    }),
    mapPhys: call(15, {
      about: "Maps physical memory that the kernel lets the process have.",
      request: { process: m1.i1(endpoint), physical: m1.p2(physAddr), length: m1.i2(u32) }, reply: { address: m1.p3(virtAddr) }, repeatable: false,
      errors: { ...mask, EINVAL: "no such process, or length 0", EPERM: "not this memory, or a call outside of the caller's mask", ENXIO: "the process has no page table", ...noMemory },
    }),
    unmapPhys: call(16, {
      about: "Unmaps what MAP_PHYS mapped, whole; any address in it will do.",
      request: { process: m1.i1(endpoint), address: m1.p1(virtAddr) }, reply: {}, repeatable: false,
      errors: { ...mask, EINVAL: "no such process, or no such mapping", EPERM: "another process's mapping, or a call outside of the caller's mask" },
    }),
    munmap: call(17, { about: "Unmaps pages of the caller.", request: { address: m1.p1(virtAddr), length: m1.i1(u32) }, reply: {}, repeatable: false, errors: { ...mask, ...unmapErrors } }),
    munmapText: call(19, {
      about: "As MUNMAP; the address is one of the text segment.",
      request: { address: m1.p1(virtAddr), length: m1.i1(u32) }, reply: {}, repeatable: false, errors: { ...mask, ...unmapErrors },
    }),
    forgetblocks: call(22, { about: "Forgets all yielded blocks of the caller.", request: {}, reply: {}, repeatable: true, errors: { ...mask, ENOSYS: noCache.ENOSYS, EFAULT: noCache.EFAULT } }),
    forgetblock: call(23, {
      about: "Forgets one yielded block; an unknown one is no error.",
      request: { high: m1.i1(u32), low: m1.i2(u32) }, reply: {}, repeatable: true, errors: { ...mask, ENOSYS: noCache.ENOSYS, EFAULT: noCache.EFAULT },
    }),
    yieldblockgetblock: call(25, {
      about: "Gives memory to VM under one id and gets back what was given under another.",
      request: cacheFields, reply: {}, repeatable: false, errors: { ...mask, ...noCache },
    }),
    remap: call(33, { about: "Maps a shared region of one process into another.", ...remap }),
    shmUnmap: call(34, {
      about: "Unmaps a shared region.",
      request: { process: m2.i1(endpoint), address: m2.l1(virtAddr) }, reply: {}, repeatable: false,
      errors: { ...mask, ...badEndpoint, EFAULT: "the address is not the start of a shared region" },
    }),
    getphys: call(35, {
      about: "The physical address of a shared region.",
      request: { process: m2.i1(endpoint), address: m2.l1(virtAddr) }, reply: { physical: m2.l2(physAddr) }, repeatable: true,
      errors: { ...mask, EINVAL: "no such process, or no shared region starts there" },
    }),
    getref: call(36, {
      about: "How many regions share the first page of a shared region, at most 255.",
      request: { process: m2.i1(endpoint), address: m2.l1(virtAddr) }, reply: { count: m2.i2(i32) }, repeatable: true,
      errors: { ...mask, EINVAL: "no such process, or no shared region starts there" },
    }),
    rsSetPriv: call(37, {
      about: "Sets which calls a process may make: 2 words of the caller. Address 0 changes nothing.",
      request: { process: m2.i1(endpoint), mask: m2.l1(virtAddr) }, reply: {}, repeatable: true,
      errors: { ...mask, ...badEndpoint, EFAULT: "the mask is not the caller's memory" },
    }),
    queryExit: call(38, {
      about: "Takes one record of an exit or signal of a watched process; NONE when there is none.",
      request: {}, reply: { process: m2.i1(endpoint), more: m2.i2(bool) }, repeatable: false, errors: mask,
    }),
    notifySig: call(39, {
      about: "Records that a process got a signal or exits, and notifies the IPC server (endpoint 0: nobody).",
      request: { process: m1.i1(endpoint), ipcServer: m1.i2(endpoint) }, reply: {}, repeatable: true, errors: { ...mask, ESRCH: "no such process", ENOMEM: "too many records" },
    }),
    info: call(40, {
      about: "Memory of the system, of a process, or its regions (VMIW_*), copied to the caller.",
      request: { what: m2.i1(i32), process: m2.i2(endpoint), count: m2.i3(i32), address: m2.p1(virtAddr), next: m2.l1(virtAddr) },
      reply: { count: m2.i3(i32), next: m2.l1(virtAddr) }, repeatable: true,
      errors: { ...mask, EINVAL: "no such process, or no such question", EFAULT: "the buffer is not the caller's memory", ENOMEM: "no memory for the buffer" },
    }),
    rsUpdate: call(41, {
      about: "Swaps two instances of a service; the answer goes to the one that now has the caller's endpoint.",
      request: { source: m1.i1(endpoint), target: m1.i2(endpoint) }, reply: {}, repeatable: false,
      errors: { ...mask, ...badEndpoint, EPERM: "the kernel does not let them be swapped, or a call outside of the caller's mask", EBUSY: "one of them is not at rest", ...noMemory },
    }),
    rsMemctl: call(42, {
      about: "Pins the memory of a process (VM_RS_MEM_PIN), makes it a second VM (VM_RS_MEM_MAKE_VM), or tells VM that the kernel alone has let instances change places (VM_RS_MEM_FOLLOW).",
      request: { process: m1.i1(endpoint), request: m1.i2(i32) }, reply: {}, repeatable: true,
      errors: { ...mask, EINVAL: "no such process or request, or one that has memory where VM has its window", ...noMemory },
    }),
    watchExit: call(43, { about: "Records signals and the exit of a process from now on.", request: who, reply: {}, repeatable: true, errors: { ...mask, ESRCH: "no such process" } }),
    remapRo: call(44, { about: "As REMAP; the destination cannot write.", ...remap }),
  },
});

/** Name of a call of VM. */
export type VmCallName = keyof typeof vmContract.calls;

/** What every service may call, user processes too (reference/vm.md 2.1). */
export const basicVmCalls = [
  "mmap", "munmap", "munmapText", "mapPhys", "unmapPhys", "forgetblocks", "forgetblock", "yieldblockgetblock", "info",
] as const satisfies readonly VmCallName[];

/** The two words of a call mask that allows these calls: bit n is VM_RQ_BASE + n. */
export function vmCallMask(names: readonly VmCallName[]): [number, number] {
  const mask: [number, number] = [0, 0];
  for (const name of names) {
    const { number } = vmContract.calls[name];
    mask[number < 32 ? 0 : 1] |= 1 << (number & 31);
  }
  return mask;
}
