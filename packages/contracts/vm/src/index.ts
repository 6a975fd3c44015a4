export { EXC_NM_RF_LOAD_TEXT, MAP_ALIGN64K, MAP_ANON, MAP_CONTIG, MAP_FAILED, MAP_IPC_SHARED, MAP_LOWER16M, MAP_LOWER1M, MAP_PREALLOC, MAP_PRIVATE, MAP_SHARED, MAX_VRI_COUNT, MINSTACKREGION, NR_DMA, NR_VM_CALLS, PFERR_PROT, PFERR_USER, PFERR_WRITE, PROT_EXEC, PROT_NONE, PROT_READ, PROT_WRITE, VMIW_REGION, VMIW_STATS, VMIW_USAGE, VM_BLOCKID_NONE, VM_CALL_MASK_WORDS, VM_DATATOP, VM_PAGEFAULT, VM_PAGE_SIZE, VM_PROCSTART, VM_RQ_BASE, VM_RS_MEM_MAKE_VM, VM_RS_MEM_PIN, VM_STACKTOP } from "./constants.ts";
export { EXEC_NEWMEM_BYTES, VM_REGION_BYTES, VM_STATS_BYTES, VM_USAGE_BYTES, decodeExecNewmem, decodeVmRegion, decodeVmStats, decodeVmUsage, encodeExecNewmem, encodeVmRegion, encodeVmStats, encodeVmUsage } from "./structures.ts";
export type { ExecNewmem, VmRegion, VmStats, VmUsage } from "./structures.ts";
export { basicVmCalls, vmCallMask, vmContract } from "./vm-contract.ts";
export type { VmCallName } from "./vm-contract.ts";
