import { call, i32, m1, m2, mtype, u32, virtAddr } from "@procyon-os/message";

const interrupted = { EINTR: "a signal was caught" } as const;

/** Calls about signals and timers. */
export const signalCalls = {
  alarm: call(27, {
    about: "Asks for SIGALRM in so many seconds; gives the seconds, rounded up, that the timer before it had left.",
    request: { seconds: m1.i1(i32) },
    reply: { remaining: mtype(i32) },
    repeatable: false,
    errors: {},
  }),
  pause: call(29, { about: "Waits until a signal is caught.", request: {}, reply: {}, repeatable: false, errors: interrupted }),
  kill: call(37, {
    about: "Sends a signal to a process (pid > 0), the caller's group (0), all (-1) or a group (below -1); signal 0 only asks.",
    request: { pid: m1.i1(i32), signal: m1.i2(i32) },
    reply: {},
    repeatable: false,
    errors: { EINVAL: "no such signal, or SIGKILL to init", EPERM: "none of the processes may be signaled by the caller", ESRCH: "no such process" },
  }),
  itimer: call(64, {
    about: "Sets and reads a timer: 0 real, 1 virtual, 2 profiling. Values are struct itimerval.",
    request: { which: m1.i1(i32), value: m1.p1(virtAddr), oldValue: m1.p2(virtAddr) },
    reply: {},
    repeatable: false,
    errors: { EINVAL: "no such timer, no address at all, or a value that is no time", EFAULT: "an address is not the caller's memory" },
  }),
  sigaction: call(71, {
    about: "Says what happens on a signal; structs are 12 bytes. `returnStub` is where a handler returns to.",
    request: { signal: m1.i2(i32), action: m1.p1(virtAddr), oldAction: m1.p2(virtAddr), returnStub: m1.p3(virtAddr) },
    reply: {},
    repeatable: true,
    errors: { EINVAL: "no such signal", EFAULT: "an address is not the caller's memory" },
  }),
  sigsuspend: call(72, {
    about: "Waits for a signal under another mask.", request: { mask: m2.l1(u32) }, reply: {}, repeatable: false, errors: interrupted,
  }),
  sigpending: call(73, { about: "The signals that wait since they are blocked.", request: {}, reply: { set: m2.l1(u32) }, repeatable: true, errors: {} }),
  sigprocmask: call(74, {
    about: "Blocks (0), unblocks (1), sets (2) or only reads (4) the mask; replies the mask before.",
    request: { how: m2.i1(i32), set: m2.l1(u32) },
    reply: { oldMask: m2.l1(u32) },
    repeatable: true,
    errors: { EINVAL: "no such way to change a mask" },
  }),
  sigreturn: call(75, {
    about: "Ends a handler: restores mask and registers. There is no reply.",
    request: { mask: m2.l1(u32), flags: m2.i2(i32), context: m2.p1(virtAddr) },
    reply: {},
    repeatable: false,
    errors: { EFAULT: "the context is not the caller's memory" },
  }),
  srvKill: call(111, {
    about: "RS: a signal as if from the kernel.",
    request: { pid: m1.i1(i32), signal: m1.i2(i32) },
    reply: {},
    repeatable: false,
    errors: { EPERM: "the caller is not RS", EINVAL: "no such signal, or SIGKILL to init", ESRCH: "no such process" },
  }),
} as const;

// m2.i1 of every reply of a wait call.
/** Wait status of a process that called exit. */
export const exitStatus = (code: number): number => (code & 0xff) << 8;
/** Wait status of a process that a signal ended. */
export const signalStatus = (signal: number, coreDumped: boolean): number => signal | (coreDumped ? 0o200 : 0);
/** Wait status of a traced process that stopped. */
export const stopStatus = (signal: number): number => (signal << 8) | 0o177;
