import { DEVICE_LBA } from "./ata-registers.ts";
import type { AtaState } from "./ata-state.ts";
import type { Geometry } from "./ata-identify.ts";

/** The sectors that a command names; sector -1 where a cylinder, head or sector lies outside the geometry. */
export interface AtaRange {
  readonly sector: number;
  readonly count: number;
}

/** Decodes LBA28 or, without the LBA bit, cylinder, head and sector. A count of 0 means 256. */
export function rangeOf28(state: AtaState, geometry: Geometry): AtaRange {
  const { lbaLow, lbaMid, lbaHigh, device, count } = state;
  const sectors = count.current === 0 ? 256 : count.current;
  const head = device & 0x0f;
  if ((device & DEVICE_LBA) !== 0) {
    return { sector: lbaLow.current + lbaMid.current * 0x100 + lbaHigh.current * 0x10000 + head * 0x1000000, count: sectors };
  }
  const cylinder = lbaMid.current | (lbaHigh.current << 8);
  const outside = lbaLow.current < 1 || lbaLow.current > geometry.sectors || head >= geometry.heads || cylinder >= geometry.cylinders;
  return { sector: outside ? -1 : (cylinder * geometry.heads + head) * geometry.sectors + lbaLow.current - 1, count: sectors };
}

/** Decodes LBA48. A count of 0 means 65,536. */
export function rangeOf48(state: AtaState): AtaRange {
  const { lbaLow, lbaMid, lbaHigh, count } = state;
  const low = lbaLow.current + lbaMid.current * 0x100 + lbaHigh.current * 0x10000;
  const high = lbaLow.previous + lbaMid.previous * 0x100 + lbaHigh.previous * 0x10000;
  const sectors = count.current | (count.previous << 8);
  return { sector: low + high * 0x1000000, count: sectors === 0 ? 0x10000 : sectors };
}

/** The registers after a command that ended at a sector: where it was, in the form that the command used. */
export function addressFields(state: AtaState, geometry: Geometry, sector: number, extended: boolean): Partial<AtaState> {
  const byte = (divisor: number): number => Math.floor(sector / divisor) & 0xff;
  if (extended) {
    return {
      lbaLow: { current: byte(1), previous: byte(2 ** 24) },
      lbaMid: { current: byte(2 ** 8), previous: byte(2 ** 32) },
      lbaHigh: { current: byte(2 ** 16), previous: byte(2 ** 40) },
    };
  }
  const set = (current: number): { current: number; previous: number } => ({ current, previous: 0 });
  if ((state.device & DEVICE_LBA) !== 0) {
    return { lbaLow: set(byte(1)), lbaMid: set(byte(2 ** 8)), lbaHigh: set(byte(2 ** 16)), device: (state.device & 0xf0) | (byte(2 ** 24) & 0x0f) };
  }
  const track = Math.floor(sector / geometry.sectors);
  const cylinder = Math.floor(track / geometry.heads);
  return {
    lbaLow: set((sector % geometry.sectors) + 1), lbaMid: set(cylinder & 0xff), lbaHigh: set((cylinder >> 8) & 0xff),
    device: (state.device & 0xf0) | track % geometry.heads,
  };
}
