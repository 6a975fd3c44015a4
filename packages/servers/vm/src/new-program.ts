import { VM_DATATOP, VM_STACKTOP, type ExecNewmem, MINSTACKREGION } from "@procyon-os/contract-vm";
import { DATA_START, fail, ok, type Result } from "@procyon-os/message";
import { PROCESS_BASE } from "./processes.ts";
import type { Segment } from "./state.ts";

/** Where the parts of a program lie, in pages of user addresses: [first, end). */
export interface Layout {
  readonly hosted: boolean;
  readonly text: readonly [number, number];
  readonly data: readonly [number, number];
  readonly stack: readonly [number, number];
  /** Pages at the top of the stack that the arguments take. */
  readonly argsPages: number;
}

const STACK_TOP_PAGE: number = VM_STACKTOP / 4096;
const FIRST_PAGE: number = DATA_START / 4096;
/** A hosted program's stack is used by nobody; it has one, as every process. */
const HOSTED_STACK_PAGES = 16;

const up = (bytes: number): number => Math.ceil(bytes / 4096);
const down = (bytes: number): number => Math.floor(bytes / 4096);

/** The layout of a new program (reference/vm.md 4.2), or why there is none. The first page stays unmapped for everybody. */
export function planProgram(wanted: ExecNewmem): Result<Layout, "ENOEXEC" | "ENOMEM"> {
  const hosted = !wanted.isElf && wanted.textBytes === 0;
  if (!hosted && !wanted.isElf) return fail("ENOEXEC"); // a.out puts data at address 0
  const textFirst = down(wanted.textAddress);
  const dataAddress = hosted ? Math.max(wanted.dataAddress, DATA_START) : wanted.dataAddress;
  const data: [number, number] = [down(dataAddress), up(dataAddress + wanted.dataBytes)];
  const hasText = wanted.textBytes > 0;
  // A page that holds the end of the text and the beginning of the data is the data's: it must be writable.
  const textEnd = hasText && textFirst < data[0] ? Math.min(up(wanted.textAddress + wanted.textBytes), data[0]) : up(wanted.textAddress + wanted.textBytes);
  const text: [number, number] = hasText ? [textFirst, textEnd] : [data[0], data[0]];

  const dataPages = data[1] - data[0];
  const argsPages = up(wanted.argsBytes);
  const least = hosted ? dataPages + argsPages + HOSTED_STACK_PAGES : MINSTACKREGION / 4096;
  const total = Math.max(up(wanted.totalBytes), least);
  if (dataPages >= total) return fail("ENOEXEC");
  if (dataPages + argsPages > total) return fail("ENOMEM");
  const stack: [number, number] = [STACK_TOP_PAGE - (total - dataPages), STACK_TOP_PAGE];

  if (text[0] < FIRST_PAGE || data[0] < FIRST_PAGE) return fail("ENOEXEC");
  if (Math.max(text[1], data[1]) > stack[0]) return fail("ENOMEM");
  return ok({ hosted, text, data, stack, argsPages });
}

/**
 * The data without the text, where that lies in their midst: linkers put read-only data before the text, and a loader that knows
 * two parts only counts them as data.
 */
export function dataPieces({ text, data }: Layout): (readonly [number, number])[] {
  const [first, end] = data;
  if (text[1] <= first || text[0] >= end || text[1] <= text[0]) return end > first ? [data] : [];
  return ([[first, text[0]], [text[1], end]] as const).filter((piece) => piece[1] > piece[0]);
}

/** The segments of a program: text, data, and a stack segment that covers everything up to the end of the address space. */
export function segmentsOf({ text, data, argsPages }: Layout): { text: Segment; data: Segment; stack: Segment } {
  const at = (vir: number, length: number): Segment => ({ vir, phys: PROCESS_BASE + vir, length });
  const stackVir = STACK_TOP_PAGE - argsPages;
  return {
    text: at(text[0], text[1] - text[0]),
    data: at(data[0], data[1] - data[0]),
    stack: at(stackVir, VM_DATATOP / 4096 - PROCESS_BASE - stackVir),
  };
}
