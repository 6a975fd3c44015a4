import { UnimplementedHardware } from "../port-space.ts";

/** 14.31818 MHz / 12 = 1.193182 MHz, exactly. */
export const CRYSTALS_PER_COUNT = 12;

/** One counter of the 8254; nothing ticks, its value is a function of the time. */
export interface PitCounter {
  readonly mode: 0 | 2 | 3;
  readonly access: 1 | 2 | 3; // low byte, high byte, low then high
  readonly reload: number; // 1..0x10000
  readonly startedAt: number | null; // null: waits for a count, or its gate is low
  readonly nextReload: { readonly reload: number; readonly at: number } | null; // written while counting: counts after this period
  readonly lowByte: number | null; // half a count, while the other half is awaited
  readonly readHigh: boolean; // which half an unlatched read gives next
  readonly latch: readonly number[]; // latched bytes, not yet read
  readonly gate: boolean;
}

/** A counter after power on. */
export function freshCounter(gate: boolean): PitCounter {
  return { mode: 3, access: 3, reload: 0x10000, startedAt: null, nextReload: null, lowByte: null, readHigh: false, latch: [], gate };
}

/** A control word: the counter waits for its count. */
export function programCounter(counter: PitCounter, mode: 0 | 2 | 3, access: 1 | 2 | 3): PitCounter {
  return { ...freshCounter(counter.gate), mode, access };
}

const period = (counter: PitCounter): number => counter.reload * CRYSTALS_PER_COUNT;

/** Takes over a new count whose time has come. */
export function settleCounter(counter: PitCounter, now: number): PitCounter {
  const { nextReload } = counter;
  if (nextReload === null || now < nextReload.at) return counter;
  return { ...counter, reload: nextReload.reload, startedAt: nextReload.at, nextReload: null };
}

/** A byte of a count. Modes 2 and 3 finish the running period first; mode 0 starts at once. */
export function writeCounter(counter: PitCounter, byte: number, now: number): PitCounter {
  if (counter.access === 3 && counter.lowByte === null) return { ...counter, lowByte: byte };
  const count = counter.access === 1 ? byte : counter.access === 2 ? byte << 8 : (counter.lowByte as number) | (byte << 8);
  const reload = count === 0 ? 0x10000 : count;
  const loaded = { ...counter, lowByte: null };
  if (counter.mode !== 0 && counter.startedAt !== null) {
    const elapsed = now - counter.startedAt;
    const at = counter.startedAt + (Math.floor(elapsed / period(counter)) + 1) * period(counter);
    return { ...loaded, nextReload: { reload, at } };
  }
  return { ...loaded, reload, startedAt: counter.gate ? now : null };
}

/** The counting element: what a latch would hold. */
export function counterValue(counter: PitCounter, now: number): number {
  if (counter.startedAt === null) return counter.reload & 0xffff;
  const counts = Math.floor((now - counter.startedAt) / CRYSTALS_PER_COUNT);
  if (counter.mode === 0) return (counter.reload - counts) & 0xffff;
  const phase = counts % counter.reload;
  if (counter.mode === 2) return (counter.reload - phase) & 0xffff;
  // Mode 3 counts down by two, twice a period.
  const half = Math.ceil(counter.reload / 2);
  const even = counter.reload & ~1;
  return (even - 2 * (phase < half ? phase : phase - half)) & 0xffff;
}

/** The level of OUT. */
export function counterOutput(counter: PitCounter, now: number): boolean {
  if (counter.startedAt === null) return counter.mode !== 0;
  const counts = Math.floor((now - counter.startedAt) / CRYSTALS_PER_COUNT);
  if (counter.mode === 0) return counts >= counter.reload;
  const phase = counts % counter.reload;
  return counter.mode === 2 ? phase !== counter.reload - 1 : phase < Math.ceil(counter.reload / 2);
}

/** When OUT rises next, or null where it does not. */
export function nextRise(counter: PitCounter, now: number): number | null {
  if (counter.startedAt === null) return null;
  const whole = period(counter);
  if (counter.mode === 0) return now < counter.startedAt + whole ? counter.startedAt + whole : null;
  return counter.startedAt + (Math.floor((now - counter.startedAt) / whole) + 1) * whole;
}

/** A read: the latched bytes first, else the running count, low then high. */
export function readCounter(counter: PitCounter, now: number): { value: number; counter: PitCounter } {
  const [first, ...rest] = counter.latch;
  if (first !== undefined) return { value: first, counter: { ...counter, latch: rest } };
  const value = counterValue(counter, now);
  const high = counter.access === 2 || (counter.access === 3 && counter.readHigh);
  return { value: high ? value >> 8 : value & 0xff, counter: { ...counter, readHigh: counter.access === 3 && !counter.readHigh } };
}

/** The gate input: low stops the counter, a rise starts it from its count. */
export function setGate(counter: PitCounter, gate: boolean, now: number): PitCounter {
  if (gate === counter.gate) return counter;
  const counting = counter.startedAt !== null && !counterOutput(counter, now);
  if (counter.mode === 0 && counting) throw new UnimplementedHardware("8254: gate taken away in mode 0 before the count is over");
  return { ...counter, gate, startedAt: gate ? now : null };
}
