import { ECHO, ECHOE, ECHONL, ICANON, VREPRINT } from "@procyon-os/contract-char";
import { CELL_BREAK, CELL_CHAR, CELL_EOF, CELL_ESCAPED, CELL_LENGTH, CELL_LENGTH_SHIFT, hasUnfinishedLine, TAB_WIDTH, type Line } from "./line.ts";
import { putOutput } from "./line-output.ts";

const BACKSPACE = 8;
const TAB = 9;
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const CARET = 94;
const DELETE = 127;
const CONTROL_OFFSET = 64;

/** Echoes a character as it is, where echo is on. */
export function rawEcho(line: Line, ...characters: number[]): void {
  if ((line.termios.lflag & ECHO) !== 0) putOutput(line, characters);
}

/** Echoes a cell, control characters as `^X`, and gives the cell with the number of columns that this took. */
export function echoCell(line: Line, cell: number): number {
  const bare = cell & ~CELL_LENGTH;
  const character = bare & CELL_CHAR;
  const ends = character === NEWLINE && (bare & CELL_BREAK) !== 0;
  const { lflag } = line.termios;
  if ((lflag & ECHO) === 0) {
    if (ends && (lflag & (ICANON | ECHONL)) === (ICANON | ECHONL)) putOutput(line, [NEWLINE]);
    return bare;
  }
  const plain = (bare & (CELL_ESCAPED | CELL_EOF)) === 0;
  let length: number;
  if (character === TAB && plain) {
    length = TAB_WIDTH - (line.column % TAB_WIDTH);
    putOutput(line, Array.from({ length }, () => SPACE));
  } else if (plain && (bare & CELL_BREAK) !== 0 && (character === NEWLINE || character === RETURN)) {
    length = 0;
    putOutput(line, [character]);
  } else if (character < SPACE || character === DELETE) {
    length = 2;
    putOutput(line, [CARET, character ^ CONTROL_OFFSET]);
  } else {
    length = 1;
    putOutput(line, [character]);
  }
  // An end of file is shown and at once gone back over, so that what comes next covers it.
  if ((bare & CELL_EOF) !== 0) putOutput(line, Array.from({ length }, () => BACKSPACE));
  return bare | (length << CELL_LENGTH_SHIFT);
}

/** Takes the last character of the unfinished line back, from queue and screen; false where there is none. */
export function eraseLast(line: Line): boolean {
  if (!hasUnfinishedLine(line)) return false;
  if (line.reprint) reprintLine(line);
  const cell = line.input.pop() as number; // reprinting may have changed its length
  if ((line.termios.lflag & ECHOE) !== 0) {
    for (let column = (cell & CELL_LENGTH) >> CELL_LENGTH_SHIFT; column > 0; column--) rawEcho(line, BACKSPACE, SPACE, BACKSPACE);
  }
  return true;
}

/** Shows the unfinished line again, on a new line of the screen. */
export function reprintLine(line: Line): void {
  line.reprint = false;
  let first = line.input.length;
  while (first > 0 && ((line.input[first - 1] as number) & CELL_BREAK) === 0) first--;
  if (first === line.input.length) return;
  echoCell(line, (line.termios.cc[VREPRINT] as number) | CELL_ESCAPED);
  rawEcho(line, RETURN, NEWLINE);
  for (let at = first; at < line.input.length; at++) line.input[at] = echoCell(line, line.input[at] as number);
}
