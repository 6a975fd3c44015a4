/** Frequency of the board's crystal; virtual time is a whole number of its periods. */
export const CRYSTAL_HZ = 14_318_180;
/** A CPU does so many cycles a crystal period, and one guest instruction is one cycle. */
export const CYCLES_PER_CRYSTAL = 7;

/** An alarm of a device; made once, set and cancelled as often as needed. */
export interface Alarm {
  set(crystalsFromNow: number): void;
  cancel(): void;
}

interface Slot {
  at: number; // Infinity where it is not set
  readonly onExpire: () => void;
}

/** The board's virtual time. It moves only when told to, and then fires alarms in time order, ties in creation order. */
export class Clock {
  private time = 0;
  private readonly slots: Slot[] = [];
  private soonest = Infinity;

  get now(): number {
    return this.time;
  }

  /** A new alarm that is not set. */
  alarm(onExpire: () => void): Alarm {
    const slot: Slot = { at: Infinity, onExpire };
    this.slots.push(slot);
    return {
      set: (crystalsFromNow) => {
        // An alarm at this very instant could fire forever without time passing.
        if (!Number.isInteger(crystalsFromNow) || crystalsFromNow < 1) throw new RangeError(`alarm in ${crystalsFromNow} crystals`);
        slot.at = this.time + crystalsFromNow;
        this.findSoonest();
      },
      cancel: () => {
        slot.at = Infinity;
        this.findSoonest();
      },
    };
  }

  /** When the next alarm expires; Infinity where none is set. */
  next(): number {
    return this.soonest;
  }

  /** Moves time forward to `now` and fires every alarm up to and at it. */
  advanceTo(now: number): void {
    if (!Number.isInteger(now) || now < this.time) throw new RangeError(`time ${this.time} cannot become ${now}`);
    while (this.soonest <= now) {
      this.time = this.soonest;
      const due = this.slots.find((slot) => slot.at === this.soonest) as Slot;
      due.at = Infinity;
      this.findSoonest();
      due.onExpire();
    }
    this.time = now;
  }

  /** The time alone; devices set their alarms anew when they are restored. */
  snapshot(): number {
    return this.time;
  }

  restore(time: number): void {
    this.time = time;
    for (const slot of this.slots) slot.at = Infinity;
    this.soonest = Infinity;
  }

  private findSoonest(): void {
    let soonest = Infinity;
    for (const slot of this.slots) if (slot.at < soonest) soonest = slot.at;
    this.soonest = soonest;
  }
}
