import type { Endpoint, Program } from "@procyon-os/message";

/** A line of a dump; where it names a process, the kernel prints that one's stack after it. */
export interface Line {
  readonly text: string;
  readonly stackOf?: Endpoint;
}

/** What a dump shows: what stands over each page, and an entry a line. Or why there is nothing. */
export type Shown = { readonly heading: string; readonly lines: readonly Line[] } | { readonly problem: string };

/** One dump. */
export interface Dump {
  readonly title: string;
  readonly pageLines: number;
  /** Whether a page is the end of it: what is printed would else come again in the next one. */
  readonly lastPageOnly?: boolean;
  readonly read: () => Program<Shown>;
}

/** Lines of a page where nothing else is said. */
export const PAGE_LINES = 22;

/** Cells in columns: a positive width is that of a number, a negative one that of a text. */
export function row(widths: readonly number[], cells: readonly (string | number)[]): string {
  const set = cells.map((cell, index) => {
    const width = widths[index] ?? 0;
    return width < 0 ? String(cell).padEnd(-width) : String(cell).padStart(width);
  });
  return set.join(" ").trimEnd();
}

/** A heading and a row for each thing. */
export function tableOf<T>(widths: readonly number[], heading: readonly string[], things: readonly T[], cells: (thing: T) => readonly (string | number)[]): Shown {
  return { heading: row(widths, heading), lines: things.map((thing) => ({ text: row(widths, cells(thing)) })) };
}

/** Lines as they are. */
export function textLines(heading: string, lines: readonly string[]): Shown {
  return { heading, lines: lines.map((text) => ({ text })) };
}

/** A letter for each bit that is set, a dash for the others. */
export function letters(bits: number, names: readonly (readonly [bit: number, letter: string])[]): string {
  return names.map(([bit, letter]) => ((bits & bit) !== 0 ? letter : "-")).join("");
}

/** A word in hexadecimal. */
export function hex(word: number, digits = 8): string {
  return (word >>> 0).toString(16).padStart(digits, "0");
}

/** Kilobytes of bytes. */
export function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024)}k`;
}
