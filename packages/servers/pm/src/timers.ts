import { VT_PROF, VT_VIRTUAL } from "@procyon-os/contract-kernel";
import { ITIMER_PROF, ITIMER_REAL, ITIMER_VIRTUAL } from "@procyon-os/contract-pm";
import { SIGALRM, SIGVTALRM, type Endpoint, type Program, type Ticks } from "@procyon-os/message";
import { cancelTimer, getUptime, kernel, setTimer, type Timer } from "@procyon-os/syslib";
import { isAlive, processAt, type PmState, type Process } from "./state.ts";

const LAST_TICK = 0x7fff_fffe;

const timerOf = (state: PmState, { endpoint }: Process): Timer<Endpoint> | undefined => state.timers.list.find(({ what }) => what === endpoint);

/** Sets the real timer of a process; 0 ticks cancel it. */
export function* setAlarm(state: PmState, process: Process, ticks: number): Program<void> {
  const old = timerOf(state, process);
  if (old !== undefined) yield* cancelTimer(state.timers, old);
  process.alarmOn = ticks > 0;
  if (ticks > 0) yield* setTimer(state.timers, Math.min(ticks, LAST_TICK - (yield* getUptime())), process.endpoint);
}

/** Ticks until the real timer of a process expires; 0 where it is off. One that is overdue counts from its interval. */
export function* alarmTicksLeft(state: PmState, process: Process): Program<number> {
  const timer = timerOf(state, process);
  if (!process.alarmOn || timer === undefined) return 0;
  const left = timer.expires - (yield* getUptime());
  return left > 0 ? left : process.intervals[ITIMER_REAL];
}

/** The real timer of a process has expired: the next interval begins, and SIGALRM is due. */
export function* alarmExpired(state: PmState, endpoint: Endpoint): Program<void> {
  const process = processAt(state, endpoint);
  if (process === null || !isAlive(process) || !process.alarmOn) return;
  const interval = process.intervals[ITIMER_REAL];
  process.alarmOn = false;
  if (interval > 0) yield* setAlarm(state, process, interval);
  state.raised.push({ endpoint, signal: SIGALRM });
}

/** The kernel's number of a virtual timer. */
export const kernelTimer = (which: number): number => (which === ITIMER_VIRTUAL ? VT_VIRTUAL : VT_PROF);

/** A virtual timer of a process has expired: the kernel is told of the next interval. */
export function* restartVirtualTimer(process: Process, signal: number): Program<void> {
  const which = signal === SIGVTALRM ? ITIMER_VIRTUAL : ITIMER_PROF;
  const interval = process.intervals[which];
  if (interval > 0) yield* kernel.vtimer({ timer: kernelTimer(which), set: true, value: interval as Ticks, process: process.endpoint });
}
