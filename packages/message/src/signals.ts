// Signal numbers (reference/posix-abi.md 11.2, reference/kernel.md 8.1).
export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGQUIT = 3;
export const SIGILL = 4;
export const SIGTRAP = 5;
export const SIGABRT = 6;
export const SIGBUS = 7;
export const SIGFPE = 8;
export const SIGKILL = 9;
export const SIGUSR1 = 10;
export const SIGSEGV = 11;
export const SIGUSR2 = 12;
export const SIGPIPE = 13;
export const SIGALRM = 14;
export const SIGTERM = 15;
export const SIGEMT = 16;
export const SIGCHLD = 17;
export const SIGCONT = 18;
export const SIGSTOP = 19;
export const SIGTSTP = 20;
export const SIGWINCH = 21;
export const SIGTTIN = 22;
export const SIGTTOU = 23;
export const SIGVTALRM = 24;
export const SIGPROF = 25;
/** User signals are 1..25; a set is a word whose bit n is signal n. */
export const NSIG = 26;

/** The kernel to a signal manager: the process has ended its send, a delayed stop can be asked again. */
export const SIGSNDELAY = 26;
/** The kernel to VM: a memory request waits. */
export const SIGKMEM = 27;
/** The kernel to TTY and LOG: there are new kernel messages. */
export const SIGKMESS = 28;
/** The kernel to a service that manages its own signals. */
export const SIGKSIGSM = 29;
/** The kernel to a signal manager: some process of yours has a signal. */
export const SIGKSIG = 30;

const bit = (...signals: number[]): number => signals.reduce((set, signal) => set | (1 << signal), 0);
/** Signals that end a system process that manages itself. */
export const LETHAL_SIGNALS: number = bit(SIGILL, SIGBUS, SIGFPE, SIGSEGV, SIGEMT, SIGABRT);
/** Signals on which a manager ends a system process. */
export const TERMINATION_SIGNALS: number = LETHAL_SIGNALS | bit(SIGKILL, SIGPIPE);

/** Whether a set holds a signal. */
export function signalInSet(set: number, signal: number): boolean {
  return (set & (1 << signal)) !== 0;
}
