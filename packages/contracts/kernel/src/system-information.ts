import { array, int32, rawBytes, struct, text, uint16, uint32, uint64, uint8, type StructValue } from "./struct.ts";

/** struct kinfo: GET_KINFO (reference/kernel.md 3.11). */
export const kinfo = struct("kinfo", 72, {
  codeBase: [0, uint32], codeSize: [4, uint32], dataBase: [8, uint32], dataSize: [12, uint32], processTable: [16, uint32],
  // 20..51: boot monitor memory, unused
  nrProcs: [52, int32], nrTasks: [56, int32], release: [60, text(6)], version: [66, text(6)],
});
export type KernelInfo = StructValue<typeof kinfo>;

export const KMESS_BUF_SIZE = 10000;
/** struct kmessages: GET_KMESSAGES; a ring of characters. */
export const kernelMessages = struct("kmessages", 8 + KMESS_BUF_SIZE, {
  next: [0, int32], size: [4, int32], buffer: [8, rawBytes(KMESS_BUF_SIZE)],
});
export type KernelMessages = StructValue<typeof kernelMessages>;
/** The text that a message ring holds, oldest first. */
export function kernelMessagesText(ring: KernelMessages): string {
  let result = "";
  for (let index = 0; index < ring.size; index++) {
    const at = (ring.next - ring.size + index + 2 * KMESS_BUF_SIZE) % KMESS_BUF_SIZE;
    result += String.fromCharCode(ring.buffer[at] as number);
  }
  return result;
}

/** struct machine: GET_MACHINE. */
export const machine = struct("machine", 20, {
  processors: [0, uint32], bootProcessor: [4, uint32], apicEnabled: [12, int32], acpiRsdp: [16, uint32],
});
export type Machine = StructValue<typeof machine>;

/** One CPU of GET_CPUINFO, 16 bytes; the frequency is in MHz. */
export const cpuInfo = struct("cpu_info", 16, {
  vendor: [0, uint8], family: [1, uint8], model: [2, uint8], stepping: [3, uint8], frequency: [4, uint32], flags: [8, array(2, uint32)],
});
export type CpuInfo = StructValue<typeof cpuInfo>;

export const LOAD_HISTORY = 150;
export const LOAD_UNIT_SECONDS = 6;
/** struct loadinfo: GET_LOADINFO; runnable processes, summed at every tick, in 150 slots of 6 seconds. */
export const loadInfo = struct("loadinfo", 308, {
  history: [0, array(LOAD_HISTORY, uint16)], lastSlot: [300, uint16], lastClock: [304, int32],
});
export type LoadInfo = StructValue<typeof loadInfo>;

export const RANDOM_SOURCES = 16;
export const RANDOM_ELEMENTS = 64;
/** One bin of interrupt times: GET_RANDOMNESS_BIN. */
export const randomnessBin = struct("k_randomness_bin", 136, {
  next: [0, int32], size: [4, int32], samples: [8, array(RANDOM_ELEMENTS, uint16)],
});
export type RandomnessBin = StructValue<typeof randomnessBin>;
/** All bins: GET_RANDOMNESS. */
export const randomness = struct("k_randomness", 8 + RANDOM_SOURCES * 136, {
  elements: [0, int32], sources: [4, int32], bins: [8, array(RANDOM_SOURCES, randomnessBin)],
});
/** Cycles that all CPUs were idle: GET_IDLETSC. */
export const idleCycles = uint64;
