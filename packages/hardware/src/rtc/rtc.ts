import { CRYSTAL_HZ, type Clock } from "../clock.ts";
import { UnimplementedHardware, type PortDevice } from "../port-space.ts";
import { dayOfWeek, fromSeconds, toSeconds, type CalendarTime } from "./calendar.ts";

// Motorola MC146818A data sheet; the AT reaches its 128 bytes through an index and a data port.
const INDEX = 0x70;
const DATA = 0x71;
const REGISTER_A = 0x0a;
const REGISTER_B = 0x0b;
const REGISTER_C = 0x0c;
const REGISTER_D = 0x0d;
const DIAGNOSTIC = 0x0e;
const CENTURY = 0x32;
const UPDATE_IN_PROGRESS = 0x80;
const DIVIDER_32768_HZ = 0x26;
const VALID_TIME = 0x80;
const B_SET = 0x80;
const B_INTERRUPTS = 0x70;
const B_BINARY = 0x04;
const B_24_HOURS = 0x02;
const UPDATE_ENDED = 0x10;
/** UIP is seen 244 µs before an update, which takes 1984 µs. */
const UPDATE_CRYSTALS = Math.ceil((CRYSTAL_HZ * (244 + 1984)) / 1_000_000);

const TIME_REGISTERS = new Map<number, keyof CalendarTime>([
  [0x00, "second"], [0x02, "minute"], [0x04, "hour"], [0x07, "day"], [0x08, "month"],
]);
const YEAR = 0x09;
const WEEKDAY = 0x06;

/** The clock chip's state; the time itself is a function of the board's clock. */
export interface RtcState {
  readonly index: number;
  readonly secondsAtZero: number; // what the calendar shows at the board's time 0
  readonly held: CalendarTime | null; // the calendar while SET stops it
  readonly registerB: number;
  readonly seenSecond: number; // the second that the last read of register C has seen
  readonly memory: readonly number[]; // the bytes that are plain memory
}

/** The real-time clock: 24 hours, BCD or binary. It interrupts nobody. */
export class Rtc implements PortDevice<RtcState> {
  readonly ports: readonly number[] = [INDEX, DATA];
  private readonly clock: Clock;
  private state: RtcState;

  constructor(clock: Clock, start: CalendarTime) {
    this.clock = clock;
    this.state = {
      index: 0, secondsAtZero: toSeconds(start), held: null, registerB: B_24_HOURS, seenSecond: 0,
      memory: Array.from({ length: 128 }, () => 0),
    };
  }

  in8(port: number): number {
    return port === INDEX ? 0xff : this.read(this.state.index);
  }

  out8(port: number, value: number): void {
    if (port === INDEX) this.state = { ...this.state, index: value & 0x7f }; // bit 7 masks the NMI, and there is none
    else this.write(this.state.index, value);
  }

  snapshot(): RtcState {
    return this.state;
  }

  restore(state: RtcState): void {
    this.state = state;
  }

  private elapsedSeconds(): number {
    return Math.floor(this.clock.now / CRYSTAL_HZ);
  }

  private calendar(): CalendarTime {
    return this.state.held ?? fromSeconds(this.state.secondsAtZero + this.elapsedSeconds());
  }

  private read(register: number): number {
    const field = TIME_REGISTERS.get(register);
    if (field !== undefined) return this.encode(this.calendar()[field]);
    if (register === YEAR) return this.encode(this.calendar().year % 100);
    if (register === CENTURY) return this.encode(Math.floor(this.calendar().year / 100));
    if (register === WEEKDAY) return dayOfWeek(toSeconds(this.calendar()));
    if (register === REGISTER_A) return DIVIDER_32768_HZ | this.updateInProgress();
    if (register === REGISTER_B) return this.state.registerB;
    if (register === REGISTER_C) return this.takeFlags();
    if (register === REGISTER_D) return VALID_TIME;
    return this.state.memory[register] as number; // register E, the diagnosis, is memory: 0 is "all is well"
  }

  private write(register: number, value: number): void {
    const field = TIME_REGISTERS.get(register);
    if (field !== undefined) this.setCalendar({ [field]: this.decode(value) });
    else if (register === YEAR) this.setCalendar({ year: Math.floor(this.calendar().year / 100) * 100 + this.decode(value) });
    else if (register === CENTURY) this.setCalendar({ year: this.decode(value) * 100 + (this.calendar().year % 100) });
    else if (register === REGISTER_A) {
      if ((value & 0x70) !== (DIVIDER_32768_HZ & 0x70)) throw new UnimplementedHardware(`RTC: divider 0x${value.toString(16)}`);
    } else if (register === REGISTER_B) this.writeB(value);
    else if (register === WEEKDAY || register === REGISTER_C || register === REGISTER_D) return; // follows the date, or cannot be written
    else if (register >= DIAGNOSTIC || register < REGISTER_A) this.state = { ...this.state, memory: this.state.memory.with(register, value) };
  }

  private writeB(value: number): void {
    if ((value & B_INTERRUPTS) !== 0) throw new UnimplementedHardware(`RTC: interrupts (register B 0x${value.toString(16)})`);
    if ((value & B_24_HOURS) === 0) throw new UnimplementedHardware("RTC: 12-hour mode");
    const stop = (value & B_SET) !== 0;
    const { held } = this.state;
    if (stop && held === null) this.state = { ...this.state, held: this.calendar() };
    if (!stop && held !== null) this.state = { ...this.state, held: null, secondsAtZero: toSeconds(held) - this.elapsedSeconds() };
    this.state = { ...this.state, registerB: value };
  }

  private setCalendar(fields: Partial<CalendarTime>): void {
    const changed = { ...this.calendar(), ...fields };
    if (this.state.held !== null) this.state = { ...this.state, held: changed };
    else this.state = { ...this.state, secondsAtZero: toSeconds(changed) - this.elapsedSeconds() };
  }

  private updateInProgress(): number {
    if (this.state.held !== null) return 0;
    return this.clock.now % CRYSTAL_HZ >= CRYSTAL_HZ - UPDATE_CRYSTALS ? UPDATE_IN_PROGRESS : 0;
  }

  private takeFlags(): number {
    const second = this.elapsedSeconds();
    const flags = second > this.state.seenSecond && this.state.held === null ? UPDATE_ENDED : 0;
    this.state = { ...this.state, seenSecond: second };
    return flags;
  }

  private encode(value: number): number {
    return (this.state.registerB & B_BINARY) !== 0 ? value : (Math.floor(value / 10) << 4) | value % 10;
  }

  private decode(value: number): number {
    return (this.state.registerB & B_BINARY) !== 0 ? value : (value >> 4) * 10 + (value & 0x0f);
  }
}
