import { B0, SEL_RD, SEL_WR, VTIME } from "@procyon-os/contract-char";
import { errorCode, SIGHUP, type Program, type Ticks } from "@procyon-os/message";
import { getUptime, kernel, notify, readGrant, systemHz, writeGrant } from "@procyon-os/syslib";
import { answerLater, isDrained, signalLine } from "./answers.ts";
import { bytesWaiting, holdBytes, keyAt, pressKey } from "./function-keys.ts";
import { finishIoctl } from "./ioctl.ts";
import { OUTPUT_BYTES, type Line } from "./line.ts";
import { echoCell } from "./line-echo.ts";
import { endInput, inputCharacter } from "./line-input.ts";
import { putProgramOutput } from "./line-output.ts";
import { canRead, isDead, takeInput, timesBetweenCharacters } from "./line-read.ts";
import { sendSerial, setModem } from "./serial.ts";
import { CONSOLE, type TtyState } from "./tty-state.ts";

/**
 * Moves everything on a line that can move: input to readers, output to the chip, answers to whoever waits.
 * @param plain so many of the received bytes are no keys
 */
export function* handleEvents(line: Line, plain = 0): Program<void> {
  for (let noKeys = plain; ; noKeys = 0) {
    const progress = yield* processReceived(line, noKeys);
    if (!(yield* answerRead(line)) && !progress) break;
  }
  yield* pushOutput(line);
  if (line.ioctl !== null && isDrained(line)) yield* finishIoctl(line);
  const waits = bytesWaiting(line) > 0;
  if (line.throttled !== waits) {
    line.throttled = waits;
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

/** Received characters and keys, until the queue is full. True where some were taken. */
function* processReceived(line: Line, plain: number): Program<boolean> {
  let taken = 0;
  let removed = 0;
  let queued = false;
  let held = 0;
  while (taken < line.raw.length) {
    const found = removed + taken < plain ? null : keyAt(line, taken);
    if (found?.kind === "part") {
      held = line.raw.length - taken;
      break;
    }
    if (found?.kind === "key") {
      if (yield* pressKey(line, found.key)) taken += found.length;
      continue;
    }
    const result = inputCharacter(line, line.raw[taken] as number);
    if (result.kind === "full") break;
    taken++;
    queued ||= result.kind === "queued";
    if (result.kind !== "signal") continue;
    line.raw.splice(0, taken);
    removed += taken;
    taken = 0;
    yield* signalLine(line, result.signal, result.flush);
    echoCell(line, result.cell);
  }
  yield* holdBytes(line, held, removed + taken > 0);
  if (removed + taken === 0) return false;
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

/** Reads whose time is over get what is there; bytes that might have become a key are input. */
export function* expireReads(state: TtyState): Program<void> {
  state.alarmAt = null;
  const now = yield* getUptime();
  for (const line of state.lines) {
    if (line.keys?.until != null && line.keys.until <= now) yield* handleEvents(line, line.raw.length);
    if (line.read === null || line.read.expires === null || line.read.expires > now) continue;
    line.read.expires = null;
    line.read.needed = 0;
    yield* handleEvents(line);
  }
}

/** Sets the driver's one alarm to the earliest time for which something waits. */
export function* armAlarm(state: TtyState): Program<void> {
  let first: number | null = null;
  for (const { read, keys } of state.lines) for (const at of [read?.expires, keys?.until]) if (at != null && (first === null || at < first)) first = at;
  if (first === state.alarmAt) return;
  state.alarmAt = first;
  yield* kernel.setalarm({ expiresAt: (first ?? 0) as Ticks, absolute: first !== null });
}

