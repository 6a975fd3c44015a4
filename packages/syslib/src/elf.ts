import { fail, ok, type Result } from "@procyon-os/message";

const PAGE = 4096;
/** All headers of a program lie in its first 512 bytes (reference/posix-abi.md 1.2). */
export const ELF_HEADER_BYTES = 512;
const EHDR_BYTES = 52;
const PHDR_BYTES = 32;
const PT_LOAD = 1;
const ET_EXEC = 2;

/** A part of the program that is loaded. */
export interface Segment {
  readonly address: number;
  readonly memoryBytes: number;
  readonly fileOffset: number;
  readonly fileBytes: number;
}

/** Memory that a program gets, in bytes from a page's beginning. */
export interface Region {
  readonly start: number;
  readonly bytes: number;
}

/** What an ELF file says of itself. */
export interface ElfProgram {
  readonly entry: number;
  readonly text: Region;
  readonly data: Region;
  /** What is read from the file; bytes of the regions that none of them gives are zero. */
  readonly segments: readonly Segment[];
}

const PF_W = 2;
/** Read-only data that a linker puts right below the code belongs to the text; what lies farther away does not. */
const NEAR = 1024 * 1024;

interface Load extends Segment {
  readonly writable: boolean;
}

function loads(view: DataView, offset: number, end: number): Load[] | null {
  const list: Load[] = [];
  for (let at = offset; at < end; at += PHDR_BYTES) {
    const word = (place: number): number => view.getUint32(at + place, true);
    if (word(0) !== PT_LOAD || word(20) === 0) continue;
    const one = { address: word(8), memoryBytes: word(20), fileOffset: word(4), fileBytes: word(16), writable: (word(24) & PF_W) !== 0 };
    if (one.fileBytes > one.memoryBytes || one.address + one.memoryBytes > 0x7fffffff) return null;
    list.push(one);
  }
  return list;
}

function around(parts: readonly Segment[], start: number, end: number): Region {
  const first = Math.min(start, ...parts.map(({ address }) => address));
  const last = Math.max(end, ...parts.map(({ address, memoryBytes }) => address + memoryBytes));
  const from = first - (first % PAGE);
  return { start: from, bytes: Math.ceil((last - from) / PAGE) * PAGE };
}

/**
 * Reads the headers of an ELF executable. ENOEXEC where it is none that runs here. MINIX knows one text and one data segment;
 * linkers of today make four (headers, code, constants, data): those below the code join the text, all others are data.
 */
export function parseElf(header: Uint8Array): Result<ElfProgram> {
  if (header.length < EHDR_BYTES) return fail("ENOEXEC");
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const magic = view.getUint32(0, false) === 0x7f454c46 && header[5] === 1 && header[6] === 1;
  if (!magic || view.getUint32(20, true) !== 1 || view.getUint16(16, true) !== ET_EXEC) return fail("ENOEXEC");
  const offset = view.getUint32(28, true);
  const end = offset + view.getUint16(44, true) * PHDR_BYTES;
  if (view.getUint16(42, true) !== PHDR_BYTES || offset % 4 !== 0 || end > ELF_HEADER_BYTES || end > header.length) return fail("ENOEXEC");
  const entry = view.getUint32(24, true);
  const segments = loads(view, offset, end);
  const code = segments?.find(({ address, memoryBytes }) => address <= entry && entry < address + memoryBytes);
  if (segments === null || code === undefined) return fail("ENOEXEC");
  const below = segments.filter(({ address, writable }) => !writable && address < code.address && code.address - address <= NEAR);
  const others = segments.filter((one) => one !== code && !below.includes(one));
  const text = around(below, code.address, code.address + code.memoryBytes);
  const textEnd = text.start + text.bytes;
  // A program without data has a page of it all the same: where its heap begins.
  const data = others.length === 0 ? { start: textEnd, bytes: PAGE } : around(others, Infinity, 0);
  return ok({ entry, text, data, segments });
}
