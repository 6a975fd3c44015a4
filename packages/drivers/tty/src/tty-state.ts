import { charContract, encodeCharReply, ECHO, ECHOE, ICRNL, IXANY, IXON, OPOST, termiosDefaults, type Termios } from "@procyon-os/contract-char";
import { FKEY_CONTROL } from "@procyon-os/contract-tty";
import { errorCode, messageType, newMessage } from "@procyon-os/message";
import { stateSpec, type StateSpec } from "@procyon-os/sef";
import { freshKeys } from "./function-keys.ts";
import { freshLine, type Line } from "./line.ts";
import { PORTS } from "./serial.ts";

/** All of the driver: its lines. SEF keeps a copy, so that a killed driver comes back as it was, and handles what it had in work once. */
export interface TtyState {
  readonly lines: Line[];
  alarmAt: number | null; // ticks since boot
}

export const ttyState: StateSpec<TtyState> = stateSpec<TtyState>({
  name: "tty", version: 2, saved: true, once: true,
  migrations: { 1: (old: TtyState) => ({ ...old, lines: old.lines.map((line) => ({ ...line, keys: keysOf(line.index) })) }) },
  refuse(request) {
    if (messageType(request) === FKEY_CONTROL) return newMessage(errorCode("EIO"));
    return encodeCharReply({ kind: "task", user: charContract.calls.open.request.user.read(request), status: errorCode("EIO") });
  },
});

/**
 * Settings of lines at whose other end no person sits, by the boot parameter `serial`: "plain" echoes nothing and sends
 * output as it is; "raw" takes input as it is too.
 */
export function initialTermios(serial: string | null): Termios {
  const { iflag, oflag, lflag } = termiosDefaults;
  const plain = { ...termiosDefaults, oflag: oflag & ~OPOST, lflag: lflag & ~(ECHO | ECHOE) };
  if (serial === "plain") return plain;
  if (serial === "raw") return { ...plain, iflag: iflag & ~(ICRNL | IXON | IXANY), lflag: 0 };
  return termiosDefaults;
}

/** Index of the console's line. */
export const CONSOLE = 0;

function keysOf(index: number): Line["keys"] {
  return index === CONSOLE ? freshKeys() : null;
}

/** Every line as nobody has used it. */
export function freshTty(initial: Termios = termiosDefaults): TtyState {
  return { lines: PORTS.map((_, index) => ({ ...freshLine(index, initial), keys: keysOf(index) })), alarmAt: null };
}

/** The line with the function keys. */
export function consoleOf(state: TtyState): Line {
  return state.lines[CONSOLE] as Line;
}

/** /dev/console is the first serial line: the emulated machine has no screen. */
const CONSOLE_MINOR = 0;
/** /dev/log: writing only, to the console. */
export const LOG_MINOR = 15;
const FIRST_SERIAL_MINOR = 16;

/** The line that a minor number stands for, or null. */
export function lineOfMinor(state: TtyState, minor: number): Line | null {
  if (minor === CONSOLE_MINOR || minor === LOG_MINOR) return consoleOf(state);
  return state.lines[minor - FIRST_SERIAL_MINOR] ?? null;
}
