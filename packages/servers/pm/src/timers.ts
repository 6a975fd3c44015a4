import { VT_PROF, VT_VIRTUAL } from "@procyon-os/contract-kernel";
import { ITIMER_PROF, ITIMER_REAL, ITIMER_VIRTUAL } from "@procyon-os/contract-pm";
import { SIGALRM, SIGVTALRM, instanceLocal, type Endpoint, type Program } from "@procyon-os/message";
import { cancelTimer, expireTimers, getUptime, setTimer, type Timers } from "@procyon-os/syslib";
import { afterwards } from "./effects.ts";
import { all, change, isAlive, processAt, type PmState, type Process } from "./state.ts";

const LAST_TICK = 0x7fff_fffe;

/** What runs on the alarm of this instance. It follows from the table, where each process has the time of its own. */
const timers = instanceLocal<Timers<Endpoint>>("pm timers", () => ({ list: [] }));

/** Sets the real timer of a process; 0 ticks cancel it. */
export function* setAlarm(process: Process, ticks: number): Program<void> {
  const old = timers().list.find(({ what }) => what === process.endpoint);
  if (old !== undefined) yield* cancelTimer(timers(), old);
  if (ticks > 0) {
    const { expires } = yield* setTimer(timers(), Math.min(ticks, LAST_TICK - (yield* getUptime())), process.endpoint);
    change(process).alarmAt = expires;
  } else if (process.alarmAt !== null) change(process).alarmAt = null;
}

/** Ticks until the real timer of a process expires; 0 where it is off. One that is overdue counts from its interval. */
export function* alarmTicksLeft(process: Process): Program<number> {
  if (process.alarmAt === null) return 0;
  const left = process.alarmAt - (yield* getUptime());
  return left > 0 ? left : process.intervals[ITIMER_REAL];
}

/** The clock has called: timers that have expired begin their next interval, and SIGALRM is due. */
export function* alarmsExpired(state: PmState, now: number): Program<void> {
  for (const endpoint of yield* expireTimers(timers(), now)) {
    const process = processAt(state, endpoint);
    if (process === null || !isAlive(process) || process.alarmAt === null) continue;
    change(process).alarmAt = null;
    const interval = process.intervals[ITIMER_REAL];
    if (interval > 0) yield* setAlarm(process, interval);
    state.raised.push({ endpoint, signal: SIGALRM });
  }
}

/** For an instance that takes over: sets the alarm for all that the table says. What is overdue comes with the next tick. */
export function* restoreTimers(state: PmState): Program<void> {
  const list = all(state).flatMap(({ alarmAt, endpoint }) => (alarmAt === null ? [] : [{ expires: alarmAt, what: endpoint }]));
  timers().list = list.sort((one, other) => one.expires - other.expires);
  yield* expireTimers(timers(), 0); // only sets the alarm
}

/** The kernel's number of a virtual timer. */
export const kernelTimer = (which: number): number => (which === ITIMER_VIRTUAL ? VT_VIRTUAL : VT_PROF);

/** A virtual timer of a process has expired: the kernel is told of the next interval. */
export function restartVirtualTimer(state: PmState, process: Process, signal: number): void {
  const which = signal === SIGVTALRM ? ITIMER_VIRTUAL : ITIMER_PROF;
  const interval = process.intervals[which];
  if (interval > 0) afterwards(state, { what: "timer", endpoint: process.endpoint, timer: kernelTimer(which), ticks: interval });
}
