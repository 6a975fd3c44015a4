/** Never: the time of a timer that is not set. */
export const TMR_NEVER = 0x7fffffff;

/** What happens when a kernel timer expires. */
export type TimerAction = { readonly kind: "alarm" | "watchdog"; readonly privilegeId: number } | { readonly kind: "shutdown" };

/** A timer of the kernel; in the list while it is set. */
export interface Timer {
  readonly action: TimerAction;
  expiresAt: number; // ticks
}

/** A timer that is not set. */
export function newTimer(action: TimerAction): Timer {
  return { action, expiresAt: TMR_NEVER };
}

/** The timers that are set, soonest first, equal times in the order of setting (reference/kernel.md 8.3). */
export class TimerList {
  private list: Timer[] = [];

  set(timer: Timer, expiresAt: number): void {
    this.cancel(timer);
    timer.expiresAt = expiresAt;
    const at = this.list.findIndex((other) => other.expiresAt > expiresAt);
    this.list.splice(at === -1 ? this.list.length : at, 0, timer);
  }

  cancel(timer: Timer): void {
    timer.expiresAt = TMR_NEVER;
    const at = this.list.indexOf(timer);
    if (at !== -1) this.list.splice(at, 1);
  }

  /** Takes the next timer that is due at `uptime`, or null. */
  takeDue(uptime: number): Timer | null {
    const [first] = this.list;
    if (first === undefined || first.expiresAt > uptime) return null;
    this.list.shift();
    first.expiresAt = TMR_NEVER;
    return first;
  }

  /** The timers that are set, for checks and snapshots. */
  get pending(): readonly Timer[] {
    return this.list;
  }
}
