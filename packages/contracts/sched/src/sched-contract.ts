import { call, endpoint, i32, m9, protocol } from "@procyon-os/message";

const controlErrors = {
  EPERM: "the sender is neither PM nor RS",
  EINVAL: "the priority is above 15, or the slot is outside the table",
  EBADEPT: "the endpoint is a kernel task, or not that of a scheduled process",
} as const;
const takeErrors = { ...controlErrors, EDEADEPT: "the slot is scheduled already", EBADCPU: "no processor is left that runs" } as const;

/** SCHED, which decides over queue, quantum and processor of every user process (reference/posix-abi.md 3). */
export const schedContract = protocol({
  name: "sched",
  version: "0.1.0",
  base: 0xf00,
  calls: {
    noQuantum: call(1, {
      about: "The kernel, in the name of a process, says that its quantum is used up. There is no reply.",
      request: {
        dequeues: m9.l1(i32), ipcSync: m9.l2(i32), ipcAsync: m9.l3(i32), preempted: m9.l4(i32), queueMs: m9.l5(i32), cpu: m9.s1(i32),
        cpuLoad: m9.s2(i32),
      },
      reply: {},
      repeatable: false,
      errors: { EPERM: "the message is not from the kernel", EBADEPT: "the process is not scheduled here" },
    }),
    start: call(2, {
      about: "Takes over a process with a quantum (milliseconds) and a highest priority of its own.",
      request: { process: m9.l1(endpoint), quantum: m9.l2(i32), parent: m9.l3(endpoint), maxPriority: m9.l4(i32) },
      reply: { scheduler: m9.l1(endpoint) },
      repeatable: true,
      errors: takeErrors,
    }),
    stop: call(3, {
      about: "Gives a process up, since it ends.",
      request: { process: m9.l1(endpoint) },
      reply: {},
      repeatable: true,
      errors: controlErrors,
    }),
    setNice: call(4, {
      about: "Sets the highest priority of a process, and with it its current one.",
      request: { process: m9.l1(endpoint), maxPriority: m9.l4(i32) },
      reply: {},
      repeatable: true,
      errors: controlErrors,
    }),
    inherit: call(5, {
      about: "Takes over a process with its parent's current priority and quantum.",
      request: { process: m9.l1(endpoint), parent: m9.l3(endpoint), maxPriority: m9.l4(i32) },
      reply: { scheduler: m9.l1(endpoint) },
      repeatable: true,
      errors: takeErrors,
    }),
  },
});

/** m_type of the kernel's message that a quantum is used up. */
export const SCHEDULING_NO_QUANTUM = 0xf01;
