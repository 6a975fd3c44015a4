import { MESSAGE_BYTES, type Endpoint } from "@procyon-os/message";
import { array, branded, int32, int8, rawBytes, struct, text, uint32, uint64, uint8, type Struct, type StructValue } from "./struct.ts";

/** One segment of a process, in clicks of 4096 bytes. */
export const memoryMapEntry = struct("mem_map", 12, { vir: [0, uint32], phys: [4, uint32], length: [8, uint32] });
export type MemoryMapEntry = StructValue<typeof memoryMapEntry>;
/** T, D and S of a process: argument of FORK and NEWMAP (36 bytes). */
export const memoryMap: Struct<MemoryMap> = struct("mem_map[3]", 36, {
  text: [0, memoryMapEntry], data: [12, memoryMapEntry], stack: [24, memoryMapEntry],
});
export interface MemoryMap {
  readonly text: MemoryMapEntry;
  readonly data: MemoryMapEntry;
  readonly stack: MemoryMapEntry;
}

/** The saved registers, 64 bytes: also in signal and machine contexts, and what GET_REGS gives (reference/kernel.md 1.7). */
export const registers = struct("stackframe_s", 64, {
  gsFs: [0, uint32], esDs: [4, uint32], edi: [8, uint32], esi: [12, uint32], ebp: [16, uint32], st: [20, uint32],
  ebx: [24, uint32], edx: [28, uint32], ecx: [32, uint32], eax: [36, uint32], retadr: [40, uint32], eip: [44, uint32],
  cs: [48, uint32], eflags: [52, uint32], esp: [56, uint32], ss: [60, uint32],
});
export type Registers = StructValue<typeof registers>;

/** Words of a register frame (an Int32Array of 16), by name. */
export const REG_GS_FS = 0;
export const REG_ES_DS = 1;
export const REG_EDI = 2;
export const REG_ESI = 3;
export const REG_EBP = 4;
export const REG_EBX = 6;
export const REG_EDX = 7;
export const REG_ECX = 8;
export const REG_EAX = 9;
export const REG_EIP = 11;
export const REG_CS = 12;
export const REG_EFLAGS = 13;
export const REG_ESP = 14;
export const REG_SS = 15;
export const REGISTER_WORDS = 16;
export const REGISTER_BYTES = 64;

/** Length of the name that the kernel keeps, with its NUL. */
export const P_NAME_LEN = 8;
/** Bytes of struct proc on a uniprocessor: T_GETUSER counts offsets in it, struct priv follows (reference/kernel.md 8.5). */
export const PROCESS_BYTES = 972;
/** The mark of a sound slot. */
export const PMAGIC = 0x0c0ffee1;

/**
 * struct proc of MINIX 3.2.0: answer of GET_PROC and (261 times, kernel tasks first) GET_PROCTAB. Pointers to other slots
 * are addresses in a table that begins at `kinfo.processTable`; see `slotPointer`. A hosted process has MF_HOSTED.
 */
export const processEntry = struct("proc", PROCESS_BYTES, {
  registers: [0, registers], ldtSelector: [596, uint32], cr3: [600, uint32], pageDirectory: [604, uint32],
  ldt: [608, rawBytes(16)], slot: [624, int32], privileges: [628, uint32], rtsFlags: [632, uint32],
  miscFlags: [636, uint32], priority: [640, int8], cpuTimeLeft: [644, uint64], quantumMs: [652, uint32],
  scheduler: [656, uint32], cpu: [660, uint32], enterQueue: [664, uint64], timeInQueue: [672, uint64],
  dequeues: [680, uint32], ipcSync: [684, uint32], ipcAsync: [688, uint32], preempted: [692, uint32],
  memoryMap: [696, memoryMap], userTime: [732, uint32], systemTime: [736, uint32], virtualLeft: [740, int32],
  profileLeft: [744, int32], cycles: [748, uint64], kernelCallCycles: [756, uint64], ipcCycles: [764, uint64],
  nextReady: [772, uint32], callerQueue: [776, uint32], queueLink: [780, uint32],
  getFrom: [784, branded<Endpoint>()], sendTo: [788, branded<Endpoint>()], pendingSignals: [792, uint32],
  name: [796, text(P_NAME_LEN)], endpoint: [804, branded<Endpoint>()], sendMessage: [808, rawBytes(MESSAGE_BYTES)],
  deliverMessage: [844, rawBytes(MESSAGE_BYTES)], deliverAddress: [880, uint32], vmRequestType: [892, int32],
  vmRequestMessage: [896, rawBytes(MESSAGE_BYTES)], vmRequestKind: [932, int32],
  vmRequestTarget: [936, branded<Endpoint>()], vmRequestStart: [940, uint32], vmRequestLength: [944, uint32],
  vmRequestWrite: [948, uint8], vmResult: [960, int32], magic: [968, uint32],
});
export type ProcessEntry = StructValue<typeof processEntry>;

/** Of struct proc only what says whether a slot is taken, and by whom: for a look at the whole table. */
export const processSlot = struct("proc (slot)", PROCESS_BYTES, { rtsFlags: [632, uint32], endpoint: [804, branded<Endpoint>()] });

/** Kernel-virtual address that stands for the process table in pointers between slots. */
export const PROCESS_TABLE_ADDRESS = 0x100000;
/** The pointer that stands for a slot (null: none). */
export function slotPointer(slot: number | null): number {
  return slot === null ? 0 : PROCESS_TABLE_ADDRESS + (slot + 5) * PROCESS_BYTES;
}
/** The slot that a pointer of a process entry stands for, or null. */
export function pointerSlot(pointer: number): number | null {
  return pointer === 0 ? null : (pointer - PROCESS_TABLE_ADDRESS) / PROCESS_BYTES - 5;
}

/** Kernel-virtual address that stands for the table of privilege structures in such pointers, by id. */
const PRIVILEGE_TABLE_ADDRESS = 0x180000;
const PRIVILEGE_BYTES = 812;
/** The pointer that stands for privileges (null: none). */
export function privilegePointer(id: number | null): number {
  return id === null ? 0 : PRIVILEGE_TABLE_ADDRESS + id * PRIVILEGE_BYTES;
}
/** The id of the privileges that a pointer of a process entry stands for, or null. */
export function pointerPrivilegeId(pointer: number): number | null {
  return pointer === 0 ? null : (pointer - PRIVILEGE_TABLE_ADDRESS) / PRIVILEGE_BYTES;
}

/** Where a boot image entry's program lies, in bytes. */
export const bootImageMemory = struct("boot_image_memmap", 32, {
  textVirtual: [0, uint32], textPhysical: [4, uint32], textBytes: [8, uint32], dataVirtual: [12, uint32],
  dataPhysical: [16, uint32], dataBytes: [20, uint32], stackBytes: [24, uint32], entry: [28, uint32],
});
/** struct boot_image, 56 bytes; GET_IMAGE gives 17 of them, in image order (reference/kernel.md 1.3). */
export const bootImageEntry = struct("boot_image", 56, {
  slot: [0, int32], flags: [4, int32], stackKb: [8, int32], name: [12, text(P_NAME_LEN)],
  endpoint: [20, branded<Endpoint>()], memory: [24, bootImageMemory],
});
export type BootImageEntry = StructValue<typeof bootImageEntry>;

/** struct irq_hook as GET_IRQHOOKS gives it. */
export const irqHookEntry = struct("irq_hook", 28, {
  next: [0, uint32], handler: [4, uint32], irq: [8, int32], id: [12, int32], owner: [16, branded<Endpoint>()],
  notifyId: [20, uint32], policy: [24, uint32],
});
export const NR_IRQ_HOOKS = 64;
/** Words that GET_IRQACTIDS gives, one for each line. */
export const NR_IRQ_VECTORS = 64;
export const irqActIds = array(NR_IRQ_VECTORS, int32);
