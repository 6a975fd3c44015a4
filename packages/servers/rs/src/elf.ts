import { fail, ok, type Result } from "@procyon-os/message";

/** One part of a program: where it goes, how long it is, and where its bytes lie in the file. */
export interface Segment {
  readonly address: number;
  readonly memoryBytes: number;
  readonly fileOffset: number;
  readonly fileBytes: number;
}

/** What exec has to know of an ELF file. */
export interface ElfProgram {
  readonly entry: number;
  readonly text: Segment;
  readonly data: Segment | null;
}

const HEADER_BYTES = 52;
const PROGRAM_HEADER_BYTES = 32;
const PT_LOAD = 1;
const ET_EXEC = 2;

/** Reads the headers, by the rules of exec (reference/posix-abi.md 1.2): the segment with the entry is text, another one data. */
export function parseElf(file: Uint8Array): Result<ElfProgram, "ENOEXEC"> {
  if (file.length < HEADER_BYTES) return fail("ENOEXEC");
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const isElf = view.getUint32(0, false) === 0x7f454c46 && file[5] === 1 && file[6] === 1;
  const headersAt = view.getUint32(28, true);
  const headers = view.getUint16(44, true);
  if (!isElf || view.getUint16(16, true) !== ET_EXEC || view.getUint16(42, true) !== PROGRAM_HEADER_BYTES) return fail("ENOEXEC");
  if (headersAt + headers * PROGRAM_HEADER_BYTES > Math.min(512, file.length)) return fail("ENOEXEC");
  const entry = view.getUint32(24, true);
  let text: Segment | null = null;
  let data: Segment | null = null;
  for (let at = headersAt; at < headersAt + headers * PROGRAM_HEADER_BYTES; at += PROGRAM_HEADER_BYTES) {
    if (view.getUint32(at, true) !== PT_LOAD || view.getUint32(at + 20, true) === 0) continue;
    const segment: Segment = {
      address: view.getUint32(at + 8, true), memoryBytes: view.getUint32(at + 20, true),
      fileOffset: view.getUint32(at + 4, true), fileBytes: view.getUint32(at + 16, true),
    };
    if (segment.fileOffset + segment.fileBytes > file.length || segment.fileBytes > segment.memoryBytes) return fail("ENOEXEC");
    if (entry >= segment.address && entry < segment.address + segment.memoryBytes) text = segment;
    else data = segment;
  }
  return text === null ? fail("ENOEXEC") : ok({ entry, text, data });
}
