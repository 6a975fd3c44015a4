import type { Partition } from "@procyon-os/contract-block";
import { stateSpec, type StateSpec } from "@procyon-os/sef";

/** Part of a drive, in bytes. */
export interface Extent {
  base: number;
  size: number;
}

/** A drive that answered IDENTIFY. */
export interface Drive {
  readonly sectors: number;
  readonly cylinders: number;
  readonly heads: number;
  readonly sectorsPerTrack: number;
  readonly multiple: number; // sectors a block of READ and WRITE MULTIPLE
  opens: number;
  whole: Extent;
  partitions: Extent[]; // 4; size 0 is no partition
  subpartitions: Extent[]; // 4 for each partition
}

/** Everything the driver knows. After a crash it is not used: a fresh look at the disk tells it all again. A new version goes on with it. */
export interface AtWiniState {
  /** Per drive: null not looked at yet, "none" nobody there. */
  drives: (Drive | "none" | null)[];
  /** Minor devices that were opened since the driver started. */
  readonly opened: Set<number>;
}

export const DRIVES = 2;
export const PARTITIONS = 4;
const MINORS_PER_DRIVE = 1 + PARTITIONS;
const FIRST_SUBPARTITION = 128;

export const atWiniState: StateSpec<AtWiniState> = stateSpec<AtWiniState>({ name: "at_wini", version: 1, saved: true });

/** What a driver knows that has just started. */
export function freshState(): AtWiniState {
  return { drives: Array.from({ length: DRIVES }, () => null), opened: new Set() };
}

/** The drive that a minor number belongs to, or -1: 5 minors a drive, then 16 subpartitions a drive from 128 on. */
export function driveOfMinor(minor: number): number {
  const drive = minor < FIRST_SUBPARTITION ? Math.floor(minor / MINORS_PER_DRIVE) : (minor - FIRST_SUBPARTITION) >> 4;
  return minor >= 0 && drive < DRIVES ? drive : -1;
}

/** The part of its drive that a minor number stands for. */
export function extentOfMinor(drive: Drive, minor: number): Extent {
  if (minor >= FIRST_SUBPARTITION) return drive.subpartitions[(minor - FIRST_SUBPARTITION) & 0x0f] as Extent;
  const part = minor % MINORS_PER_DRIVE;
  return part === 0 ? drive.whole : (drive.partitions[part - 1] as Extent);
}

/** The drive and extent of a minor device that is there, or null. */
export function findMinor(state: AtWiniState, minor: number): { readonly drive: Drive; readonly unit: number; readonly extent: Extent } | null {
  const unit = driveOfMinor(minor);
  const drive = state.drives[unit];
  if (drive === undefined || drive === null || drive === "none") return null;
  return { drive, unit, extent: extentOfMinor(drive, minor) };
}

/** What DIOCGETP tells. */
export function partitionOfMinor(state: AtWiniState, minor: number): Partition | null {
  const found = findMinor(state, minor);
  if (found === null) return null;
  const { drive, extent } = found;
  return { base: extent.base, size: extent.size, cylinders: drive.cylinders, heads: drive.heads, sectors: drive.sectorsPerTrack };
}
