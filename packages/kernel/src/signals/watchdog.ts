import { ROOT_SYS_PROC, RTS_NO_PRIV, RTS_NO_QUANTUM, RTS_PREEMPTED, RTS_PROC_STOP, RTS_SIGNALED, RTS_SIG_PENDING } from "@procyon-os/contract-kernel";
import { NONE, SELF, SIGKILL } from "@procyon-os/message";
import type { TimerList } from "../clock/timers.ts";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../processes/process.ts";
import type { Privileges } from "../privileges/privileges.ts";
import { preemptAtLast } from "../scheduling/run-queues.ts";
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

/** Who is to take the place of an instance of RS that a signal has ended: the backup that has this signal. Null where there is none. */
function heirOf(kernel: Kernel, owner: Process, { flags, signalManager }: Privileges): Process | null {
  if ((owner.rts & RTS_SIG_PENDING) === 0 || (flags & ROOT_SYS_PROC) === 0) return null;
  const heir = kernel.processes.find(signalManager);
  return heir === owner || heir?.privileges?.signalManager !== SELF ? null : heir;
}

/**
 * A process has not spoken up in time: it is killed, so that its manager or its backup goes on for it. Not where others have stopped
 * it; and one that could run does so now and has the same time again, which counts only if it does run then: who gets no CPU hangs through
 * no fault of its own. Whoever follows in its place has as long from when it runs; where it has not taken the place of a dead RS by then, it is killed
 * as well, and its own backup goes on.
 */
export function bite(kernel: Kernel, privileges: Privileges): void {
  const { owner, watchTicks, watchCycles, watchHeir, watchdog } = privileges;
  if (owner === null || watchTicks === 0) return;
  const heir = heirOf(kernel, owner, privileges);
  const isNew = heir !== null && heir.endpoint !== watchHeir;
  const watched = heir ?? owner;
  const mightRun = (watched.rts & ~MIGHT_RUN) === 0;
  const waits = isNew || (watched.rts & STOPPED) !== 0 || (mightRun && (watchCycles === -1 || watched.cycles === watchCycles));
  privileges.watchHeir = heir?.endpoint ?? NONE;
  privileges.watchCycles = waits && mightRun ? watched.cycles : -1;
  kernel.clock.timers.set(watchdog, kernel.clock.uptime + watchTicks);
  if (waits && mightRun) preemptAtLast(kernel, watched);
  if (waits) return;
  kernel.print(`kernel: ${watched.name}(${watched.endpoint}) has not spoken up for ${watchTicks} ticks\n`);
  causeSignal(kernel, watched, SIGKILL);
}
