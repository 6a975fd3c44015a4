/** A part of a program file that goes into memory. */
export interface ElfSegment {
  readonly address: number;
  readonly fileOffset: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
  readonly executable: boolean;
  readonly writable: boolean;
}

/** What a static i386 ELF program asks for. */
export interface ElfProgram {
  readonly entry: number;
  readonly segments: readonly ElfSegment[];
}

const MAGIC = 0x464c457f;
const CLASS_32_LITTLE = 0x0101;
const TYPE_EXECUTABLE = 2;
const MACHINE_386 = 3;
const PT_LOAD = 1;
const HEADER_BYTES = 52;
const PROGRAM_HEADER_BYTES = 32;

/** Reads the headers of a static i386 ELF file; throws for anything else. */
export function readElf(file: Uint8Array): ElfProgram {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const bad = (why: string): never => {
    throw new Error(`boot module is not a static i386 ELF program: ${why}`);
  };
  if (file.length < HEADER_BYTES || view.getUint32(0, true) !== MAGIC) bad("no ELF header");
  if (view.getUint16(4, true) !== CLASS_32_LITTLE) bad("not 32-bit little-endian");
  if (view.getUint16(16, true) !== TYPE_EXECUTABLE || view.getUint16(18, true) !== MACHINE_386) bad("not an i386 executable");
  const tableAt = view.getUint32(28, true);
  const count = view.getUint16(44, true);
  if (tableAt + count * PROGRAM_HEADER_BYTES > file.length) bad("program headers outside of the file");

  const segments: ElfSegment[] = [];
  for (let index = 0; index < count; index++) {
    const at = tableAt + index * PROGRAM_HEADER_BYTES;
    if (view.getUint32(at, true) !== PT_LOAD) continue;
    const flags = view.getUint32(at + 24, true);
    const one: ElfSegment = {
      fileOffset: view.getUint32(at + 4, true), address: view.getUint32(at + 8, true), fileBytes: view.getUint32(at + 16, true),
      memoryBytes: view.getUint32(at + 20, true), executable: (flags & 1) !== 0, writable: (flags & 2) !== 0,
    };
    if (one.fileOffset + one.fileBytes > file.length || one.fileBytes > one.memoryBytes) bad(`segment ${index} is out of range`);
    if (one.memoryBytes > 0) segments.push(one);
  }
  if (segments.length === 0) bad("nothing to load");
  return { entry: view.getUint32(24, true), segments };
}
