/** Widths of a port access in bytes. */
export type PortWidth = 1 | 2 | 4;

/** A chip with I/O ports. Wider accesses than it declares fall apart into bytes, as on an ISA bus. */
export interface PortDevice<S> {
  readonly ports: readonly number[];
  in8(port: number): number;
  out8(port: number, value: number): void;
  in16?(port: number): number;
  out16?(port: number, value: number): void;
  /** A string of 16-bit reads (rep insw), where the device can do them faster than one by one. */
  inString16?(port: number, into: Uint8Array): void;
  outString16?(port: number, from: Uint8Array): void;
  snapshot(): S;
  restore(state: S): void;
}

/** The guest asked a device for what the chip does and ours does not. Becomes a report, never a failure of the host. */
export class UnimplementedHardware extends Error {
  override readonly name = "UnimplementedHardware";
}

/** What was asked of a device that it does not do. */
export interface PortReport {
  readonly port: number;
  readonly width: PortWidth;
  readonly direction: "in" | "out";
  readonly value: number;
  readonly text: string;
}

const PORTS = 0x10000;
const ALL_ONES = { 1: 0xff, 2: 0xffff, 4: 0xffffffff } as const;

/** The I/O ports of the board. Where nobody is, reads give all ones and writes are lost, as on a PC's bus. */
export class PortSpace {
  private readonly devices = new Map<number, PortDevice<unknown>>();
  private report: PortReport | null = null;

  attach(device: PortDevice<never> | PortDevice<unknown>): void {
    for (const port of device.ports) {
      if (port < 0 || port >= PORTS || this.devices.has(port)) throw new Error(`port 0x${port.toString(16)} is taken or no port`);
    }
    for (const port of device.ports) this.devices.set(port, device as PortDevice<unknown>);
  }

  /** Reads a port; never throws for what a device does not implement: see `takeReport`. */
  in(port: number, width: PortWidth): number {
    let value: number = ALL_ONES[width];
    this.guard(port, width, "in", 0, () => {
      value = this.read(port & 0xffff, width) >>> 0;
    });
    return value;
  }

  out(port: number, value: number, width: PortWidth): void {
    this.guard(port, width, "out", value, () => this.write(port & 0xffff, value, width));
  }

  /** Fills `into` from a port, 1 or 2 bytes at a time (rep ins); false where the device does not implement it. */
  inString(port: number, width: 1 | 2, into: Uint8Array): boolean {
    return this.guard(port, width, "in", 0, () => {
      const device = this.devices.get(port);
      if (width === 2 && device?.inString16 !== undefined) return device.inString16(port, into);
      for (let at = 0; at + width <= into.length; at += width) {
        const value = this.read(port, width);
        into[at] = value;
        if (width === 2) into[at + 1] = value >> 8;
      }
    });
  }

  outString(port: number, width: 1 | 2, from: Uint8Array): boolean {
    return this.guard(port, width, "out", 0, () => {
      const device = this.devices.get(port);
      if (width === 2 && device?.outString16 !== undefined) return device.outString16(port, from);
      for (let at = 0; at + width <= from.length; at += width) {
        const low = from[at] as number;
        this.write(port, width === 2 ? low | ((from[at + 1] as number) << 8) : low, width);
      }
    });
  }

  /** The first access since the last call that a device does not implement, or null. The kernel blames the process that ran. */
  takeReport(): PortReport | null {
    const { report } = this;
    this.report = null;
    return report;
  }

  private read(port: number, width: PortWidth): number {
    const device = this.devices.get(port);
    if (width === 1) return device === undefined ? 0xff : device.in8(port) & 0xff;
    if (width === 2 && device?.in16 !== undefined) return device.in16(port) & 0xffff;
    if (width === 2) return this.read(port, 1) | (this.read((port + 1) & 0xffff, 1) << 8);
    // A data port answers both halves itself; other chips are asked byte by byte.
    const next = device?.in16 !== undefined ? port : (port + 2) & 0xffff;
    const low = this.read(port, 2);
    return low + this.read(next, 2) * 0x10000;
  }

  private write(port: number, value: number, width: PortWidth): void {
    const device = this.devices.get(port);
    if (width === 1) device?.out8(port, value & 0xff);
    else if (width === 2 && device?.out16 !== undefined) device.out16(port, value & 0xffff);
    else if (width === 2) {
      this.write(port, value & 0xff, 1);
      this.write((port + 1) & 0xffff, (value >>> 8) & 0xff, 1);
    } else {
      this.write(port, value & 0xffff, 2);
      this.write(device?.out16 !== undefined ? port : (port + 2) & 0xffff, value >>> 16, 2);
    }
  }

  private guard(port: number, width: PortWidth, direction: "in" | "out", value: number, access: () => void): boolean {
    try {
      access();
      return true;
    } catch (error) {
      if (!(error instanceof UnimplementedHardware)) throw error;
      this.report ??= { port, width, direction, value, text: error.message };
      return false;
    }
  }
}
