import { B0, bitsPerSecond, CSIZE, CSTOPB, PARENB, PARODD } from "@procyon-os/contract-char";
import { DIO_BYTE, DIO_INPUT, DIO_OUTPUT, IRQ_REENABLE, IRQ_SETPOLICY } from "@procyon-os/contract-kernel";
import { inByte, inBytes, outBytes } from "@procyon-os/driver";
import { SELF, type Program } from "@procyon-os/message";
import { kernel, load, panic, scratch, scratchBytes } from "@procyon-os/syslib";
import type { Line } from "./line.ts";
import { takeOutput } from "./line-output.ts";

// 16550: reference/posix-abi.md 6.6. Two lines, COM1 and COM2.
export const PORTS = [{ base: 0x3f8, irq: 4 }, { base: 0x2f8, irq: 3 }] as const;
const DATA = 0;
const IER = 1;
const IIR = 2;
const FCR = 2;
const LCR = 3;
const MCR = 4;
const LSR = 5;
const MSR = 6;
const ALL_INTERRUPTS = 0x0f;
const RECEIVED = 0x01;
/** FIFOs on, receiver interrupts at 14 bytes; nothing is cleared, since a restart must lose no byte. */
const FIFOS = 0xc1;
const FIFO_BYTES = 16;
const RECEIVER_TRIGGER = 14;
const DLAB = 0x80;
const DTR = 0x01;
const RTS = 0x02;
const OUT2 = 0x08;
const DATA_READY = 0x01;
const THR_EMPTY = 0x20;
const CARRIER = 0x80;
const BASE_RATE = 115_200;
/** Sources that one interrupt may bring, before the driver looks at other work. */
const SOURCES = 64;
/**
 * Received bytes that may wait for the input queue. A line that is faster than the driver would never let it go on to drop
 * RTS; what comes beyond this stays in the chip and, with RTS down, at the other end.
 */
const MOST_RAW = 256;

const baseOf = (line: Line): number => (PORTS[line.index] as (typeof PORTS)[number]).base;

/** The bits of the line control register that a termios asks for. */
export function lineControl(line: Line): number {
  const { cflag } = line.termios;
  return ((cflag & CSIZE) >> 2) | (cflag & CSTOPB ? 4 : 0) | (cflag & PARENB ? 8 : 0) | (cflag & PARENB && !(cflag & PARODD) ? 0x10 : 0);
}

const interruptsOf = ({ throttled }: Line): number => (throttled ? ALL_INTERRUPTS & ~RECEIVED : ALL_INTERRUPTS);

function modemOf({ opens, termios, throttled }: Line): number {
  const there = opens > 0 && termios.ospeed !== B0;
  return OUT2 | (there ? DTR : 0) | (there && !throttled ? RTS : 0);
}

/** The lines whose chips are not as the state says, as far as a look tells that changes nothing. */
export function* strayLines(lines: readonly Line[]): Program<Line[]> {
  const found = yield* inBytes(lines.flatMap((line) => [LCR, MCR, IER].map((register) => baseOf(line) + register)));
  return lines.filter((line, index) => [lineControl(line), modemOf(line), interruptsOf(line)].some((value, n) => found[index * 3 + n] !== value));
}

/** Asks for the interrupts of a line and brings the chip to what the line's state says. Nothing that it holds is lost. */
export function* startSerial(line: Line): Program<void> {
  const { irq } = PORTS[line.index] as (typeof PORTS)[number];
  const hooked = yield* kernel.irqctl({ request: IRQ_SETPOLICY, line: irq, policy: IRQ_REENABLE, hook: irq });
  if (!hooked.ok) return yield* panic(`tty: no interrupt line ${irq}: ${hooked.error}`);
  yield* configureSerial(line);
  const base = baseOf(line);
  yield* outBytes([[base + FCR, FIFOS], [base + IER, interruptsOf(line)]]);
  line.chipBusy = ((yield* inByte(base + LSR)) & THR_EMPTY) === 0;
  if (((yield* inByte(base + MSR)) & CARRIER) !== 0) line.hungUp = false;
}

/** Speed, character size and parity. */
export function* configureSerial(line: Line): Program<void> {
  const base = baseOf(line);
  const control = lineControl(line);
  const divisor = Math.floor(BASE_RATE / (bitsPerSecond.get(line.termios.ospeed) ?? 9600));
  yield* outBytes([[base + LCR, control | DLAB], [base + DATA, divisor & 0xff], [base + IER, divisor >> 8], [base + LCR, control]]);
  yield* setModem(line);
}

/** Whether the other end may send, and whether we are there at all; no receiver interrupts while it may not. */
export function* setModem(line: Line): Program<void> {
  const base = baseOf(line);
  yield* outBytes([[base + MCR, modemOf(line)], [base + IER, interruptsOf(line)]]);
}

/** Tells the other end to wait, and leaves in the chip what it holds. `handleEvents` takes this back when there is room. */
function* throttle(line: Line): Program<void> {
  line.throttled = true;
  yield* setModem(line);
}

/** What an interrupt has brought; bytes go to `line.raw`. */
export interface SerialNews {
  readonly carrierLost: boolean;
}

/** Serves every source that the chip has pending. */
export function* serveSerial(line: Line): Program<SerialNews> {
  const base = baseOf(line);
  let carrierLost = false;
  for (let sources = 0; sources < SOURCES; sources++) {
    const source = (yield* inByte(base + IIR)) & 0x0f;
    if ((source & 1) !== 0) break;
    if (source === 0x06) yield* inByte(base + LSR);
    else if (source === 0x04 || source === 0x0c) {
      yield* receiveBytes(line, source === 0x04 ? RECEIVER_TRIGGER : 0);
      if (line.raw.length >= MOST_RAW) yield* throttle(line);
    }
    else if (source === 0x02) {
      line.chipBusy = false;
      yield* sendSerial(line);
    } else {
      const lost = ((yield* inByte(base + MSR)) & CARRIER) === 0;
      if (lost) yield* receiveBytes(line, 0); // what is in the FIFO came before the line was lost
      carrierLost ||= lost;
      if (!lost) line.hungUp = false;
    }
  }
  return { carrierLost };
}

/** Takes what the receiver has: `known` bytes that are there for sure, then as long as there is one. */
export function* receiveBytes(line: Line, known: number): Program<void> {
  const base = baseOf(line);
  if (known > 0) {
    const buffer = yield* scratch(known);
    const read = yield* kernel.sdevio({ request: DIO_INPUT | DIO_BYTE, port: base + DATA, address: buffer, bytes: known, process: SELF, offset: 0 });
    if (!read.ok) return yield* panic(`tty: reading port 0x${base.toString(16)}: ${read.error}`);
    line.raw.push(...(yield* load(buffer, known)));
  }
  while (line.raw.length < MOST_RAW && ((yield* inByte(base + LSR)) & DATA_READY) !== 0) line.raw.push(yield* inByte(base + DATA));
}

/** Gives the chip what it can take. */
export function* sendSerial(line: Line): Program<void> {
  if (line.chipBusy) return;
  const bytes = takeOutput(line, FIFO_BYTES);
  if (bytes.length === 0) return;
  line.chipBusy = true;
  const base = baseOf(line);
  const address = yield* scratchBytes(bytes);
  const sent = yield* kernel.sdevio({ request: DIO_OUTPUT | DIO_BYTE, port: base + DATA, address, bytes: bytes.length, process: SELF, offset: 0 });
  if (!sent.ok) return yield* panic(`tty: writing port 0x${base.toString(16)}: ${sent.error}`);
}
