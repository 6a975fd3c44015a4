import {
  bootImageEntry, GET_IMAGE, GET_PROC, MF_HOSTED, PROCESS_BYTES, processEntry, type BootImageEntry, type MemoryMap,
} from "@procyon-os/contract-kernel";
import { NR_BOOT_PROCS, NR_PROCS, SYSTEM, type Endpoint, type Program } from "@procyon-os/message";
import { kernelStructure, panic } from "@procyon-os/syslib";

/** A boot process as it lies in memory before paging: addresses are physical, sizes are pages. */
export interface BootProcess {
  readonly slot: number;
  readonly endpoint: Endpoint;
  readonly hosted: boolean;
  readonly textPage: number; // user
  readonly textFrame: number;
  readonly textPages: number;
  readonly dataPage: number; // user
  readonly dataFrame: number;
  readonly dataPages: number; // without the heap and stack behind it
  /** Everything that it occupies: [start, end), in frames. */
  readonly start: number;
  readonly end: number;
  /** User address of the first byte above its stack. */
  readonly stackTop: number;
}

/** The extent of a memory map whose addresses are physical: text, data, and the stack that ends where its segment lies. */
function extent({ text, data, stack }: MemoryMap): [number, number] {
  const start = text.length > 0 ? Math.min(text.phys, data.phys) : data.phys;
  return [start, Math.max(text.phys + text.length, data.phys + data.length, stack.phys + stack.length)];
}

function* processOf(endpoint: Endpoint): Program<ReturnType<typeof processEntry.decode>> {
  const bytes = yield* kernelStructure(GET_PROC, PROCESS_BYTES, endpoint);
  return bytes === null ? yield* panic(`the kernel does not know the boot process ${endpoint}`) : processEntry.decode(bytes);
}

function* bootProcess(entry: BootImageEntry): Program<BootProcess> {
  const { memoryMap, miscFlags } = yield* processOf(entry.endpoint);
  const { text, data, stack } = memoryMap;
  const [start, end] = extent(memoryMap);
  const given = Math.ceil(entry.memory.dataBytes / 4096);
  return {
    slot: entry.slot, endpoint: entry.endpoint, hosted: (miscFlags & MF_HOSTED) !== 0,
    textPage: text.vir, textFrame: text.phys, textPages: text.length,
    dataPage: data.vir, dataFrame: data.phys, dataPages: given > 0 ? Math.min(given, data.length) : data.length,
    start, end, stackTop: (stack.vir + stack.length) * 4096,
  };
}

/** All boot processes, in image order. */
export function* bootProcesses(): Program<BootProcess[]> {
  const bytes = yield* kernelStructure(GET_IMAGE, NR_BOOT_PROCS * bootImageEntry.bytes);
  if (bytes === null) return yield* panic("the kernel gives no boot image");
  const list: BootProcess[] = [];
  for (let i = 0; i < NR_BOOT_PROCS; i++) {
    const entry = bootImageEntry.decode(bytes, i * bootImageEntry.bytes);
    if (entry.slot >= 0 && entry.slot < NR_PROCS) list.push(yield* bootProcess(entry));
  }
  return list;
}

/** The kernel's own memory: [start, end), in frames. */
export function* kernelExtent(): Program<[number, number]> {
  const { memoryMap } = yield* processOf(SYSTEM);
  return extent(memoryMap);
}
