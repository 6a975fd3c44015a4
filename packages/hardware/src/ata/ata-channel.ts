import { CRYSTAL_HZ, type Alarm, type Clock } from "../clock.ts";
import type { IrqLine } from "../irq-line.ts";
import type { PortDevice } from "../port-space.ts";
import { addressFields } from "./ata-address.ts";
import { EXECUTE_DIAGNOSTIC, startCommand } from "./ata-commands.ts";
import { defaultGeometry, identifyData } from "./ata-identify.ts";
import * as r from "./ata-registers.ts";
import type { AtaDriveState, AtaDue, AtaState, AtaTransfer, DoubleByte } from "./ata-state.ts";
import { DiskError, SECTOR_BYTES, type DiskBackend } from "./disk-backend.ts";

const microseconds = (count: number): number => Math.round((CRYSTAL_HZ * count) / 1_000_000);
// The drive has no arm to move; what it takes is its controller's time.
const COMMAND_TIME = microseconds(20);
const BLOCK_TIME = microseconds(10);
const RESET_TIME = microseconds(400);

const ZERO: DoubleByte = { current: 0, previous: 0 };
const EMPTY = new Uint8Array(0);
const READY = r.DRDY | r.DSC;
/** What a drive that is no packet device shows after a reset (ATA/ATAPI-6 9.12). */
const SIGNATURE = { count: { current: 1, previous: 0 }, lbaLow: { current: 1, previous: 0 }, lbaMid: ZERO, lbaHigh: ZERO, device: 0 };

/** An ATA channel with up to two drives, programmed I/O. Commands that a drive without DMA does not know are aborted. */
export class AtaChannel implements PortDevice<AtaState> {
  readonly ports: readonly number[];
  private readonly base: number;
  private readonly control: number;
  private readonly clock: Clock;
  private readonly irq: IrqLine;
  private readonly disks: readonly DiskBackend[];
  private readonly alarm: Alarm;
  private state: AtaState;

  constructor(clock: Clock, irq: IrqLine, base: number, control: number, disks: readonly DiskBackend[]) {
    if (disks.length > 2) throw new Error("an ATA channel has at most two drives");
    this.clock = clock;
    this.irq = irq;
    this.base = base;
    this.control = control;
    this.disks = disks;
    this.ports = [0, 1, 2, 3, 4, 5, 6, 7].map((offset) => base + offset).concat(control);
    this.alarm = clock.alarm(() => this.onDue());
    this.state = {
      features: ZERO, ...SIGNATURE, control: 0, interrupt: false, transfer: null, due: null, buffer: EMPTY, bufferAt: 0,
      drives: disks.map((disk) => ({ status: READY, error: 1, multiple: 0, geometry: defaultGeometry(disk.sectors) })),
    };
  }

  in8(port: number): number {
    const { state } = this;
    const offset = port === this.control ? -1 : port - this.base;
    if (this.disks.length === 0) return 0;
    if (offset === -1) return this.status();
    if (offset === r.STATUS) {
      this.change({ interrupt: false });
      return this.status();
    }
    if (offset === r.DATA) return this.in16(port) & 0xff;
    if (offset === r.ERROR) return this.drive()?.error ?? 0;
    if (offset === r.DEVICE) return state.device | 0xa0;
    const high = (state.control & r.CONTROL_HIGH_ORDER) !== 0;
    const register = offset === r.COUNT ? state.count : offset === r.LBA_LOW ? state.lbaLow : offset === r.LBA_MID ? state.lbaMid : state.lbaHigh;
    return high ? register.previous : register.current;
  }

  out8(port: number, value: number): void {
    if (port === this.control) return this.writeControl(value);
    const offset = port - this.base;
    if (this.disks.length === 0) return;
    if (offset === r.DATA) return this.out16(port, value);
    if (this.busy()) return; // a busy channel ignores its registers
    const { state } = this;
    const double = (old: DoubleByte): DoubleByte => ({ current: value, previous: old.current });
    const control = state.control & ~r.CONTROL_HIGH_ORDER;
    if (offset === r.FEATURES) this.change({ features: double(state.features), control });
    else if (offset === r.COUNT) this.change({ count: double(state.count), control });
    else if (offset === r.LBA_LOW) this.change({ lbaLow: double(state.lbaLow), control });
    else if (offset === r.LBA_MID) this.change({ lbaMid: double(state.lbaMid), control });
    else if (offset === r.LBA_HIGH) this.change({ lbaHigh: double(state.lbaHigh), control });
    else if (offset === r.DEVICE) this.change({ device: value, control });
    else this.command(value);
  }

  in16(_port: number): number {
    const word = new Uint8Array(2);
    this.inString16(_port, word);
    return (word[0] as number) | ((word[1] as number) << 8);
  }

  out16(_port: number, value: number): void {
    this.outString16(_port, Uint8Array.of(value & 0xff, value >> 8));
  }

  inString16(_port: number, into: Uint8Array): void {
    let at = 0;
    while (at < into.length && this.dataPhase("in")) {
      const { buffer, bufferAt } = this.state;
      const bytes = Math.min(into.length - at, buffer.length - bufferAt);
      into.set(buffer.subarray(bufferAt, bufferAt + bytes), at);
      at += bytes;
      this.state = { ...this.state, bufferAt: bufferAt + bytes };
      if (bufferAt + bytes === buffer.length) this.blockRead();
    }
    into.fill(0xff, at); // beyond the block the bus floats
  }

  outString16(_port: number, from: Uint8Array): void {
    let at = 0;
    while (at < from.length && this.dataPhase("out")) {
      const { buffer, bufferAt } = this.state;
      const bytes = Math.min(from.length - at, buffer.length - bufferAt);
      buffer.set(from.subarray(at, at + bytes), bufferAt);
      at += bytes;
      this.state = { ...this.state, bufferAt: bufferAt + bytes };
      if (bufferAt + bytes === buffer.length) this.blockWritten();
    }
  }

  snapshot(): AtaState {
    return { ...this.state, buffer: this.state.buffer.slice() };
  }

  restore(state: AtaState): void {
    this.state = { ...state, buffer: state.buffer.slice() };
    this.change({});
    if (state.due === null) this.alarm.cancel();
    else this.alarm.set(state.due.at - this.clock.now);
  }

  private selected(): number {
    return (this.state.device & r.DEVICE_SECOND) !== 0 ? 1 : 0;
  }

  private drive(): AtaDriveState | undefined {
    return this.state.drives[this.selected()];
  }

  private disk(): DiskBackend {
    return this.disks[this.selected()] as DiskBackend;
  }

  private busy(): boolean {
    return this.state.due !== null || (this.state.control & r.CONTROL_RESET) !== 0;
  }

  /** An absent drive beside a present one reads 0: the present one answers for it. */
  private status(): number {
    const drive = this.drive();
    if (drive === undefined) return 0;
    return this.busy() ? r.BSY : drive.status;
  }

  private dataPhase(direction: "in" | "out"): boolean {
    return this.state.transfer?.direction === direction && !this.busy() && ((this.drive()?.status ?? 0) & r.DRQ) !== 0;
  }

  private writeControl(value: number): void {
    const { control } = this.state;
    const reset = value & r.CONTROL_RESET;
    if (reset !== 0) {
      this.alarm.cancel();
      this.change({ control: value, interrupt: false, transfer: null, due: null, buffer: EMPTY, bufferAt: 0 });
    } else {
      this.change({ control: value });
      if ((control & r.CONTROL_RESET) !== 0) this.later({ kind: "reset", interrupt: false }, RESET_TIME);
    }
  }

  private command(code: number): void {
    const drive = this.drive();
    if (drive === undefined && code !== EXECUTE_DIAGNOSTIC) return; // nobody hears it
    this.change({ interrupt: false, transfer: null });
    if (drive === undefined) return this.later({ kind: "reset", interrupt: true });
    this.changeDrive({ status: READY, error: 0 });
    const start = startCommand(code, this.state, drive, this.disk().sectors);
    if (start.drive !== undefined) this.changeDrive(start.drive);
    if (start.count !== undefined) this.change({ count: { current: start.count, previous: 0 } });
    if (start.transfer !== undefined) this.change({ transfer: start.transfer });
    // Identification is no sector of the medium: the block lies in the buffer already.
    if (start.identify) this.change({ buffer: identifyData(this.disk().sectors, drive.geometry, drive.multiple, this.selected()), bufferAt: 0 });
    const flushed = !start.flush || this.onMedium(() => this.disk().flush());
    this.later(flushed ? start.what : { kind: "fail", error: r.ERROR_UNCORRECTABLE });
  }

  private onDue(): void {
    const what = (this.state.due as { what: AtaDue }).what;
    this.change({ due: null });
    if (what.kind === "ready") this.complete();
    else if (what.kind === "fail") this.fail(what.error);
    else if (what.kind === "reset") this.finishReset(what.interrupt);
    else if (what.kind === "block") this.offerBlock();
    else this.afterWrite();
  }

  /** The next block can be transferred. A write's first block is asked for without an interrupt. */
  private offerBlock(): void {
    const transfer = this.state.transfer as AtaTransfer;
    const sectors = Math.min(transfer.blockSectors, transfer.sectorsLeft);
    if (transfer.direction === "out") {
      this.change({ buffer: new Uint8Array(sectors * SECTOR_BYTES), bufferAt: 0 });
      this.changeDrive({ status: READY | r.DRQ });
      return;
    }
    if (transfer.sector >= 0) {
      const read = this.onMedium(() => this.change({ buffer: this.disk().read(transfer.sector, sectors).slice(), bufferAt: 0 }));
      if (!read) return this.fail(r.ERROR_UNCORRECTABLE);
    }
    this.changeDrive({ status: READY | r.DRQ });
    this.change({ interrupt: true });
  }

  private blockRead(): void {
    const { transfer, buffer } = this.state;
    const sectors = buffer.length / SECTOR_BYTES;
    const { sector, sectorsLeft } = transfer as AtaTransfer;
    this.changeDrive({ status: READY });
    if (sectorsLeft === sectors) return this.endTransfer(sector + sectors - 1);
    this.change({ transfer: { ...(transfer as AtaTransfer), sector: sector + sectors, sectorsLeft: sectorsLeft - sectors } });
    this.later({ kind: "block" }, BLOCK_TIME);
  }

  private blockWritten(): void {
    const { transfer, buffer } = this.state;
    const written = this.onMedium(() => this.disk().write((transfer as AtaTransfer).sector, buffer));
    this.changeDrive({ status: READY });
    this.later(written ? { kind: "written" } : { kind: "fail", error: r.ERROR_UNCORRECTABLE }, BLOCK_TIME);
  }

  private afterWrite(): void {
    const { transfer, buffer } = this.state;
    const sectors = buffer.length / SECTOR_BYTES;
    const { sector, sectorsLeft } = transfer as AtaTransfer;
    if (sectorsLeft === sectors) this.endTransfer(sector + sectors - 1);
    else {
      this.change({ transfer: { ...(transfer as AtaTransfer), sector: sector + sectors, sectorsLeft: sectorsLeft - sectors } });
      this.offerBlock();
    }
    this.change({ interrupt: true });
  }

  private endTransfer(lastSector: number): void {
    const transfer = this.state.transfer as AtaTransfer;
    const { geometry } = this.drive() as AtaDriveState;
    const address = lastSector < 0 || transfer.sector < 0 ? {} : addressFields(this.state, geometry, lastSector, transfer.extended);
    this.change({ ...address, count: ZERO, transfer: null, buffer: EMPTY, bufferAt: 0 });
  }

  private complete(): void {
    this.changeDrive({ status: READY });
    this.change({ interrupt: true });
  }

  private fail(error: number): void {
    const { transfer } = this.state;
    const { geometry } = this.drive() as AtaDriveState;
    const address = transfer === null || transfer.sector < 0 ? {} : addressFields(this.state, geometry, transfer.sector, transfer.extended);
    this.changeDrive({ status: READY | r.ERR, error });
    this.change({ ...address, transfer: null, buffer: EMPTY, bufferAt: 0, interrupt: true });
  }

  private finishReset(interrupt: boolean): void {
    const drives = this.state.drives.map((drive) => ({ ...drive, status: READY, error: 1, multiple: 0 }));
    this.change({ ...SIGNATURE, drives, features: ZERO, interrupt });
  }

  /** False where the medium failed. */
  private onMedium(access: () => void): boolean {
    try {
      access();
      return true;
    } catch (error) {
      if (error instanceof DiskError) return false;
      throw error;
    }
  }

  private later(what: AtaDue, crystals: number = COMMAND_TIME): void {
    this.change({ due: { what, at: this.clock.now + crystals } });
    this.alarm.set(crystals);
  }

  private changeDrive(fields: Partial<AtaDriveState>): void {
    const which = this.selected();
    this.change({ drives: this.state.drives.map((drive, n) => (n === which ? { ...drive, ...fields } : drive)) });
  }

  private change(fields: Partial<AtaState>): void {
    this.state = { ...this.state, ...fields };
    const { interrupt, control } = this.state;
    if (interrupt && (control & r.CONTROL_NO_IRQ) === 0) this.irq.raise();
    else this.irq.lower();
  }
}
