// Queues, quantum and nice values of MINIX 3.2.0 (reference/kernel.md 1.1, reference/posix-abi.md 3).

/** Queues of the kernel; 0 is the most urgent. */
export const NR_SCHED_QUEUES = 16;
/** Where services and users begin. */
export const USER_Q = 7;
/** The lowest queue that a process can sink to. */
export const MIN_USER_Q = 15;
/** Milliseconds of a quantum where nobody says otherwise. */
export const USER_QUANTUM = 200;

/** Range of nice values. */
export const PRIO_MIN = -20;
export const PRIO_MAX = 20;

/** The queue of a nice value, or null outside the range: -20 is queue 0, 0 is queue 7, 20 is queue 15. */
export function niceToPriority(nice: number): number | null {
  if (nice < PRIO_MIN || nice > PRIO_MAX) return null;
  return Math.floor(((nice - PRIO_MIN) * NR_SCHED_QUEUES) / (PRIO_MAX - PRIO_MIN + 1));
}
