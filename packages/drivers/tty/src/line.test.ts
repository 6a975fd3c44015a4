import { ECHO, ICANON, ICRNL, IGNCR, ISIG, NOFLSH, POSIX_VDISABLE, VERASE, VMIN, VTIME, XTABS, ECHOE, ECHOK, OPOST, type Termios } from "@procyon-os/contract-char";
import { SIGINT, SIGQUIT } from "@procyon-os/message";
import { expect, it } from "vitest";
import { endInput, inputCharacter, markForMode } from "./line-input.ts";
import { putOutput, putProgramOutput, takeOutput } from "./line-output.ts";
import { canRead, readPlan, takeInput } from "./line-read.ts";
import { freshLine, INPUT_CELLS, type Line } from "./line.ts";

const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
const typed = (line: Line, characters: string): string[] => [...characters].map((character) => inputCharacter(line, character.charCodeAt(0)).kind);
const screen = (line: Line): string => text(takeOutput(line, 10_000));
function lineWith(change: (termios: Termios) => Partial<Termios>): Line {
  const line = freshLine(0);
  line.termios = { ...line.termios, ...change(line.termios) };
  return line;
}
const without = (flag: number) => (termios: Termios) => ({ lflag: termios.lflag & ~flag });
const withKeys = (keys: { [index: number]: number }) => (termios: Termios) => ({ cc: termios.cc.map((value, n) => keys[n] ?? value) });

it("a line can be read when it has ended, one line at a time, in pieces if asked", () => {
  const line = freshLine(0);
  typed(line, "hel");
  expect(canRead(line, 1)).toBe(false);
  typed(line, "lo\rnext\n");
  expect(text(takeInput(line, 100))).toBe("hello\n");
  expect(text(takeInput(line, 2))).toBe("ne");
  expect(canRead(line, 1)).toBe(true);
  expect(text(takeInput(line, 100))).toBe("xt\n");
  expect(canRead(line, 1)).toBe(false);
  expect(screen(line)).toBe("hello\r\nnext\r\n");
});

it("erase and kill take characters back from queue and screen, and stop at the line's beginning", () => {
  const line = freshLine(0);
  typed(line, "one\nab\u0001c\b\bd");
  typed(line, "\b\b\b\b\bx\n");
  expect(text(takeInput(line, 100))).toBe("one\n");
  expect(text(takeInput(line, 100))).toBe("x\n");
  expect(screen(line)).toBe("one\r\nab^Ac\b \b\b \b\b \bd\b \b\b \b\b \bx\r\n");
  typed(line, "wrong\u0015right\n");
  expect(text(takeInput(line, 100))).toBe("right\n");
});

it("without ECHOE kill shows itself, and a new line where ECHOK is set", () => {
  const line = lineWith((termios) => ({ lflag: (termios.lflag & ~ECHOE) | ECHOK }));
  typed(line, "ab\u0015");
  expect(screen(line)).toBe("ab^U\r\n");
});

it("LNEXT takes the meaning from the next character", () => {
  const line = freshLine(0);
  typed(line, "a\u0016\b\u0016\u0003\u0016\u0004b\n");
  expect(text(takeInput(line, 100))).toBe("a\b\u0003\u0004b\n");
  expect(screen(line)).toBe("a^\b^H^\b^C^\b^Db\r\n");
});

it("REPRINT shows the unfinished line again; so does an erase after other output", () => {
  const line = freshLine(0);
  typed(line, "done\nhalf");
  screen(line);
  typed(line, "\u0012");
  expect(screen(line)).toBe("^R\r\r\nhalf");
  putProgramOutput(line, [33]);
  typed(line, "\b");
  expect(screen(line)).toBe("!^R\r\r\nhalf\b \b");
});

it("output before anything is typed, as a prompt, needs no reprint", () => {
  const line = freshLine(0);
  putProgramOutput(line, [35]);
  typed(line, "a\b");
  expect(screen(line)).toBe("#a\b \b");
});

it("an end of file ends a line without a character; alone it is a read of nothing", () => {
  const line = freshLine(0);
  typed(line, "part\u0004\u0004");
  expect(text(takeInput(line, 100))).toBe("part");
  expect(canRead(line, 1)).toBe(true);
  expect(takeInput(line, 100).length).toBe(0);
  expect(canRead(line, 1)).toBe(false);
  expect(screen(line)).toBe("part^D\b\b^D\b\b");
});

it("INTR and QUIT are signals and are not read; disabled or without ISIG they are characters", () => {
  const line = freshLine(0);
  expect(inputCharacter(line, 3)).toEqual({ kind: "signal", signal: SIGINT, flush: true, cell: 3 });
  expect(inputCharacter(line, 28)).toEqual({ kind: "signal", signal: SIGQUIT, flush: true, cell: 28 });
  expect(inputCharacter(lineWith((termios) => ({ lflag: termios.lflag | NOFLSH })), 3)).toMatchObject({ flush: false });
  expect(typed(lineWith(without(ISIG)), "\u0003")).toEqual(["queued"]);
  const disabled = lineWith(withKeys({ [VERASE]: POSIX_VDISABLE }));
  typed(disabled, "a\b\u00ff\n");
  expect(text(takeInput(disabled, 100))).toBe("a\b\u00ff\n");
});

it("STOP holds the output and START lets it go on; any character does with IXANY", () => {
  const line = freshLine(0);
  putOutput(line, [65]);
  typed(line, "\u0013");
  expect(screen(line)).toBe("");
  typed(line, "\u0011");
  expect(screen(line)).toBe("A");
  typed(line, "\u0013");
  typed(line, "b");
  expect(screen(line)).toBe("b");
});

it("CR and NL are mapped as the flags say", () => {
  const line = lineWith((termios) => ({ iflag: (termios.iflag & ~ICRNL) | IGNCR }));
  typed(line, "a\r\n");
  expect(text(takeInput(line, 100))).toBe("a\n");
});

it("raw mode gives characters at once, by MIN and TIME", () => {
  const raw = (min: number, time: number): Line => {
    const line = lineWith(without(ICANON | ECHO));
    line.termios = { ...line.termios, ...withKeys({ [VMIN]: min, [VTIME]: time })(line.termios) };
    return line;
  };
  const line = raw(3, 0);
  typed(line, "a\b");
  expect(canRead(line, readPlan(line, 10).needed)).toBe(false);
  expect(canRead(line, readPlan(line, 2).needed)).toBe(true);
  typed(line, "\n");
  expect(canRead(line, readPlan(line, 10).needed)).toBe(true);
  expect(text(takeInput(line, 10))).toBe("a\b\n");
  expect(screen(line)).toBe("");
  expect(readPlan(raw(0, 0), 10)).toEqual({ needed: 0, timed: false });
  expect(readPlan(raw(0, 5), 10)).toEqual({ needed: 1, timed: true });
  expect(readPlan(raw(2, 5), 10)).toEqual({ needed: 2, timed: false });
});

it("what was typed before the change to raw mode can be read at once", () => {
  const line = freshLine(0);
  typed(line, "ab");
  line.termios = { ...line.termios, ...without(ICANON)(line.termios) };
  markForMode(line);
  expect(text(takeInput(line, 100))).toBe("ab");
});

it("a full queue stops the other end where somebody can read, and drops the rest of an endless line", () => {
  const endless = freshLine(0);
  typed(endless, "x".repeat(INPUT_CELLS));
  expect(typed(endless, "y")).toEqual(["taken"]);
  expect(endless.input.length).toBe(INPUT_CELLS);
  const lines = freshLine(0);
  typed(lines, "x\n".repeat(INPUT_CELLS / 2));
  expect(typed(lines, "y")).toEqual(["full"]);
});

it("after a hangup what is there can be read, then end of file for ever", () => {
  const line = freshLine(0);
  typed(line, "a\nb");
  endInput(line);
  expect(text(takeInput(line, 100))).toBe("a\n");
  expect(text(takeInput(line, 100))).toBe("b");
  expect(canRead(line, 1)).toBe(true);
  expect(takeInput(line, 100).length).toBe(0);
  expect(canRead(line, 1)).toBe(true);
});

it("tabs are expanded with XTABS, counted from the column", () => {
  const line = lineWith((termios) => ({ oflag: termios.oflag | XTABS }));
  putOutput(line, [..."ab\tc\n\td"].map((character) => character.charCodeAt(0)));
  expect(screen(line)).toBe("ab      c\r\n        d");
  const plain = lineWith((termios) => ({ oflag: termios.oflag & ~OPOST }));
  putOutput(plain, [10, 9]);
  expect(screen(plain)).toBe("\n\t");
});
