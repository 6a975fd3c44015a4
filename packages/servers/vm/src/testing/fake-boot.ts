import { bootImageEntry } from "@procyon-os/contract-kernel";
import { INIT, NONE, NR_BOOT_PROCS, PM, RS, SYSTEM, VM, type Endpoint } from "@procyon-os/message";
import { vm } from "../main.ts";
import type { FakeMemory } from "./fake-memory.ts";

export const KERNEL_BASE = 0x200000;
export const KERNEL_BYTES = 0x10000;
const TASKS = 5;
const STACK_BYTES = 0x4000;
const noMemory = { textVirtual: 0, textPhysical: 0, textBytes: 0, dataVirtual: 0, dataPhysical: 0, dataBytes: 0, stackBytes: 0, entry: 0 };
const page = (bytes: number): number => bytes / 4096;

/** A hosted process has data behind an unused page, and a stack; a guest has 8 KB of text as well. Gives its image entry and end. */
function addBoot(memory: FakeMemory, endpoint: Endpoint, at: number, hosted: boolean): { entry: Uint8Array; end: number } {
  const textBytes = hosted ? 0 : 0x2000;
  const dataVirtual = hosted ? 0 : 0x4000;
  const dataBytes = hosted ? 0x1000 + vm.dataBytes : 0x3000;
  const data = at + textBytes;
  const end = data + dataBytes + STACK_BYTES;
  const top = dataVirtual + dataBytes + STACK_BYTES;
  const process = memory.add({
    slot: endpoint, endpoint, hosted, map: {
      text: { vir: hosted ? 0 : 1, phys: page(at), length: page(textBytes) },
      data: { vir: page(dataVirtual), phys: page(data), length: page(dataBytes) },
      stack: { vir: page(top), phys: page(end), length: 0 },
    },
  });
  process.esp = top - 12;
  process.inhibited = endpoint !== RS && endpoint !== VM;
  memory.bytes[at] = 0x90;
  memory.bytes[data + dataBytes - 1] = endpoint; // beyond what the library of VM uses
  const entry = bootImageEntry.encode({
    slot: endpoint, flags: 0, stackKb: 16, name: "boot", endpoint,
    memory: { ...noMemory, textPhysical: at, textBytes, dataVirtual, dataPhysical: data, dataBytes, stackBytes: STACK_BYTES },
  });
  return { entry, end };
}

/** Puts the kernel, RS, PM, VM and INIT into memory; gives the boot image. */
export function loadBootImage(memory: FakeMemory): Uint8Array {
  const image = new Uint8Array(NR_BOOT_PROCS * bootImageEntry.bytes);
  const nobody = bootImageEntry.encode({ slot: NONE, flags: 0, stackKb: 0, name: "", endpoint: NONE, memory: noMemory });
  for (let i = 0; i < NR_BOOT_PROCS; i++) image.set(nobody, i * bootImageEntry.bytes);
  const kernel = { vir: page(KERNEL_BASE), phys: page(KERNEL_BASE), length: page(KERNEL_BYTES) };
  const none = { ...kernel, length: 0 };
  memory.add({ slot: SYSTEM, endpoint: SYSTEM, hosted: false, map: { text: none, data: kernel, stack: none } });
  let at = KERNEL_BASE + KERNEL_BYTES;
  [RS, PM, VM, INIT].forEach((endpoint, i) => {
    const { entry, end } = addBoot(memory, endpoint, at, endpoint !== INIT);
    image.set(entry, (TASKS + i) * bootImageEntry.bytes);
    at = end;
  });
  return image;
}
