/** First number of VM's calls. */
export const VM_RQ_BASE = 0xc00;
/** Calls have numbers 0..NR_VM_CALLS-1; a call mask is two words. */
export const NR_VM_CALLS = 45;
export const VM_CALL_MASK_WORDS = 2;

/** Message of the kernel on behalf of a process that faulted: m1_i1 linear address, m1_i2 error bits (reference/kernel.md 7.2). */
export const VM_PAGEFAULT = 0xcff;
export const PFERR_PROT = 0x1;
export const PFERR_WRITE = 0x2;
export const PFERR_USER = 0x4;

// Address layout (reference/vm.md 0).
export const VM_PAGE_SIZE = 4096;
/** Linear address where the segments of every process begin. */
export const VM_PROCSTART = 0x19000000;
/** User address of the first byte above the stack. */
export const VM_STACKTOP = 0x80000000;
/** Linear address where the last segment of a process ends. */
export const VM_DATATOP = 0xfffff000;
/** Least room for data, gap and stack at exec. */
export const MINSTACKREGION = 64 * 1024 * 1024;

// mmap (reference/vm.md 4.4).
export const MAP_SHARED = 0x001;
export const MAP_PRIVATE = 0x002;
export const MAP_ANON = 0x004;
export const MAP_PREALLOC = 0x008;
export const MAP_CONTIG = 0x010;
export const MAP_LOWER16M = 0x020;
export const MAP_ALIGN64K = 0x040;
export const MAP_LOWER1M = 0x080;
export const MAP_IPC_SHARED = 0x100;
/** What libraries return where mmap failed. */
export const MAP_FAILED = 0xffffffff;
export const PROT_NONE = 0;
export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const PROT_EXEC = 4;

/** Flag in the reply of EXEC_NEWMEM: the caller loads the text. */
export const EXC_NM_RF_LOAD_TEXT = 1;

/** Questions of INFO. */
export const VMIW_STATS = 1;
export const VMIW_USAGE = 2;
export const VMIW_REGION = 3;
/** Ours: how all memory is used (struct vm_use); `count` 1 runs the check of everything first. */
export const VMIW_USE = 16;
/** Ours: as VMIW_REGION with pages, sharing and faults (struct vm_map_entry), whole regions, also those without a page. */
export const VMIW_MAP = 17;
/** Most regions in one answer. */
export const MAX_VRI_COUNT = 64;

/** Requests of RS_MEMCTL. */
export const VM_RS_MEM_PIN = 0;
export const VM_RS_MEM_MAKE_VM = 1;
export const VM_RS_MEM_FOLLOW = 2;

/** Entries of the DMA table. */
export const NR_DMA = 16;

/** Both halves of the id that names no yielded block. */
export const VM_BLOCKID_NONE = 0xffffffff;
