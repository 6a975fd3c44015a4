import {
  ITIMERVAL_BYTES, ITIMER_PROF, ITIMER_REAL, ITIMER_VIRTUAL, decodeItimerVal, encodeItimerVal, type ItimerVal, type TimeVal,
} from "@procyon-os/contract-pm";
import { fail, ok, type Program, type Ticks } from "@procyon-os/message";
import { kernel, readProcess, systemHz, writeProcess } from "@procyon-os/syslib";
import { afterwards } from "./effects.ts";
import type { PmHandler } from "./handlers.ts";
import { must } from "./partners.ts";
import type { PmState, Process } from "./state.ts";
import { alarmTicksLeft, kernelTimer, setAlarm } from "./timers.ts";

const MICROSECONDS = 1_000_000;
const MAX_TICKS = 0x7fff_ffff;

/** Ticks that last at least as long; what would overflow is the longest time there is. */
function ticksOf({ seconds, microseconds }: TimeVal, hz: number): number {
  const ticks = (seconds >>> 0) * hz + Math.ceil((microseconds * hz) / MICROSECONDS);
  return Math.min(ticks, MAX_TICKS);
}

function timeOf(ticks: number, hz: number): TimeVal {
  return { seconds: Math.floor(ticks / hz), microseconds: Math.floor(((ticks % hz) * MICROSECONDS) / hz) };
}

function isTime({ seconds, microseconds }: TimeVal, hz: number): boolean {
  return seconds >= 0 && seconds <= MAX_TICKS / hz && microseconds >= 0 && microseconds < MICROSECONDS;
}

function* readTimer(process: Process, which: number): Program<ItimerVal> {
  const hz = yield* systemHz();
  const interval = process.intervals[which] as number;
  let left: number;
  if (which === ITIMER_REAL) left = yield* alarmTicksLeft(process);
  else {
    const read = yield* kernel.vtimer({ timer: kernelTimer(which), set: false, value: 0 as Ticks, process: process.endpoint });
    left = (yield* must("vtimer", read)).old;
    if (left <= 0) left = interval;
  }
  return { interval: timeOf(interval, hz), value: timeOf(left, hz) };
}

function* writeTimer(state: PmState, process: Process, which: number, { interval, value }: ItimerVal): Program<void> {
  const hz = yield* systemHz();
  const ticks = ticksOf(value, hz);
  process.intervals[which] = ticks > 0 ? ticksOf(interval, hz) : 0;
  if (which === ITIMER_REAL) return yield* setAlarm(process, ticks);
  afterwards(state, { what: "timer", endpoint: process.endpoint, timer: kernelTimer(which), ticks });
}

/** ITIMER: reads one of the three timers, sets it, or both. */
export const itimer: PmHandler<"itimer"> = function* (state, caller, { which, value, oldValue }) {
  if (which !== ITIMER_REAL && which !== ITIMER_VIRTUAL && which !== ITIMER_PROF) return fail("EINVAL");
  if (value === 0 && oldValue === 0) return fail("EINVAL");
  let next: ItimerVal | null = null;
  if (value !== 0) {
    const bytes = yield* readProcess(caller.endpoint, value, ITIMERVAL_BYTES);
    if (!bytes.ok) return fail("EFAULT");
    next = decodeItimerVal(bytes.value);
    const hz = yield* systemHz();
    if (!isTime(next.value, hz) || !isTime(next.interval, hz)) return fail("EINVAL");
  }
  const old = yield* readTimer(caller, which);
  if (next !== null) yield* writeTimer(state, caller, which, next);
  if (oldValue === 0) return ok({});
  const written = yield* writeProcess(caller.endpoint, oldValue, encodeItimerVal(old));
  return written.ok ? ok({}) : fail("EFAULT");
};

/** ALARM: the real timer in whole seconds, once. */
export const alarm: PmHandler<"alarm"> = function* (state, caller, { seconds }) {
  const { value: old } = yield* readTimer(caller, ITIMER_REAL);
  yield* writeTimer(state, caller, ITIMER_REAL, { interval: { seconds: 0, microseconds: 0 }, value: { seconds, microseconds: 0 } });
  return ok({ remaining: old.seconds + (old.microseconds > 0 ? 1 : 0) });
};
