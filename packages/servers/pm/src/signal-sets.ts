import {
  SIGABRT, SIGBUS, SIGCHLD, SIGCONT, SIGEMT, SIGFPE, SIGILL, SIGQUIT, SIGSEGV, SIGTRAP, SIGWINCH,
} from "@procyon-os/message";

const setOf = (...signals: readonly number[]): number => signals.reduce((set, signal) => set | (1 << signal), 0);

/** Signals that leave a core image (reference/posix-abi.md 2.3). */
export const CORE_SIGNALS: number = setOf(SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGEMT, SIGFPE, SIGBUS, SIGSEGV);
/** Signals that do nothing where nobody says otherwise; all others end the process. */
export const IGNORED_BY_DEFAULT: number = setOf(SIGCHLD, SIGWINCH, SIGCONT);
/** Signals that a process can neither ignore nor block when they come from the kernel. */
export const NOT_IGNORED_FROM_KERNEL: number = setOf(SIGILL, SIGTRAP, SIGEMT, SIGFPE, SIGBUS, SIGSEGV);
