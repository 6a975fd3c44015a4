/** struct exec_newmem, 72 bytes: the argument of EXEC_NEWMEM (reference/posix-abi.md 1.2). */
export const EXEC_NEWMEM_BYTES = 72;
const NAME_BYTES = 16;

/**
 * Sizes and addresses of a new program, user addresses in bytes. A hosted program has `textBytes` 0 and `isElf` false; its
 * data begin at `DATA_START`, or at `dataAddress` where that is higher.
 */
export interface ExecNewmem {
  readonly textAddress: number; // @0
  readonly textBytes: number; // @4
  readonly dataAddress: number; // @8
  readonly dataBytes: number; // @12, with bss
  readonly totalBytes: number; // @16, data, gap and stack; 0: as VM likes
  readonly argsBytes: number; // @20, initial stack image
  readonly separate: boolean; // @24
  readonly isElf: boolean; // @28
  readonly device: number; // @32
  readonly inode: number; // @36
  readonly ctime: number; // @40
  readonly newUid: number; // @44
  readonly newGid: number; // @48
  readonly setUgid: boolean; // @52
  readonly programName: string; // @56, 16 bytes
}

function words(bytes: Uint8Array, offset: number, length: number): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + offset, length);
}

/** The structure as it lies in memory. */
export function encodeExecNewmem(one: ExecNewmem): Uint8Array {
  const bytes = new Uint8Array(EXEC_NEWMEM_BYTES);
  const view = words(bytes, 0, EXEC_NEWMEM_BYTES);
  const fields = [
    one.textAddress, one.textBytes, one.dataAddress, one.dataBytes, one.totalBytes, one.argsBytes, one.separate ? 1 : 0,
    one.isElf ? 1 : 0, one.device, one.inode, one.ctime, one.newUid, one.newGid, one.setUgid ? 1 : 0,
  ];
  fields.forEach((value, index) => view.setInt32(index * 4, value | 0, true));
  for (let i = 0; i < NAME_BYTES - 1 && i < one.programName.length; i++) bytes[56 + i] = one.programName.charCodeAt(i);
  return bytes;
}

/** Reads the 72 bytes. */
export function decodeExecNewmem(bytes: Uint8Array, offset = 0): ExecNewmem {
  const view = words(bytes, offset, EXEC_NEWMEM_BYTES);
  const word = (at: number): number => view.getUint32(at, true);
  let programName = "";
  for (let i = 0; i < NAME_BYTES && view.getUint8(56 + i) !== 0; i++) programName += String.fromCharCode(view.getUint8(56 + i));
  return {
    textAddress: word(0), textBytes: word(4), dataAddress: word(8), dataBytes: word(12), totalBytes: word(16),
    argsBytes: word(20), separate: word(24) !== 0, isElf: word(28) !== 0, device: word(32), inode: word(36),
    ctime: view.getInt32(40, true), newUid: view.getInt32(44, true), newGid: view.getInt32(48, true),
    setUgid: word(52) !== 0, programName,
  };
}

/** struct vm_stats_info: what INFO gives for VMIW_STATS. Counts are pages. */
export const VM_STATS_BYTES = 20;
export interface VmStats {
  readonly pageSize: number;
  readonly total: number;
  readonly free: number;
  readonly largest: number; // longest free run
  readonly cached: number; // yielded by file systems
}

/** struct vm_usage_info: what INFO gives for VMIW_USAGE, in bytes. */
export const VM_USAGE_BYTES = 12;
export interface VmUsage {
  readonly total: number;
  readonly common: number; // mapped more than once
  readonly shared: number; // the part of it that is not copied on write
}

/** struct vm_region_info: an entry of what INFO gives for VMIW_REGION. */
export const VM_REGION_BYTES = 20;
export interface VmRegion {
  readonly segment: number; // 0 T, 1 D
  readonly address: number;
  readonly length: number;
  readonly protection: number; // PROT_*
  readonly flags: number; // MAP_IPC_SHARED or 0
}

function encodeWords(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = words(bytes, 0, bytes.length);
  values.forEach((value, index) => view.setInt32(index * 4, value | 0, true));
  return bytes;
}

export function encodeVmStats(one: VmStats): Uint8Array {
  return encodeWords([one.pageSize, one.total, one.free, one.largest, one.cached]);
}
export function decodeVmStats(bytes: Uint8Array): VmStats {
  const view = words(bytes, 0, VM_STATS_BYTES);
  const word = (at: number): number => view.getUint32(at, true);
  return { pageSize: word(0), total: word(4), free: word(8), largest: word(12), cached: word(16) };
}

export function encodeVmUsage(one: VmUsage): Uint8Array {
  return encodeWords([one.total, one.common, one.shared]);
}
export function decodeVmUsage(bytes: Uint8Array): VmUsage {
  const view = words(bytes, 0, VM_USAGE_BYTES);
  return { total: view.getUint32(0, true), common: view.getUint32(4, true), shared: view.getUint32(8, true) };
}

export function encodeVmRegion(one: VmRegion): Uint8Array {
  return encodeWords([one.segment, one.address, one.length, one.protection, one.flags]);
}
export function decodeVmRegion(bytes: Uint8Array, offset = 0): VmRegion {
  const view = words(bytes, offset, VM_REGION_BYTES);
  const word = (at: number): number => view.getUint32(at, true);
  return { segment: word(0), address: word(4), length: word(8), protection: word(12), flags: word(16) };
}

/** struct vm_use (ours): what INFO gives for VMIW_USE. Counts are pages but for those of events. */
export const VM_USE_BYTES = 60;
export interface VmUse {
  readonly total: number; // @0
  readonly free: number; // @4
  readonly largest: number; // @8, longest free run
  readonly runs: number; // @12, free runs
  readonly tables: number; // @16, page directories and tables
  readonly pages: number; // @20, of processes, each once
  readonly yielded: number; // @24
  readonly own: number; // @28, VM's
  readonly regions: number; // @32, of all processes
  readonly faults: number; // @36
  readonly copies: number; // @40, copied on write
  readonly refusedFaults: number; // @44, ended by SIGSEGV
  readonly forgotten: number; // @48, yielded blocks that went when memory was short
  readonly shortages: number; // @52, times that memory was refused
  readonly checked: number; // @56: 0 not asked for, 1 every frame has exactly one use, -1 the check failed
}

const useFields = [
  "total", "free", "largest", "runs", "tables", "pages", "yielded", "own", "regions", "faults", "copies", "refusedFaults", "forgotten", "shortages", "checked",
] as const satisfies readonly (keyof VmUse)[];

export function encodeVmUse(one: VmUse): Uint8Array {
  return encodeWords(useFields.map((name) => one[name]));
}
export function decodeVmUse(bytes: Uint8Array): VmUse {
  const view = words(bytes, 0, VM_USE_BYTES);
  return Object.fromEntries(useFields.map((name, index) => [name, view.getInt32(index * 4, true)])) as { [Name in (typeof useFields)[number]]: number };
}

/** struct vm_map_entry (ours): an entry of what INFO gives for VMIW_MAP. */
export const VM_MAP_ENTRY_BYTES = 36;
export interface VmMapEntry {
  readonly segment: number; // @0, 0 T, 1 D
  readonly address: number; // @4
  readonly length: number; // @8
  readonly protection: number; // @12, PROT_*
  readonly kind: number; // @16, VMK_*
  readonly resident: number; // @20, pages that are there
  readonly copyOnWrite: number; // @24, pages shared until somebody writes
  readonly shared: number; // @28, pages whose writes others see
  readonly faults: number; // @32, page faults resolved here
}
/** What a region is: text, heap, stack, another mapping; shared memory; a device's. */
export const VMK_TEXT = 1;
export const VMK_HEAP = 2;
export const VMK_STACK = 3;
export const VMK_MAPPED = 4;
export const VMK_SHARED = 5;
export const VMK_DEVICE = 6;

const mapFields = ["segment", "address", "length", "protection", "kind", "resident", "copyOnWrite", "shared", "faults"] as const satisfies readonly (keyof VmMapEntry)[];

export function encodeVmMapEntry(one: VmMapEntry): Uint8Array {
  return encodeWords(mapFields.map((name) => one[name]));
}
export function decodeVmMapEntry(bytes: Uint8Array, offset = 0): VmMapEntry {
  const view = words(bytes, offset, VM_MAP_ENTRY_BYTES);
  return Object.fromEntries(mapFields.map((name, index) => [name, view.getUint32(index * 4, true)])) as { [Name in (typeof mapFields)[number]]: number };
}
