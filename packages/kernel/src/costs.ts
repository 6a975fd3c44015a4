import { CRYSTAL_HZ, CYCLES_PER_CRYSTAL } from "@procyon-os/hardware";

/** Cycles of a CPU in a second and in a millisecond. */
export const CYCLES_PER_SECOND: number = CRYSTAL_HZ * CYCLES_PER_CRYSTAL;
export const CYCLES_PER_MS: number = Math.floor(CYCLES_PER_SECOND / 1000);

// What virtual time passes for work that is not guest instructions. One place, because every trace depends on it.
/** Entering the kernel from a guest and coming back. */
export const GUEST_TRAP_CYCLES = 200;
/** What a hosted program does between two traps, and the trap. */
export const HOSTED_TRAP_CYCLES = 600;
/** Bytes that the kernel or a hosted program moves in a cycle. */
export const BYTES_PER_CYCLE = 4;
/** Handling an interrupt. */
export const INTERRUPT_CYCLES = 300;
/** With several CPUs, one runs at most this long before another that is behind. */
export const MAX_SLICE_CYCLES = 8192;
