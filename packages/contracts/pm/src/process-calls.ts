import { call, endpoint, i32, m1, m2, m4, mtype, u32, virtAddr } from "@procyon-os/message";

const forkErrors = { EAGAIN: "the process table is full (the last two slots are root's)", ENOMEM: "VM has no memory for the child" } as const;
const onlyRs = { EPERM: "the caller is not RS" } as const;

/** Calls that make, change and end processes, and tell how they do. */
export const processCalls = {
  exit: call(1, {
    about: "Ends the caller. There is no reply. A system process gets SIGKILL instead.",
    request: { status: m1.i1(i32) },
    reply: {},
    repeatable: false,
    errors: {},
  }),
  fork: call(2, {
    about: "Makes a copy of the caller: the parent gets the child's pid, the child 0, both after VFS and SCHED know.",
    request: {},
    reply: { pid: mtype(i32) },
    repeatable: false,
    errors: { ...forkErrors, ENOSYS: "the caller is a hosted process, which cannot be copied" },
  }),
  wait: call(7, {
    about: "Waits until any child ends.",
    request: {},
    reply: { pid: mtype(i32), status: m2.i1(i32) },
    repeatable: false,
    errors: { ECHILD: "there is no child", EINTR: "a signal was caught" },
  }),
  waitPid: call(11, {
    about: "Waits for one child, a group's, or any; with WNOHANG gives pid 0 where none has ended.",
    request: { pid: m1.i1(i32), options: m1.i2(i32) },
    reply: { pid: mtype(i32), status: m2.i1(i32) },
    repeatable: false,
    errors: { ECHILD: "there is no such child", EINTR: "a signal was caught" },
  }),
  brk: call(17, {
    about: "Sets the end of the data segment.",
    request: { address: m1.p1(virtAddr) },
    reply: { break: m2.p1(virtAddr) },
    repeatable: false,
    errors: { ENOMEM: "the address is below the data, or meets the stack, or there is no memory" },
  }),
  ptrace: call(26, {
    about: "Traces another process (reference/posix-abi.md 2.6).",
    request: { pid: m2.i1(i32), request: m2.i2(i32), address: m2.l1(u32), data: m2.l2(i32) },
    reply: { data: m2.l2(i32) },
    repeatable: false,
    errors: {
      EPERM: "the process may not be traced by the caller", ESRCH: "no such process, or it is not traced by the caller",
      EBUSY: "the process is traced already, or not stopped", EINVAL: "no such request, or the data is out of range",
      EFAULT: "the address is not the process's memory",
    },
  }),
  times: call(43, {
    about: "Times of the caller and of its ended children, and since boot, in ticks.",
    request: {},
    reply: { user: m4.l1(i32), system: m4.l2(i32), childUser: m4.l3(i32), childSystem: m4.l4(i32), uptime: m4.l5(i32) },
    repeatable: true,
    errors: {},
  }),
  exec: call(59, {
    about: "Replaces the caller's program. There is a reply only where it failed.",
    request: { pathLength: m1.i1(i32), frameLength: m1.i2(i32), path: m1.p1(virtAddr), frame: m1.p2(virtAddr) },
    reply: {},
    repeatable: false,
    errors: { ENOEXEC: "the file is no program", EACCES: "the file may not be executed", ENOENT: "there is no such file", ENOMEM: "the arguments are too long, or there is no memory", E2BIG: "the arguments are too long", EFAULT: "the path is not the caller's memory", EINVAL: "the length of the path is not positive, or the frame of the arguments is none", ENAMETOOLONG: "the path is longer than 1024 bytes" },
  }),
  getPriority: call(88, {
    about: "Nice value of a process plus 20; pid 0 is the caller.",
    request: { which: m1.i1(i32), who: m1.i2(i32) },
    reply: { priority: mtype(i32) },
    repeatable: true,
    errors: { EINVAL: "only PRIO_PROCESS is known", ESRCH: "no such process", EPERM: "another user's process" },
  }),
  setPriority: call(89, {
    about: "Sets the nice value of a process, -20 to 20.",
    request: { which: m1.i1(i32), who: m1.i2(i32), priority: m1.i3(i32) },
    reply: {},
    repeatable: true,
    errors: {
      EINVAL: "only PRIO_PROCESS is known, the value is out of range, or SCHED does not schedule the process", ESRCH: "no such process",
      EPERM: "another user's process", EACCES: "only root lowers a nice value",
    },
  }),
  execNewMem: call(100, {
    about: "VFS or RS: gives a process an empty address space as struct exec_newmem says; replies its stack top and EXC_NM flags.",
    request: { process: m1.i1(endpoint), newMem: m1.p1(virtAddr) },
    reply: { stackTop: m1.i1(u32), flags: m1.i2(i32) },
    repeatable: false,
    errors: { EPERM: "the caller is neither VFS nor RS", ENOMEM: "there is no memory", ENOEXEC: "the sizes and addresses are not possible", EFAULT: "the struct is not the caller's memory", ESRCH: "no such process" },
  }),
  srvFork: call(101, {
    about: "RS: forks itself into a service. The child of a hosted RS has no program that runs: only exec gives it one, and with asUser 1 (ours) it becomes a user's process.",
    request: { uid: m1.i1(i32), gid: m1.i2(i32), asUser: m1.i3(i32) },
    reply: { pid: mtype(i32) },
    repeatable: false,
    errors: { ...forkErrors, ...onlyRs },
  }),
  execRestart: call(102, {
    about: "RS: ends an exec. `alreadyStarted` 1 means that the kernel has started a hosted program itself: SYS_EXEC is left out.",
    request: { process: m1.i1(endpoint), result: m1.i2(i32), alreadyStarted: m1.i3(i32), pc: m1.p1(virtAddr) },
    reply: {},
    repeatable: false,
    errors: { ...onlyRs, ESRCH: "no such process" },
  }),
} as const;
