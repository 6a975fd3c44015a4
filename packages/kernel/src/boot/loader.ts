import { DATA_START } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import { KERNEL_BASE, KERNEL_BYTES } from "../memory/segments.ts";
import type { BootModule } from "../options.ts";
import { readElf, type ElfSegment } from "./elf.ts";

const PAGE = 4096;
const roundUp = (bytes: number): number => Math.ceil(bytes / PAGE) * PAGE;
const roundDown = (address: number): number => address - (address % PAGE);

/** Where a boot module has been put: text, data and stack one behind the other, each of whole pages. */
export interface LoadedModule {
  readonly module: BootModule;
  readonly textVirtual: number;
  readonly textPhysical: number;
  readonly textBytes: number;
  readonly dataVirtual: number;
  readonly dataPhysical: number;
  readonly dataBytes: number;
  readonly stackBytes: number;
  readonly entry: number;
}

/** Puts every module into memory above the kernel, as the boot monitor does for MINIX. */
export function loadModules(kernel: Kernel): LoadedModule[] {
  let at = KERNEL_BASE + KERNEL_BYTES;
  kernel.memory.fill(at, kernel.memory.size - at, 0);
  return kernel.modules.map((module) => {
    const loaded = module.program.kind === "elf" ? loadElf(kernel, module, module.program.file, at) : placeHosted(module, module.program.image, at);
    at = loaded.dataPhysical + loaded.dataBytes + loaded.stackBytes;
    if (at > kernel.memory.size) throw new Error(`no memory for the boot module ${module.name}: ${at} bytes needed, ${kernel.memory.size} there`);
    return loaded;
  });
}

/** A hosted program has no text; its data begins at 0 with a page that it does not use. */
function placeHosted(module: BootModule, image: { readonly dataBytes: number; readonly stackBytes: number }, at: number): LoadedModule {
  return {
    module, textVirtual: 0, textPhysical: at, textBytes: 0, dataVirtual: 0, dataPhysical: at,
    dataBytes: DATA_START + roundUp(image.dataBytes), stackBytes: Math.max(PAGE, roundUp(image.stackBytes)), entry: 0,
  };
}

function loadElf(kernel: Kernel, module: BootModule, file: Uint8Array, at: number): LoadedModule {
  const { entry, segments } = readElf(file);
  const stackBytes = roundUp(module.stackKb * 1024);
  const text = segments.filter(({ executable, writable }) => executable && !writable);
  const data = segments.filter((one) => !text.includes(one));
  const textRange = range(text);
  const dataRange = range(data.length > 0 ? data : [{ ...(text[0] as ElfSegment), address: textRange.end, memoryBytes: 0 }]);
  const dataPhysical = at + textRange.bytes;
  if (dataPhysical + dataRange.bytes + stackBytes > kernel.memory.size) throw new Error(`no memory for the boot module ${module.name}`);
  const put = (one: ElfSegment, physical: number, start: number): void =>
    kernel.memory.write(physical + one.address - start, file.subarray(one.fileOffset, one.fileOffset + one.fileBytes));
  for (const one of text) put(one, at, textRange.start);
  for (const one of data) put(one, dataPhysical, dataRange.start);
  return {
    // Without a text segment code and data have the same base.
    module, textVirtual: text.length > 0 ? textRange.start : dataRange.start, textPhysical: at, textBytes: textRange.bytes, dataVirtual: dataRange.start, dataPhysical,
    dataBytes: dataRange.bytes, stackBytes, entry,
  };
}

function range(segments: readonly ElfSegment[]): { start: number; end: number; bytes: number } {
  if (segments.length === 0) return { start: 0, end: 0, bytes: 0 };
  const start = roundDown(Math.min(...segments.map(({ address }) => address)));
  const end = roundUp(Math.max(...segments.map(({ address, memoryBytes }) => address + memoryBytes)));
  return { start, end, bytes: end - start };
}
