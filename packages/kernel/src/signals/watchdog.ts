import { RTS_NO_PRIV, RTS_NO_QUANTUM, RTS_PREEMPTED, RTS_PROC_STOP, RTS_SIGNALED, RTS_SIG_PENDING } from "@procyon-os/contract-kernel";
import { SIGKILL } from "@procyon-os/message";
import type { TimerList } from "../clock/timers.ts";
import type { Kernel } from "../kernel.ts";
import type { Privileges } from "../privileges/privileges.ts";
import { causeSignal } from "./cause-signal.ts";

const STOPPED = RTS_NO_PRIV | RTS_PROC_STOP | RTS_SIGNALED | RTS_SIG_PENDING;
const MIGHT_RUN = RTS_PREEMPTED | RTS_NO_QUANTUM;

/** Sets the watchdog of a process, or none with 0. */
export function setWatchdog({ clock }: Kernel, privileges: Privileges, ticks: number): void {
  privileges.watchTicks = ticks;
  privileges.watchCycles = -1;
  if (ticks === 0) clock.timers.cancel(privileges.watchdog);
  else clock.timers.set(privileges.watchdog, clock.uptime + ticks);
}

/** Privileges get another owner, or none. */
export function callOff(timers: TimerList, privileges: Privileges): void {
  timers.cancel(privileges.watchdog);
  privileges.watchTicks = 0;
}

/**
 * A process has not spoken up in time: it is killed, so that its manager or its backup goes on for it. Not where others have stopped
 * it; and one that could run has the same time again, which counts only if it does run then: who gets no CPU hangs through no fault of
 * its own. Whoever follows in its place has as long from when it runs.
 */
export function bite(kernel: Kernel, privileges: Privileges): void {
  const { owner, watchTicks, watchCycles, watchdog } = privileges;
  if (owner === null || watchTicks === 0) return;
  const mightRun = (owner.rts & ~MIGHT_RUN) === 0;
  const waits = (owner.rts & STOPPED) !== 0 || (mightRun && (watchCycles === -1 || owner.cycles === watchCycles));
  privileges.watchCycles = waits && mightRun ? owner.cycles : -1;
  kernel.clock.timers.set(watchdog, kernel.clock.uptime + watchTicks);
  if (waits) return;
  kernel.print(`kernel: ${owner.name}(${owner.endpoint}) has not spoken up for ${watchTicks} ticks\n`);
  causeSignal(kernel, owner, SIGKILL);
}
