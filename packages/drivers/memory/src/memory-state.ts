import type { GrantId } from "@procyon-os/message";
import { stateSpec, type StateSpec } from "@procyon-os/sef";

// Minor numbers (reference/posix-abi.md 6.8).
export const RAM_MINOR = 0;
export const MEM_MINOR = 1;
export const KMEM_MINOR = 2;
export const NULL_MINOR = 3;
export const ZERO_MINOR = 5;
const FIRST_RAM = 7;
const MINORS = 13;

/** A block device of the driver: memory of its own, which a successor reads by the grant. */
export interface RamDisk {
  address: number; // 0: none yet
  size: number; // bytes
  grant: GrantId;
  opens: number;
}

/** The driver's state, by minor number. What is on RAM disks lies in the memory of the instance. */
export interface MemoryState {
  readonly disks: RamDisk[];
}

export const memoryState: StateSpec<MemoryState> = stateSpec<MemoryState>({ name: "memory", version: 2, saved: true, parts: ["disks"] });

/** What is mapped of a RAM disk: whole pages. */
export const mappedBytes = (size: number): number => Math.ceil(size / 4096) * 4096;

/** RAM disks of size zero. */
export function freshMemory(): MemoryState {
  return { disks: Array.from({ length: MINORS }, () => ({ address: 0, size: 0, grant: -1 as GrantId, opens: 0 })) };
}

/** Whether a minor is one of the character devices. */
export function isCharMinor(minor: number): boolean {
  return minor === MEM_MINOR || minor === KMEM_MINOR || minor === NULL_MINOR || minor === ZERO_MINOR;
}

/** The block device of a minor number (ram, boot, imgrd, ram0..5), or null. */
export function diskOfMinor(state: MemoryState, minor: number): RamDisk | null {
  return isCharMinor(minor) ? null : (state.disks[minor] ?? null);
}

/** Whether a minor's size can be set. */
export function isRamMinor(minor: number): boolean {
  return minor === RAM_MINOR || (minor >= FIRST_RAM && minor < MINORS);
}
