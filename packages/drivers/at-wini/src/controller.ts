import { IRQ_REENABLE, IRQ_SETPOLICY } from "@procyon-os/contract-kernel";
import { inByte, outByte, outBytes } from "@procyon-os/driver";
import { HARDWARE, type Program } from "@procyon-os/message";
import { kernel, panic, receive } from "@procyon-os/syslib";

// The first ATA channel of a PC (reference/posix-abi.md 8.1).
export const DATA = 0x1f0;
const ERROR = 0x1f1;
const FEATURES = 0x1f1;
const COUNT = 0x1f2;
const LBA_LOW = 0x1f3;
const LBA_MID = 0x1f4;
const LBA_HIGH = 0x1f5;
const DEVICE = 0x1f6;
const STATUS = 0x1f7;
const COMMAND = 0x1f7;
const CONTROL = 0x3f6;
const IRQ = 14;

export const BSY = 0x80;
export const DRQ = 0x08;
const WRITE_FAULT = 0x20;
const ERR = 0x01;
const BAD_BLOCK = 0x80;
const LBA_MODE = 0xe0;
const RESET = 0x04;
const NO_INTERRUPT = 0x02;
const LBA28_LIMIT = 0x1000_0000;

/** Status reads before a controller counts as dead; it answers within a few. */
const POLLS = 100_000;

/** How a command ended. */
export type Outcome = "ok" | "error" | "bad block";

/** Asks for the channel's interrupts, and ends whatever an instance before this one has left undone. */
export function* startController(): Program<void> {
  const hooked = yield* kernel.irqctl({ request: IRQ_SETPOLICY, line: IRQ, policy: IRQ_REENABLE, hook: IRQ });
  if (!hooked.ok) return yield* panic(`at_wini: no interrupt line ${IRQ}: ${hooked.error}`);
  if (!(yield* isAtRest())) yield* resetController();
}

/** Whether no command is in work. */
export function* isAtRest(): Program<boolean> {
  return ((yield* inByte(STATUS)) & (BSY | DRQ)) === 0;
}

/** Soft reset of both drives; they forget SET MULTIPLE. False where the controller stays busy. */
export function* resetController(): Program<boolean> {
  yield* outByte(CONTROL, RESET);
  yield* outByte(CONTROL, 0);
  return ((yield* pollStatus()) & BSY) === 0;
}

/** Reads the status until the drive is not busy; gives the last one. Reading it takes the interrupt back. */
export function* pollStatus(): Program<number> {
  let status = BSY;
  for (let polls = 0; polls < POLLS && (status & BSY) !== 0; polls++) status = yield* inByte(STATUS);
  return status;
}

/** Waits for an interrupt and gives the status. Notifications that belong to something else find the drive busy. */
export function* waitInterrupt(): Program<number> {
  for (;;) {
    const { result } = yield* receive(HARDWARE);
    if (result !== 0) return yield* panic(`at_wini: receive of an interrupt failed: ${result}`);
    const status = yield* inByte(STATUS);
    if ((status & BSY) === 0) return status;
  }
}

/** What a status says of the command. */
export function* outcomeOf(status: number): Program<Outcome> {
  if ((status & (BSY | WRITE_FAULT)) !== 0) return "error";
  if ((status & ERR) === 0) return "ok";
  return ((yield* inByte(ERROR)) & BAD_BLOCK) !== 0 ? "bad block" : "error";
}

/** A command for sectors, in LBA28 where that reaches, else in LBA48. */
export function* issueTransfer(unit: number, sector: number, count: number, codes: { readonly lba28: number; readonly lba48: number }): Program<void> {
  const byte = (divisor: number): number => Math.floor(sector / divisor) & 0xff;
  yield* pollStatus();
  if (sector + count <= LBA28_LIMIT) {
    yield* outBytes([
      [DEVICE, LBA_MODE | (unit << 4) | byte(2 ** 24)], [CONTROL, 0], [FEATURES, 0], [COUNT, count & 0xff],
      [LBA_LOW, byte(1)], [LBA_MID, byte(2 ** 8)], [LBA_HIGH, byte(2 ** 16)], [COMMAND, codes.lba28],
    ]);
  } else {
    yield* outBytes([
      [DEVICE, LBA_MODE | (unit << 4)], [CONTROL, 0], [FEATURES, 0],
      [COUNT, count >> 8], [LBA_LOW, byte(2 ** 24)], [LBA_MID, byte(2 ** 32)], [LBA_HIGH, byte(2 ** 40)],
      [COUNT, count & 0xff], [LBA_LOW, byte(1)], [LBA_MID, byte(2 ** 8)], [LBA_HIGH, byte(2 ** 16)], [COMMAND, codes.lba48],
    ]);
  }
}

/** A command without data, for example FLUSH CACHE: waits for its interrupt. */
export function* simpleCommand(unit: number, command: number, count = 0): Program<Outcome> {
  yield* pollStatus();
  yield* outBytes([[DEVICE, LBA_MODE | (unit << 4)], [CONTROL, 0], [COUNT, count], [COMMAND, command]]);
  return yield* outcomeOf(yield* waitInterrupt());
}

/** A command that asks whether a drive is there: polled, since nobody interrupts where there is none. Gives whether data waits. */
export function* probeCommand(unit: number, command: number): Program<boolean> {
  yield* outBytes([[DEVICE, LBA_MODE | (unit << 4)], [CONTROL, NO_INTERRUPT]]);
  const before = yield* inByte(STATUS);
  if (before === 0 || before === 0xff) return false;
  yield* outByte(COMMAND, command);
  const status = yield* pollStatus();
  return (status & (BSY | ERR | DRQ)) === DRQ;
}
