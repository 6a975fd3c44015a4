import type { Program, Ticks } from "@procyon-os/message";
import { getUptime } from "./info.ts";
import { kernel } from "./kernel.ts";

/** Something that is to happen at a time: data, so that a state can hold it. */
export interface Timer<T> {
  readonly expires: number; // ticks since boot
  readonly what: T;
}

/** Timers of a service on its one alarm, in order of expiry; equal times keep the order in which they were set. */
export interface Timers<T> {
  list: Timer<T>[];
}

function* arm<T>(timers: Timers<T>): Program<void> {
  const first = timers.list[0];
  if (first === undefined) yield* kernel.setalarm({ expiresAt: 0 as Ticks, absolute: false });
  else yield* kernel.setalarm({ expiresAt: first.expires as Ticks, absolute: true });
}

/** Sets a timer to a number of ticks from now. */
export function* setTimer<T>(timers: Timers<T>, ticks: number, what: T): Program<Timer<T>> {
  return yield* setTimerAt(timers, (yield* getUptime()) + Math.max(1, ticks), what);
}

/** Sets a timer to a time in ticks since boot; what is over already comes with the next tick. */
export function* setTimerAt<T>(timers: Timers<T>, expires: number, what: T): Program<Timer<T>> {
  const timer: Timer<T> = { expires: Math.max(1, expires), what }; // an alarm at 0 is none
  let at = timers.list.length;
  while (at > 0 && (timers.list[at - 1] as Timer<T>).expires > timer.expires) at--;
  timers.list.splice(at, 0, timer);
  if (at === 0) yield* arm(timers);
  return timer;
}

/** Sets many timers where there are none yet, with one kernel call. */
export function* setTimersAt<T>(timers: Timers<T>, many: readonly Timer<T>[]): Program<void> {
  if (timers.list.length > 0) throw new Error("timers are set beside those that there are");
  if (many.length === 0) return;
  timers.list = [...many].sort((a, b) => a.expires - b.expires);
  yield* arm(timers);
}

/** Takes a timer back; one that has expired is no error. */
export function* cancelTimer<T>(timers: Timers<T>, timer: Timer<T>): Program<void> {
  const at = timers.list.indexOf(timer);
  if (at < 0) return;
  timers.list.splice(at, 1);
  if (at === 0) yield* arm(timers);
}

/** On a notification from CLOCK: takes out what has expired and sets the alarm for the rest. */
export function* expireTimers<T>(timers: Timers<T>, now: number): Program<T[]> {
  const expired: T[] = [];
  while (timers.list[0] !== undefined && timers.list[0].expires <= now) expired.push((timers.list.shift() as Timer<T>).what);
  yield* arm(timers);
  return expired;
}
