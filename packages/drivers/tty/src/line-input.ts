import {
  ECHO, ECHOE, ECHOK, ECHONL, ICANON, ICRNL, IEXTEN, IGNCR, INLCR, ISIG, ISTRIP, IXANY, IXON, NOFLSH, POSIX_VDISABLE, VEOF, VEOL, VERASE,
  VINTR, VKILL, VLNEXT, VQUIT, VREPRINT, VSTART, VSTOP,
} from "@procyon-os/contract-char";
import { SIGINT, SIGQUIT } from "@procyon-os/message";
import { CELL_BREAK, CELL_EOF, CELL_ESCAPED, hasUnfinishedLine, INPUT_CELLS, isCanonical, type Line } from "./line.ts";
import { echoCell, eraseLast, rawEcho, reprintLine } from "./line-echo.ts";

const BACKSPACE = 8;
const NEWLINE = 10;
const RETURN = 13;
const CARET = 94;

/** What a character does besides changing the line. */
export type InputResult =
  | { readonly kind: "taken" }
  | { readonly kind: "queued" } // it lies in the input queue now
  | { readonly kind: "full" } // there is no room: keep it and stop the other end
  | { readonly kind: "signal"; readonly signal: number; readonly flush: boolean; readonly cell: number }; // to be echoed after it

const TAKEN: InputResult = { kind: "taken" };
const QUEUED: InputResult = { kind: "queued" };
const FULL: InputResult = { kind: "full" };

/** One character comes in over the line (reference/posix-abi.md 6.3 has the order of the steps). */
export function inputCharacter(line: Line, byte: number): InputResult {
  const { iflag, lflag, cc } = line.termios;
  let cell = (iflag & ISTRIP) !== 0 ? byte & 0x7f : byte;
  if ((lflag & IEXTEN) !== 0) {
    if (line.escaped) {
      line.escaped = false;
      cell |= CELL_ESCAPED;
    }
    if (cell === cc[VLNEXT] && cell !== POSIX_VDISABLE) {
      line.escaped = true;
      rawEcho(line, CARET, BACKSPACE);
      return TAKEN;
    }
    if (cell === cc[VREPRINT] && cell !== POSIX_VDISABLE) {
      reprintLine(line);
      return TAKEN;
    }
  }
  if (cell === POSIX_VDISABLE) cell |= CELL_ESCAPED; // it is a character like any other, but no function has it
  if (cell === RETURN) {
    if ((iflag & IGNCR) !== 0) return TAKEN;
    if ((iflag & ICRNL) !== 0) cell = NEWLINE;
  } else if (cell === NEWLINE && (iflag & INLCR) !== 0) cell = RETURN;

  if ((lflag & ICANON) !== 0) {
    const edited = editLine(line, cell);
    if (edited === null) return TAKEN;
    cell = edited;
  }
  if ((iflag & IXON) !== 0 && controlFlow(line, cell)) return TAKEN;
  if ((lflag & ISIG) !== 0 && (cell === cc[VINTR] || cell === cc[VQUIT])) {
    return { kind: "signal", signal: cell === cc[VINTR] ? SIGINT : SIGQUIT, flush: (lflag & NOFLSH) === 0, cell };
  }
  return queueCell(line, cell);
}

/** Erase, kill, and what ends a line; null where the character is used up. */
function editLine(line: Line, cell: number): number | null {
  const { lflag, cc } = line.termios;
  if (cell === cc[VERASE]) {
    eraseLast(line);
    if ((lflag & ECHOE) === 0) echoCell(line, cell);
    return null;
  }
  if (cell === cc[VKILL]) {
    while (eraseLast(line));
    if ((lflag & ECHOE) === 0) {
      echoCell(line, cell);
      if ((lflag & ECHOK) !== 0) rawEcho(line, NEWLINE);
    }
    return null;
  }
  if (cell === cc[VEOF]) return cell | CELL_BREAK | CELL_EOF;
  return cell === NEWLINE || cell === cc[VEOL] ? cell | CELL_BREAK : cell;
}

/** STOP and START; true where the character is used up. */
function controlFlow(line: Line, cell: number): boolean {
  const { iflag, cc } = line.termios;
  if (cell === cc[VSTOP]) {
    line.stopped = true;
    return true;
  }
  if (!line.stopped || (cell !== cc[VSTART] && (iflag & IXANY) === 0)) return false;
  line.stopped = false;
  return cell === cc[VSTART];
}

function queueCell(line: Line, cell: number): InputResult {
  if (line.input.length >= INPUT_CELLS) {
    // A line that is longer than the queue can never end; anything else waits until somebody reads.
    return isCanonical(line) && line.breaks === 0 ? TAKEN : FULL;
  }
  if (!hasUnfinishedLine(line)) line.reprint = false;
  const marked = isCanonical(line) ? cell : cell | CELL_BREAK;
  const echoed = (line.termios.lflag & (ECHO | ECHONL)) !== 0 ? echoCell(line, marked) : marked;
  line.input.push(echoed);
  if ((echoed & CELL_BREAK) !== 0) line.breaks++;
  return QUEUED;
}

/** Drops all input. */
export function flushInput(line: Line): void {
  line.input = [];
  line.breaks = 0;
  line.raw = [];
}

/** The mode has changed: in raw mode every character that waits can be read at once. */
export function markForMode(line: Line): void {
  if (isCanonical(line)) return;
  line.input = line.input.map((cell) => cell | CELL_BREAK);
  line.breaks = line.input.length;
}

/** The other end is gone: an unfinished line can be read as it is. */
export function endInput(line: Line): void {
  line.hungUp = true;
  if (line.raw.length > 0 || !hasUnfinishedLine(line)) return;
  line.input.push(CELL_BREAK | CELL_EOF);
  line.breaks++;
}
