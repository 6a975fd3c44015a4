import { stateSpec, type StateSpec } from "@procyon-os/sef";
import { freshLine, type Line } from "./line.ts";
import { PORTS } from "./serial.ts";

/** All of the driver: its lines. SEF keeps a copy, so that a killed driver comes back as it was. */
export interface TtyState {
  readonly lines: Line[];
  alarmAt: number | null; // ticks since boot
}

export const ttyState: StateSpec<TtyState> = stateSpec<TtyState>({ name: "tty", version: 1, saved: true });

/** Every line as nobody has used it. */
export function freshTty(): TtyState {
  return { lines: PORTS.map((_, index) => freshLine(index)), alarmAt: null };
}

/** Index of the console's line. */
export const CONSOLE = 0;
/** /dev/console is the first serial line: the emulated machine has no screen. */
const CONSOLE_MINOR = 0;
/** /dev/log: writing only, to the console. */
export const LOG_MINOR = 15;
const FIRST_SERIAL_MINOR = 16;

/** The line that a minor number stands for, or null. */
export function lineOfMinor(state: TtyState, minor: number): Line | null {
  if (minor === CONSOLE_MINOR || minor === LOG_MINOR) return state.lines[CONSOLE] as Line;
  return state.lines[minor - FIRST_SERIAL_MINOR] ?? null;
}
