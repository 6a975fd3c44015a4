/** What the machine's thread and the watchdog's share: a few numbers, each written by the machine's thread alone. */
export type Cells = Int32Array<SharedArrayBuffer>;

/** Number of the service whose step runs, counted from 1; 0 where none from outside does. */
export const RUNNING = 0;
/** Steps of services from outside that have begun. */
export const STEPS = 1;
/** Slices of the machine, and answers to the watchdog's questions. */
export const BEATS = 2;
/** Not 0 while the machine's thread stands still and knows it. */
export const AWAY = 3;

export function newCells(): Cells {
  return new Int32Array(new SharedArrayBuffer(4 * Int32Array.BYTES_PER_ELEMENT));
}

/** What the watchdog is started with. */
export interface WatchOrders {
  readonly cells: Cells;
  readonly seconds: number;
  /** What the machine's thread does in the midst of a step, before the watchdog says anything, and in order to end: expressions of JavaScript. */
  readonly settling: string;
  readonly ending: string;
  /** Whether lines go to a terminal that is in raw mode. */
  readonly raw: boolean;
}
