import { ICANON, termiosDefaults, type Termios, type Winsize } from "@procyon-os/contract-char";
import type { Endpoint, GrantId } from "@procyon-os/message";
import type { FunctionKeys } from "./function-keys.ts";

/** A request that waits: who asked (`caller`, the grant's owner), for whom, and how far it is. */
export interface PendingTransfer {
  readonly caller: Endpoint;
  readonly user: Endpoint;
  readonly grant: GrantId;
  readonly count: number;
  done: number;
  /** The caller was answered SUSPEND; the result goes to it by way of DEV_STATUS. */
  suspended: boolean;
}

/** A read also waits for a number of bytes, or a time. */
export interface PendingRead extends PendingTransfer {
  needed: number;
  expires: number | null; // ticks since boot
}

/** An ioctl that waits until all output is out. */
export interface PendingIoctl {
  readonly caller: Endpoint;
  readonly user: Endpoint;
  readonly grant: GrantId;
  readonly request: number;
}

/** A result that waits to be asked for with DEV_STATUS. */
export interface Revive {
  readonly caller: Endpoint;
  readonly user: Endpoint;
  readonly grant: GrantId;
  readonly status: number;
}

// A cell of the input queue: the character, how many columns its echo takes, and what it means.
export const CELL_CHAR = 0x00ff;
export const CELL_LENGTH_SHIFT = 8;
export const CELL_LENGTH = 0x0f00;
/** A line ends here. */
export const CELL_BREAK = 0x1000;
/** An end of file: a line break that is no character. */
export const CELL_EOF = 0x2000;
/** The character has no special meaning. */
export const CELL_ESCAPED = 0x4000;

/** A line and everything that must survive a crash of the driver: plain data. */
export interface Line {
  readonly index: number;
  readonly initial: Termios; // what a first open finds
  termios: Termios;
  winsize: Winsize;
  pgrp: Endpoint | 0; // whose controlling terminal it is
  opens: number;
  input: number[]; // cells
  breaks: number; // cells with CELL_BREAK
  raw: number[]; // received, not yet processed: the input queue is full, or the last ones may become a key
  throttled: boolean; // the other end was told to wait
  escaped: boolean; // the last character was LNEXT
  reprint: boolean; // other output came between what is being typed
  column: number; // of the cursor, modulo the tab width
  stopped: boolean; // by STOP or TCOOFF
  output: Uint8Array; // processed, not yet in the chip
  chipBusy: boolean; // the chip will interrupt when it can take more
  hungUp: boolean;
  read: PendingRead | null;
  write: PendingTransfer | null;
  ioctl: PendingIoctl | null;
  revives: Revive[];
  select: { readonly caller: Endpoint; readonly minor: number; operations: number } | null;
  keys: FunctionKeys | null; // of the console
}

/** Cells of the input queue. MINIX has 256; a script that is piped into the console has longer lines. */
export const INPUT_CELLS = 4096;
/** Bytes of output that a line holds before it makes writers wait. */
export const OUTPUT_BYTES = 1024;
export const TAB_WIDTH = 8;

const NO_SIZE: Winsize = { rows: 0, columns: 0, xPixels: 0, yPixels: 0 };

/** A line that nobody has opened yet, with the settings that its first open is to find. */
export function freshLine(index: number, initial: Termios = termiosDefaults): Line {
  return {
    index, initial, termios: initial, winsize: NO_SIZE, pgrp: 0, opens: 0, input: [], breaks: 0, raw: [], throttled: false, escaped: false, reprint: false,
    column: 0, stopped: false, output: new Uint8Array(0), chipBusy: false, hungUp: false, read: null, write: null, ioctl: null, revives: [],
    select: null, keys: null,
  };
}

/** Whether input comes in lines. */
export function isCanonical(line: Line): boolean {
  return (line.termios.lflag & ICANON) !== 0;
}

/** Whether somebody is in the middle of typing a line. */
export function hasUnfinishedLine(line: Line): boolean {
  const last = line.input.at(-1);
  return last !== undefined && (last & CELL_BREAK) === 0;
}

/** What a last close leaves: settings as at the start. */
export function resetSettings(line: Line): void {
  line.termios = line.initial;
  line.winsize = NO_SIZE;
  line.stopped = false;
}
