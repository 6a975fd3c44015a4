import type { Endpoint } from "./brand.ts";

// Sizes and magic values: MINIX 3.2.0 include/minix/{sys_config,com,endpoint}.h (reference/kernel.md 1.1, 1.2).
export const NR_TASKS = 5;
export const NR_PROCS = 256;
export const NR_SYS_PROCS = 64;
export const MAX_NR_TASKS = 1023;

/** Any source, in RECEIVE; any grantee, in a grant. */
export const ANY = 0x7ace as Endpoint;
/** No process. */
export const NONE = 0x6ace as Endpoint;
/** The caller itself, where a call says that it understands this. */
export const SELF = 0x8ace as Endpoint;

/** Distance between two generations of one slot: 36558. */
export const GENERATION_SIZE: number = MAX_NR_TASKS + SELF + 1;
/** A slot's generation restarts at 1 when it would reach this. */
export const MAX_GENERATION: number = Math.floor(0x7fffffff / GENERATION_SIZE) - 1;

/** The endpoint of slot `slot` in its generation `generation`. */
export function makeEndpoint(generation: number, slot: number): Endpoint {
  return (generation * GENERATION_SIZE + slot) as Endpoint;
}

/** The slot number (-5..255 for live processes) that an endpoint names. */
export function endpointSlot(endpoint: Endpoint): number {
  return ((endpoint + MAX_NR_TASKS) % GENERATION_SIZE) - MAX_NR_TASKS;
}

/** The generation of the slot that an endpoint names; boot processes have generation 0. */
export function endpointGeneration(endpoint: Endpoint): number {
  return Math.floor((endpoint + MAX_NR_TASKS) / GENERATION_SIZE);
}

// Kernel tasks: table entries that never run.
export const ASYNCM = -5 as Endpoint;
export const IDLE = -4 as Endpoint;
export const CLOCK = -3 as Endpoint;
export const SYSTEM = -2 as Endpoint;
export const HARDWARE = -1 as Endpoint;

// Boot processes: the endpoint equals the slot number.
export const PM = 0 as Endpoint;
export const VFS = 1 as Endpoint;
export const RS = 2 as Endpoint;
export const MEM = 3 as Endpoint;
export const LOG = 4 as Endpoint;
export const TTY = 5 as Endpoint;
export const DS = 6 as Endpoint;
export const MFS = 7 as Endpoint;
export const VM = 8 as Endpoint;
export const PFS = 9 as Endpoint;
export const SCHED = 10 as Endpoint;
export const INIT = 11 as Endpoint;
/** Slots 0..11 hold the boot processes. */
export const LAST_SPECIAL_SLOT = 11;
/** Kernel tasks and boot processes together. */
export const NR_BOOT_PROCS: number = NR_TASKS + LAST_SPECIAL_SLOT + 1;
