import type { IrqLine } from "../irq-line.ts";
import { UnimplementedHardware, type PortDevice } from "../port-space.ts";

// Intel 8259A data sheet; two of them as in an AT: the slave hangs on line 2 of the master.
const MASTER = 0;
const SLAVE = 1;
const CASCADE_LINE = 2;
const COMMAND_PORTS = [0x20, 0xa0] as const;
const DATA_PORTS = [0x21, 0xa1] as const;
const ICW1 = 0x10;
const ICW1_NEEDS_ICW4 = 0x01;
const ICW1_SINGLE = 0x02;
const ICW1_LEVEL = 0x08;
const ICW4_8086 = 0x01;
const ICW4_AUTO_EOI = 0x02;
const ICW4_NESTED = 0x10;
const OCW3 = 0x08;
const SPURIOUS_LINE = 7;

/** One of the two chips. */
export interface Pic8259Chip {
  readonly level: number; // lines that are high
  readonly requests: number; // IRR: edges not yet acknowledged
  readonly inService: number; // ISR
  readonly mask: number; // IMR
  readonly vectorBase: number;
  readonly autoEoi: boolean;
  readonly readInService: boolean; // what a read of the command port gives
  readonly initStep: 0 | 2 | 3 | 4; // the ICW that is awaited; 0 none
  readonly needsIcw4: boolean;
}

/** Both chips, master first. */
export interface Pic8259State {
  readonly chips: readonly [Pic8259Chip, Pic8259Chip];
}

const POWER_ON: Pic8259Chip = {
  level: 0, requests: 0, inService: 0, mask: 0xff, vectorBase: 0, autoEoi: false, readInService: false, initStep: 0, needsIcw4: false,
};

/** Lowest set bit's number; line 0 has the highest priority. -1 where there is none. */
function firstLine(bits: number): number {
  return bits === 0 ? -1 : 31 - Math.clz32(bits & -bits);
}

/** The line that would interrupt: requested, not masked, and above everything in service. */
function winner(chip: Pic8259Chip): number {
  const line = firstLine(chip.requests & ~chip.mask);
  const serving = firstLine(chip.inService);
  return line >= 0 && (serving < 0 || line < serving) ? line : -1;
}

/** The pair of interrupt controllers: edge triggered, fixed priority, 8086 mode. Lines are 0..15 without 2. */
export class Pic8259 implements PortDevice<Pic8259State> {
  readonly ports: readonly number[] = [...COMMAND_PORTS, ...DATA_PORTS];
  private chips: [Pic8259Chip, Pic8259Chip] = [POWER_ON, POWER_ON];
  private readonly taken = new Set<number>();

  /** The wire of a line, handed out once. */
  irq(line: number): IrqLine {
    if (line < 0 || line > 15 || line === CASCADE_LINE || this.taken.has(line)) throw new Error(`IRQ ${line} is taken or no line`);
    this.taken.add(line);
    return {
      raise: () => this.setLevel(line, true),
      lower: () => this.setLevel(line, false),
      pulse: () => {
        this.setLevel(line, true);
        this.setLevel(line, false);
      },
    };
  }

  /** The vector that an acknowledge would give now, or -1. */
  pendingVector(): number {
    const line = winner(this.chips[MASTER]);
    if (line !== CASCADE_LINE) return line < 0 ? -1 : this.chips[MASTER].vectorBase + line;
    return this.chips[SLAVE].vectorBase + winner(this.chips[SLAVE]);
  }

  /** INTA: takes the interrupt into service and gives its vector; line 7 where the request is gone (spurious). */
  acknowledge(): number {
    const line = winner(this.chips[MASTER]);
    if (line < 0) return this.chips[MASTER].vectorBase + SPURIOUS_LINE;
    if (line !== CASCADE_LINE) return this.takeIntoService(MASTER, line);
    const slaveLine = winner(this.chips[SLAVE]);
    this.takeIntoService(MASTER, CASCADE_LINE);
    return this.takeIntoService(SLAVE, slaveLine);
  }

  in8(port: number): number {
    const which = port === DATA_PORTS[MASTER] || port === COMMAND_PORTS[MASTER] ? MASTER : SLAVE;
    const chip = this.chips[which];
    if (port === DATA_PORTS[which]) return chip.mask;
    return chip.readInService ? chip.inService : chip.requests;
  }

  out8(port: number, value: number): void {
    const which = port === DATA_PORTS[MASTER] || port === COMMAND_PORTS[MASTER] ? MASTER : SLAVE;
    if (port === DATA_PORTS[which]) this.writeData(which, value);
    else if ((value & ICW1) !== 0) this.initialize(which, value);
    else if ((value & OCW3) !== 0) this.writeOcw3(which, value);
    else this.endOfInterrupt(which, value);
  }

  snapshot(): Pic8259State {
    return { chips: [...this.chips] };
  }

  restore(state: Pic8259State): void {
    this.chips = [...state.chips];
  }

  private initialize(which: 0 | 1, icw1: number): void {
    if ((icw1 & (ICW1_SINGLE | ICW1_LEVEL)) !== 0) throw new UnimplementedHardware(`8259: ICW1 0x${icw1.toString(16)} (single or level triggered)`);
    const { level } = this.chips[which];
    this.change(which, { ...POWER_ON, level, mask: 0, initStep: 2, needsIcw4: (icw1 & ICW1_NEEDS_ICW4) !== 0 });
  }

  private writeData(which: 0 | 1, value: number): void {
    const chip = this.chips[which];
    if (chip.initStep === 0) this.change(which, { mask: value });
    else if (chip.initStep === 2) this.change(which, { vectorBase: value & 0xf8, initStep: 3 });
    else if (chip.initStep === 3) {
      const expected = which === MASTER ? 1 << CASCADE_LINE : CASCADE_LINE;
      if (value !== expected) throw new UnimplementedHardware(`8259: ICW3 0x${value.toString(16)}, the board wires 0x${expected.toString(16)}`);
      this.change(which, { initStep: chip.needsIcw4 ? 4 : 0 });
    } else {
      if ((value & ICW4_8086) === 0 || (value & ICW4_NESTED) !== 0) throw new UnimplementedHardware(`8259: ICW4 0x${value.toString(16)}`);
      this.change(which, { autoEoi: (value & ICW4_AUTO_EOI) !== 0, initStep: 0 });
    }
  }

  private writeOcw3(which: 0 | 1, value: number): void {
    // Bit 2 polls, bits 6-5 are special mask mode; a read register command is 10 (IRR) or 11 (ISR) in bits 1-0.
    if ((value & 0x04) !== 0 || (value & 0x60) === 0x60) throw new UnimplementedHardware(`8259: OCW3 0x${value.toString(16)}`);
    if ((value & 0x02) !== 0) this.change(which, { readInService: (value & 0x01) !== 0 });
  }

  private endOfInterrupt(which: 0 | 1, ocw2: number): void {
    const { inService } = this.chips[which];
    const command = ocw2 >> 5;
    if (command === 1) this.change(which, { inService: inService & (inService - 1) });
    else if (command === 3) this.change(which, { inService: inService & ~(1 << (ocw2 & 7)) });
    else if (command !== 2) throw new UnimplementedHardware(`8259: OCW2 0x${ocw2.toString(16)} (rotation)`);
  }

  private takeIntoService(which: 0 | 1, line: number): number {
    const chip = this.chips[which];
    const bit = 1 << line;
    this.change(which, { requests: chip.requests & ~bit, inService: chip.autoEoi ? chip.inService : chip.inService | bit });
    return chip.vectorBase + line;
  }

  private setLevel(irq: number, high: boolean): void {
    const which = irq < 8 ? MASTER : SLAVE;
    const bit = 1 << (irq & 7);
    const chip = this.chips[which];
    if (((chip.level & bit) !== 0) === high) return;
    // The request stays when the line falls before it is acknowledged: no device here withdraws one.
    if (high) this.change(which, { level: chip.level | bit, requests: chip.requests | bit });
    else this.change(which, { level: chip.level & ~bit });
  }

  /** Every change of a chip goes through here, so the master's line 2 always says what the slave wants. */
  private change(which: 0 | 1, fields: Partial<Pic8259Chip>): void {
    this.chips[which] = { ...this.chips[which], ...fields };
    const bit = 1 << CASCADE_LINE;
    const { requests } = this.chips[MASTER];
    const wanted = winner(this.chips[SLAVE]) >= 0 ? requests | bit : requests & ~bit;
    if (wanted !== requests) this.chips[MASTER] = { ...this.chips[MASTER], requests: wanted };
  }
}
