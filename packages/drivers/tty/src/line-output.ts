import { ONLCR, OPOST, XTABS } from "@procyon-os/contract-char";
import { hasUnfinishedLine, TAB_WIDTH, type Line } from "./line.ts";

const BELL = 7;
const BACKSPACE = 8;
const TAB = 9;
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;

/** Puts characters through output processing and appends them to the line's output; keeps track of the column. */
export function putOutput(line: Line, characters: ArrayLike<number>): void {
  const { oflag } = line.termios;
  const process = (oflag & OPOST) !== 0;
  const result: number[] = [];
  for (let n = 0; n < characters.length; n++) {
    const character = characters[n] as number;
    if (character === TAB) {
      const width = TAB_WIDTH - (line.column % TAB_WIDTH);
      if (process && (oflag & XTABS) !== 0) for (let column = 0; column < width; column++) result.push(SPACE);
      else result.push(TAB);
      line.column += width;
      continue;
    }
    if (character === NEWLINE && process && (oflag & ONLCR) !== 0) {
      result.push(RETURN, NEWLINE);
      line.column = 0;
      continue;
    }
    result.push(character);
    if (character === RETURN) line.column = 0;
    else if (character === BACKSPACE) line.column = Math.max(0, line.column - 1);
    else if (character !== BELL && character !== NEWLINE) line.column++;
  }
  line.column %= TAB_WIDTH;
  const joined = new Uint8Array(line.output.length + result.length);
  joined.set(line.output);
  joined.set(result, line.output.length);
  line.output = joined;
}

/** Output of a program: it may come between what is being typed. */
export function putProgramOutput(line: Line, characters: ArrayLike<number>): void {
  putOutput(line, characters);
  if (hasUnfinishedLine(line)) line.reprint = true;
}

/** Takes up to `count` bytes for the chip. */
export function takeOutput(line: Line, count: number): Uint8Array {
  if (line.stopped) return new Uint8Array(0);
  const taken = line.output.slice(0, count);
  line.output = line.output.slice(taken.length);
  return taken;
}
