import { B0, SEL_RD, SEL_WR, VTIME } from "@procyon-os/contract-char";
import { errorCode, SIGHUP, type Program, type Ticks } from "@procyon-os/message";
import { getUptime, kernel, notify, readGrant, systemHz, writeGrant } from "@procyon-os/syslib";
import { answerLater, isDrained, signalLine } from "./answers.ts";
import { finishIoctl } from "./ioctl.ts";
import { OUTPUT_BYTES, type Line } from "./line.ts";
import { echoCell } from "./line-echo.ts";
import { endInput, inputCharacter } from "./line-input.ts";
import { putProgramOutput } from "./line-output.ts";
import { canRead, isDead, takeInput, timesBetweenCharacters } from "./line-read.ts";
import { sendSerial, setModem } from "./serial.ts";
import { CONSOLE, type TtyState } from "./tty-state.ts";

/** Moves everything on a line that can move: input to readers, output to the chip, answers to whoever waits. */
export function* handleEvents(line: Line): Program<void> {
  for (;;) {
    const progress = yield* processReceived(line);
    if (!(yield* answerRead(line)) && !progress) break;
  }
  yield* pushOutput(line);
  if (line.ioctl !== null && isDrained(line)) yield* finishIoctl(line);
  if (line.throttled !== line.raw.length > 0) {
    line.throttled = line.raw.length > 0;
    yield* setModem(line);
  }
  if (line.select !== null && readyOperations(line, line.select.operations) !== 0) yield* notify(line.select.caller);
}

/**
 * The other end has hung up. On the console that is the end of the input, no more: its output still has a reader, and the
 * programs that run may finish. On another line the session that had it ends.
 */
export function* hangUp(line: Line): Program<void> {
  if (line.hungUp) return;
  yield* handleEvents(line);
  endInput(line);
  if (line.index !== CONSOLE) yield* signalLine(line, SIGHUP, false);
}

/** Received characters, until the queue is full. True where some were taken. */
function* processReceived(line: Line): Program<boolean> {
  let taken = 0;
  let queued = false;
  while (taken < line.raw.length) {
    const result = inputCharacter(line, line.raw[taken] as number);
    if (result.kind === "full") break;
    taken++;
    queued ||= result.kind === "queued";
    if (result.kind !== "signal") continue;
    line.raw.splice(0, taken);
    taken = 0;
    yield* signalLine(line, result.signal, result.flush);
    echoCell(line, result.cell);
  }
  if (taken === 0) return false;
  line.raw.splice(0, taken);
  if (line.hungUp && line.raw.length === 0) endInput(line);
  if (queued && line.read !== null && timesBetweenCharacters(line)) yield* startReadTimer(line);
  return true;
}

/** Starts the timer of the read that waits, or starts it again. */
export function* startReadTimer(line: Line): Program<void> {
  if (line.read === null) return;
  const tenths = line.termios.cc[VTIME] as number;
  line.read.expires = (yield* getUptime()) + Math.max(1, Math.round((tenths * (yield* systemHz())) / 10));
}

/** Answers the read that waits, if it can be. */
function* answerRead(line: Line): Program<boolean> {
  const { read } = line;
  if (read === null || !canRead(line, read.needed)) return false;
  const bytes = takeInput(line, read.count);
  const copied = yield* writeGrant(read.caller, read.grant, 0, bytes);
  line.read = null;
  read.done = copied.ok ? bytes.length : errorCode(copied.error);
  yield* answerLater(line, read, read.done);
  return true;
}

/** Takes output of the program that writes, as far as there is room, and gives it to the chip. */
function* pushOutput(line: Line): Program<void> {
  for (;;) {
    yield* sendSerial(line);
    const { write } = line;
    if (write === null || line.stopped || line.output.length >= OUTPUT_BYTES) return;
    const length = Math.min(write.count - write.done, OUTPUT_BYTES - line.output.length);
    const bytes = yield* readGrant(write.caller, write.grant, write.done, length);
    if (bytes.ok) {
      putProgramOutput(line, bytes.value);
      write.done += length;
      if (write.done < write.count) continue;
    }
    line.write = null;
    yield* answerLater(line, write, bytes.ok ? write.count : errorCode(bytes.error));
  }
}

/** Which of these operations would not wait. */
export function readyOperations(line: Line, operations: number): number {
  if (line.termios.ospeed === B0) return operations;
  let ready = 0;
  if ((operations & SEL_RD) !== 0 && (line.read !== null || line.breaks > 0 || isDead(line))) ready |= SEL_RD;
  if ((operations & SEL_WR) !== 0 && (line.write !== null || line.output.length < OUTPUT_BYTES)) ready |= SEL_WR;
  return ready;
}

/** Reads whose time is over get what is there. */
export function* expireReads(state: TtyState): Program<void> {
  state.alarmAt = null;
  const now = yield* getUptime();
  for (const line of state.lines) {
    if (line.read === null || line.read.expires === null || line.read.expires > now) continue;
    line.read.expires = null;
    line.read.needed = 0;
    yield* handleEvents(line);
  }
}

/** Sets the driver's one alarm to the earliest read timer. */
export function* armAlarm(state: TtyState): Program<void> {
  let first: number | null = null;
  for (const { read } of state.lines) if (read?.expires != null && (first === null || read.expires < first)) first = read.expires;
  if (first === state.alarmAt) return;
  state.alarmAt = first;
  yield* kernel.setalarm({ expiresAt: (first ?? 0) as Ticks, absolute: first !== null });
}

