import { B0, VMIN, VTIME } from "@procyon-os/contract-char";
import { CELL_BREAK, CELL_CHAR, CELL_EOF, isCanonical, type Line } from "./line.ts";

/** Whether nothing more will come: every read gives what is there, and then end of file. */
export function isDead(line: Line): boolean {
  return (line.hungUp && line.raw.length === 0) || line.termios.ospeed === B0;
}

/** How many characters a read of `count` waits for, and whether a timer runs from its start (POSIX, MIN and TIME). */
export function readPlan(line: Line, count: number): { readonly needed: number; readonly timed: boolean } {
  if (isCanonical(line)) return { needed: 1, timed: false };
  const min = line.termios.cc[VMIN] as number;
  const time = line.termios.cc[VTIME] as number;
  if (min === 0) return { needed: time > 0 ? 1 : 0, timed: time > 0 };
  return { needed: Math.min(min, count), timed: time > 0 && line.input.length > 0 };
}

/** Whether each new character starts the timer of a waiting read again. */
export function timesBetweenCharacters(line: Line): boolean {
  return !isCanonical(line) && (line.termios.cc[VMIN] as number) > 0 && (line.termios.cc[VTIME] as number) > 0;
}

/** Whether a read that needs so many characters (lines, in canonical mode) can be answered. */
export function canRead(line: Line, needed: number): boolean {
  return line.breaks >= needed || isDead(line);
}

/** Takes what a read of `count` gets: up to a line break in canonical mode. An end of file is taken and gives nothing. */
export function takeInput(line: Line, count: number): Uint8Array {
  const taken: number[] = [];
  let used = 0;
  while (taken.length < count && line.breaks > 0) {
    const cell = line.input[used++] as number;
    if ((cell & CELL_EOF) === 0) taken.push(cell & CELL_CHAR);
    if ((cell & CELL_BREAK) === 0) continue;
    line.breaks--;
    if (isCanonical(line)) break;
  }
  line.input.splice(0, used);
  return Uint8Array.from(taken);
}
