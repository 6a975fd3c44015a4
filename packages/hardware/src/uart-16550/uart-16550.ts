import { CRYSTAL_HZ, type Alarm, type Clock } from "../clock.ts";
import type { IrqLine } from "../irq-line.ts";
import type { PortDevice } from "../port-space.ts";
import * as r from "./uart-registers.ts";

const FIFO_BYTES = 16;
const TRIGGER_LEVELS = [1, 4, 8, 14] as const;
const BITS_PER_CHARACTER = 10;
/** A receiver FIFO below its trigger level interrupts after four silent character times. */
const TIMEOUT_CHARACTERS = 4;

/** All there is to know of the chip and of what the host has sent that the chip has not taken. */
export interface Uart16550State {
  readonly ier: number;
  readonly lcr: number;
  readonly mcr: number;
  readonly scr: number;
  readonly divisor: number;
  readonly fifos: boolean;
  readonly trigger: number;
  readonly overrun: boolean;
  readonly modem: number; // MSR with its delta bits
  readonly received: readonly number[]; // RBR or FIFO
  readonly timedOut: boolean; // bytes below the trigger level have waited long enough
  readonly toSend: readonly number[]; // THR or FIFO
  readonly shifting: number | null; // the byte on the wire
  readonly thrEmptyPending: boolean;
  readonly waiting: Uint8Array; // the host's bytes, not yet taken
  readonly hangsUp: boolean; // the carrier drops when the last of them is taken
  readonly receiveAt: number | null; // when the next byte has come over the line
  readonly silentAt: number | null; // when bytes below the trigger level have waited long enough
  readonly sentAt: number | null; // when the shift register is empty
}

const MODEM_READY = r.MSR_CTS | r.MSR_DSR;
const POWER_ON: Uart16550State = {
  ier: 0, lcr: 0, mcr: 0, scr: 0, divisor: 12, fifos: false, trigger: 1, overrun: false, modem: MODEM_READY, received: [],
  timedOut: false, toSend: [], shifting: null, thrEmptyPending: false, waiting: new Uint8Array(0), hangsUp: false, receiveAt: null,
  silentAt: null, sentAt: null,
};

/**
 * A serial line. The host's bytes wait, without loss, until RTS is up and the receiver has room. The line has one
 * speed whatever the divisor says: there is no wire.
 */
export class Uart16550 implements PortDevice<Uart16550State> {
  readonly ports: readonly number[];
  /** Where sent bytes go; the host sets it. */
  onTransmit: (byte: number) => void = () => {};
  private readonly base: number;
  private readonly clock: Clock;
  private readonly irq: IrqLine;
  private readonly crystalsPerCharacter: number;
  private readonly receiver: Alarm;
  private readonly silence: Alarm;
  private readonly transmitter: Alarm;
  private state: Uart16550State = { ...POWER_ON, modem: MODEM_READY | r.MSR_DCD };

  constructor(clock: Clock, irq: IrqLine, base: number, bitsPerSecond: number) {
    this.irq = irq;
    this.clock = clock;
    this.base = base;
    this.ports = [0, 1, 2, 3, 4, 5, 6, 7].map((offset) => base + offset);
    this.crystalsPerCharacter = Math.max(1, Math.round((CRYSTAL_HZ * BITS_PER_CHARACTER) / bitsPerSecond));
    this.receiver = clock.alarm(() => this.takeByte());
    this.silence = clock.alarm(() => this.change({ timedOut: true, silentAt: null }));
    this.transmitter = clock.alarm(() => this.sendByte());
  }

  /** Bytes from the host for the guest; they queue, and none is lost. */
  receive(bytes: Uint8Array): void {
    const { waiting } = this.state;
    const joined = new Uint8Array(waiting.length + bytes.length);
    joined.set(waiting);
    joined.set(bytes, waiting.length);
    this.change({ waiting: joined });
  }

  /** Whether the other end is there. It sends all of its bytes before it hangs up: the carrier drops when the chip has the last. */
  setCarrier(on: boolean): void {
    const { modem } = this.state;
    if (!on) this.change({ hangsUp: true });
    else if ((modem & r.MSR_DCD) === 0) this.change({ hangsUp: false, modem: modem | r.MSR_DCD | r.MSR_DELTA_DCD });
    else this.change({ hangsUp: false });
  }

  /** Bytes from the host that the chip has not taken yet. */
  get waitingBytes(): number {
    return this.state.waiting.length;
  }

  /** Whether the guest has taken everything that the host sent, out of the chip too. */
  get receiverEmpty(): boolean {
    return this.state.waiting.length === 0 && this.state.received.length === 0;
  }

  in8(port: number): number {
    const { state } = this;
    const offset = port - this.base;
    const dlab = (state.lcr & r.LCR_DLAB) !== 0;
    if (offset === r.DATA) return dlab ? state.divisor & 0xff : this.readData();
    if (offset === r.IER) return dlab ? state.divisor >> 8 : state.ier;
    if (offset === r.IIR) return this.readIir();
    if (offset === r.LCR) return state.lcr;
    if (offset === r.MCR) return state.mcr;
    if (offset === r.LSR) return this.readLsr();
    if (offset === r.MSR) return this.readMsr();
    return state.scr;
  }

  out8(port: number, value: number): void {
    const { state } = this;
    const offset = port - this.base;
    const dlab = (state.lcr & r.LCR_DLAB) !== 0;
    if (offset === r.DATA && !dlab) this.writeData(value);
    else if (offset === r.DATA) this.change({ divisor: (state.divisor & 0xff00) | value });
    else if (offset === r.IER && !dlab) this.writeIer(value & 0x0f);
    else if (offset === r.IER) this.change({ divisor: (state.divisor & 0xff) | (value << 8) });
    else if (offset === r.FCR) this.writeFcr(value);
    else if (offset === r.LCR) this.change({ lcr: value });
    else if (offset === r.MCR) this.change({ mcr: value & 0x1f });
    else if (offset === r.SCR) this.change({ scr: value });
  }

  snapshot(): Uart16550State {
    return this.state;
  }

  restore(state: Uart16550State): void {
    this.state = state;
    this.arm(this.receiver, state.receiveAt);
    this.arm(this.silence, state.silentAt);
    this.arm(this.transmitter, state.sentAt);
    this.change({});
  }

  private readData(): number {
    const [first, ...received] = this.state.received;
    if (first === undefined) return 0;
    this.change({ received, timedOut: false, silentAt: received.length > 0 ? this.silence4() : null });
    return first;
  }

  private writeData(byte: number): void {
    const { shifting, toSend, sentAt } = this.state;
    if (toSend.length >= this.room()) return this.change({ thrEmptyPending: false }); // the chip loses it too
    // An idle shift register takes the byte in the next crystal period, so that a burst fills the FIFO first.
    this.change({ toSend: [...toSend, byte], thrEmptyPending: false, sentAt: shifting === null && sentAt === null ? this.clock.now + 1 : sentAt });
  }

  private writeIer(ier: number): void {
    const enabled = (ier & ~this.state.ier & r.IER_THR_EMPTY) !== 0;
    this.change({ ier, thrEmptyPending: this.state.thrEmptyPending || (enabled && this.state.toSend.length === 0) });
  }

  private writeFcr(value: number): void {
    const fifos = (value & r.FCR_ENABLE) !== 0;
    const switched = fifos !== this.state.fifos;
    const trigger = TRIGGER_LEVELS[(value >> 6) as 0 | 1 | 2 | 3];
    if (switched || (value & r.FCR_CLEAR_RECEIVER) !== 0) this.change({ received: [], timedOut: false, silentAt: null });
    if (switched || (value & r.FCR_CLEAR_TRANSMITTER) !== 0) this.change({ toSend: [] });
    this.change({ fifos, trigger });
  }

  private readIir(): number {
    const source = this.source();
    if (source === r.IIR_THR_EMPTY) this.change({ thrEmptyPending: false });
    return source | (this.state.fifos ? r.IIR_FIFOS : 0);
  }

  private readLsr(): number {
    const { received, toSend, shifting, overrun } = this.state;
    if (overrun) this.change({ overrun: false });
    return (
      (received.length > 0 ? r.LSR_DATA_READY : 0) | (overrun ? r.LSR_OVERRUN : 0) | (toSend.length === 0 ? r.LSR_THR_EMPTY : 0) |
      (toSend.length === 0 && shifting === null ? r.LSR_TRANSMITTER_EMPTY : 0)
    );
  }

  private readMsr(): number {
    const { modem, mcr } = this.state;
    if ((modem & 0x0f) !== 0) this.change({ modem: modem & 0xf0 });
    if ((mcr & r.MCR_LOOP) === 0) return modem;
    return (
      (mcr & r.MCR_RTS ? r.MSR_CTS : 0) | (mcr & r.MCR_DTR ? r.MSR_DSR : 0) | (mcr & r.MCR_OUT1 ? r.MSR_RI : 0) | (mcr & r.MCR_OUT2 ? r.MSR_DCD : 0)
    );
  }

  /** The receiver's alarm: one of the host's bytes has come in over the line. */
  private takeByte(): void {
    const { waiting } = this.state;
    if (!this.mayReceive()) this.change({ receiveAt: null });
    else this.accept(waiting[0] as number, { receiveAt: null, waiting: waiting.subarray(1) });
  }

  private accept(byte: number, fields: Partial<Uart16550State>): void {
    const { received } = this.state;
    const silentAt = this.silence4();
    if (received.length >= this.room()) this.change({ ...fields, silentAt, overrun: true });
    else this.change({ ...fields, silentAt, received: [...received, byte], timedOut: false });
  }

  /** The transmitter's alarm: the byte in the shift register is out, the next one moves in. */
  private sendByte(): void {
    const { shifting, toSend, mcr, thrEmptyPending } = this.state;
    const [next, ...rest] = toSend;
    const sentAt = next === undefined ? null : this.clock.now + this.crystalsPerCharacter;
    this.change({ shifting: next ?? null, toSend: rest, sentAt, thrEmptyPending: thrEmptyPending || (next !== undefined && rest.length === 0) });
    if (shifting === null) return;
    if ((mcr & r.MCR_LOOP) !== 0) this.accept(shifting, {});
    else this.onTransmit(shifting);
  }

  private silence4(): number {
    return this.clock.now + this.crystalsPerCharacter * TIMEOUT_CHARACTERS;
  }

  private arm(alarm: Alarm, at: number | null): void {
    if (at === null) alarm.cancel();
    else alarm.set(at - this.clock.now);
  }

  private room(): number {
    return this.state.fifos ? FIFO_BYTES : 1;
  }

  private mayReceive(): boolean {
    const { waiting, mcr, received } = this.state;
    return waiting.length > 0 && (mcr & (r.MCR_RTS | r.MCR_LOOP)) === r.MCR_RTS && received.length < this.room();
  }

  /** The highest interrupt source that is enabled and pending, as IIR shows it. */
  private source(): number {
    const { ier, overrun, received, trigger, fifos, timedOut, thrEmptyPending, modem } = this.state;
    if (overrun && (ier & r.IER_LINE_STATUS) !== 0) return r.IIR_LINE_STATUS;
    if ((ier & r.IER_RECEIVED) !== 0) {
      if (received.length >= (fifos ? trigger : 1)) return r.IIR_RECEIVED;
      if (fifos && timedOut && received.length > 0) return r.IIR_TIMEOUT;
    }
    if (thrEmptyPending && (ier & r.IER_THR_EMPTY) !== 0) return r.IIR_THR_EMPTY;
    if ((modem & 0x0f) !== 0 && (ier & r.IER_MODEM_STATUS) !== 0) return r.IIR_MODEM_STATUS;
    return r.IIR_NONE;
  }

  /** Every change ends here: interrupt line, alarms and what comes next over the line follow from the state. */
  private change(fields: Partial<Uart16550State>): void {
    const before = this.state;
    this.state = { ...before, ...fields };
    const { waiting, hangsUp, modem, receiveAt } = this.state;
    if (hangsUp && waiting.length === 0) {
      const dropped = (modem & r.MSR_DCD) !== 0 ? (modem & ~r.MSR_DCD) | r.MSR_DELTA_DCD : modem;
      this.state = { ...this.state, hangsUp: false, modem: dropped };
    }
    if (receiveAt === null && this.mayReceive()) this.state = { ...this.state, receiveAt: this.clock.now + this.crystalsPerCharacter };
    if (this.source() !== r.IIR_NONE && (this.state.mcr & r.MCR_OUT2) !== 0) this.irq.raise();
    else this.irq.lower();
    if (this.state.receiveAt !== before.receiveAt) this.arm(this.receiver, this.state.receiveAt);
    if (this.state.silentAt !== before.silentAt) this.arm(this.silence, this.state.silentAt);
    if (this.state.sentAt !== before.sentAt) this.arm(this.transmitter, this.state.sentAt);
  }
}
