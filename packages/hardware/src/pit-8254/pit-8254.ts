import type { Alarm, Clock } from "../clock.ts";
import type { IrqLine } from "../irq-line.ts";
import { UnimplementedHardware, type PortDevice } from "../port-space.ts";
import { counterOutput, counterValue, freshCounter, nextRise, programCounter, readCounter, settleCounter, setGate, writeCounter, type PitCounter } from "./pit-counter.ts";

// Intel 8254 data sheet, "Control Word Format". Port 0x61 is the AT's system control port B: gate and output of counter 2.
const COUNTER_PORTS = [0x40, 0x41, 0x42];
const CONTROL = 0x43;
const SYSTEM_CONTROL_B = 0x61;
const GATE_2 = 0x01;
const SPEAKER = 0x02;
const REFRESH_TOGGLE = 0x10;
const OUTPUT_2 = 0x20;
const READ_BACK = 3;
/** DRAM refresh toggles bit 4 every 15.09 µs: 216 crystals. */
const CRYSTALS_PER_REFRESH = 216;

/** The three counters and the latch of port 0x61. */
export interface Pit8254State {
  readonly counters: readonly PitCounter[];
  readonly systemControl: number;
}

/** The interval timer: counter 0 interrupts, counter 2 can be measured with; modes 0, 2 and 3, binary. */
export class Pit8254 implements PortDevice<Pit8254State> {
  readonly ports: readonly number[] = [...COUNTER_PORTS, CONTROL, SYSTEM_CONTROL_B];
  private counters: PitCounter[] = [freshCounter(true), freshCounter(true), freshCounter(false)];
  private systemControl = 0;
  private readonly clock: Clock;
  private readonly alarm: Alarm;

  constructor(clock: Clock, irq: IrqLine) {
    this.clock = clock;
    this.alarm = clock.alarm(() => {
      irq.pulse();
      this.schedule();
    });
  }

  in8(port: number): number {
    if (port === SYSTEM_CONTROL_B) return this.readSystemControl();
    if (port === CONTROL) return 0xff; // write only
    const which = port - 0x40;
    const { value, counter } = readCounter(this.counter(which), this.clock.now);
    this.counters = this.counters.with(which, counter);
    return value;
  }

  out8(port: number, value: number): void {
    if (port === CONTROL) this.writeControl(value);
    else if (port === SYSTEM_CONTROL_B) {
      this.systemControl = value & (GATE_2 | SPEAKER);
      this.counters = this.counters.with(2, setGate(this.counter(2), (value & GATE_2) !== 0, this.clock.now));
    } else {
      const which = port - 0x40;
      this.counters = this.counters.with(which, writeCounter(this.counter(which), value, this.clock.now));
      if (which === 0) this.schedule();
    }
  }

  snapshot(): Pit8254State {
    return { counters: this.counters, systemControl: this.systemControl };
  }

  restore(state: Pit8254State): void {
    this.counters = [...state.counters];
    this.systemControl = state.systemControl;
    this.schedule();
  }

  private writeControl(value: number): void {
    const which = value >> 6;
    if (which === READ_BACK) {
      for (let n = 0; n < 3; n++) if ((value & (2 << n)) !== 0) this.latch(n, (value & 0x20) === 0, (value & 0x10) === 0);
      return;
    }
    if ((value & 0x30) === 0) return this.latch(which, true, false);
    const mode = (value >> 1) & (value & 4 ? 3 : 7); // 6 and 7 are other names of 2 and 3
    if ((value & 1) !== 0 || (mode !== 0 && mode !== 2 && mode !== 3)) {
      throw new UnimplementedHardware(`8254: control word 0x${value.toString(16)} (mode ${mode}${value & 1 ? ", BCD" : ""})`);
    }
    this.counters = this.counters.with(which, programCounter(this.counter(which), mode, ((value >> 4) & 3) as 1 | 2 | 3));
    if (which === 0) this.schedule();
  }

  private latch(which: number, count: boolean, status: boolean): void {
    const counter = this.counter(which);
    if (counter.latch.length > 0) return; // a latched value stays until it is read
    const bytes: number[] = [];
    const now = this.clock.now;
    if (status) {
      const output = counterOutput(counter, now) ? 0x80 : 0;
      bytes.push(output | (counter.startedAt === null ? 0x40 : 0) | (counter.access << 4) | (counter.mode << 1));
    }
    if (count) {
      const value = counterValue(counter, now);
      if ((counter.access & 1) !== 0) bytes.push(value & 0xff);
      if ((counter.access & 2) !== 0) bytes.push(value >> 8);
    }
    this.counters = this.counters.with(which, { ...counter, latch: bytes });
  }

  private readSystemControl(): number {
    const output = counterOutput(this.counter(2), this.clock.now) ? OUTPUT_2 : 0;
    const refresh = Math.floor(this.clock.now / CRYSTALS_PER_REFRESH) % 2 === 1 ? REFRESH_TOGGLE : 0;
    return this.systemControl | output | refresh;
  }

  private counter(which: number): PitCounter {
    return settleCounter(this.counters[which] as PitCounter, this.clock.now);
  }

  /** Sets the alarm to the next rising edge of counter 0's output. */
  private schedule(): void {
    const rise = nextRise(this.counter(0), this.clock.now);
    if (rise === null) this.alarm.cancel();
    else this.alarm.set(rise - this.clock.now);
  }
}
