import { bool, call, endpoint, grantId, i32, m1, m2, m3, m4, m5, m7, m9, mtype, physAddr, protocol, ticks, u32, virtAddr } from "@procyon-os/message";

const badEndpoint = "there is no such process";
const noTask = "the process is a kernel task";
const badCopy = "the memory is not there, or not writable";
const endpointErrors = { EINVAL: badEndpoint } as const;
const copyErrors = { EFAULT: badCopy } as const;
const systemOnly = { EPERM: "the caller shares its privileges with others" } as const;

const safecopy = {
  request: {
    process: m2.i1(endpoint), segment: m2.i2(i32), grant: m2.i3(grantId), offset: m2.l1(u32), address: m2.p1(virtAddr), bytes: m2.l2(u32),
  },
  reply: {},
  repeatable: true,
  errors: {
    EINVAL: "no such granter, grant id or segment", EPERM: "the grant does not allow this", ELOOP: "too many indirect grants",
    EDOM: "zero bytes", ...copyErrors,
  },
} as const;
const virtualCopy = {
  request: {
    sourceSegment: m5.s1(i32), targetSegment: m5.s2(i32), source: m5.i1(endpoint), target: m5.i2(endpoint),
    sourceAddress: m5.l1(u32), targetAddress: m5.l2(u32), bytes: m5.l3(u32),
  },
  reply: {},
  repeatable: true,
  errors: { EINVAL: "no such process or segment", EDOM: "zero bytes", EDEADSRCDST: "a process is missing", ...copyErrors },
} as const;
const device = { EINVAL: "bad direction or width", EPERM: "the port is not the caller's, or not aligned" } as const;

/** The kernel calls of MINIX 3.2.0: number, fields and their places (reference/kernel.md 3.2). EXEC_HOSTED is ours. */
export const kernelContract = protocol({
  name: "kernel",
  version: "0.1.0",
  base: 0x600,
  calls: {
    fork: call(0, {
      about: "Makes a child of a process that waits for a reply. Flags are PFF_*.",
      request: { parent: m1.i1(endpoint), slot: m1.i2(i32), flags: m1.i3(u32), memoryMap: m1.p1(virtAddr) },
      reply: { child: m1.i1(endpoint), messageAddress: m1.p1(virtAddr) },
      repeatable: false,
      errors: { EINVAL: "no such parent, or it is not receiving; or the slot is taken", ENOSYS: "the parent is hosted", ...copyErrors },
    }),
    exec: call(1, {
      about: "Gives a process a new program: stack pointer, entry and name. Releases it from its call.",
      request: { process: m1.i1(endpoint), stackPointer: m1.p1(virtAddr), name: m1.p2(virtAddr), entry: m1.p3(virtAddr) },
      reply: {}, repeatable: false, errors: endpointErrors,
    }),
    clear: call(2, {
      about: "Removes a process that has ended.",
      request: { process: m1.i1(endpoint) }, reply: {}, repeatable: false, errors: endpointErrors,
    }),
    schedule: call(3, {
      about: "Gives a process a priority, a quantum and a CPU; -1 keeps what is.",
      request: { process: m9.l1(endpoint), quantumMs: m9.l2(i32), priority: m9.s1(i32), cpu: m9.l4(i32) },
      reply: {}, repeatable: true,
      errors: { EINVAL: "no such process, priority, quantum or CPU", EPERM: "the caller is not its scheduler", EBADCPU: "the CPU does not run" },
    }),
    privctl: call(4, {
      about: "Lets a process run or not, and sets its privileges (SYS_PRIV_*).",
      request: { process: m2.i1(endpoint), request: m2.i2(i32), argument: m2.p1(virtAddr), physStart: m2.l1(physAddr), physLength: m2.l2(u32) },
      reply: {}, repeatable: false,
      errors: {
        EPERM: "not allowed, or the process is not in the state for it", EINVAL: "no such process, request or privilege id",
        EBUSY: "the privilege id is taken", ENOSPC: "no privilege structure is free", ENOMEM: "the list of ranges is full", ...copyErrors,
      },
    }),
    trace: call(5, {
      about: "Traces a process (T_*).",
      request: { process: m2.i1(endpoint), request: m2.i2(i32), address: m2.l1(u32), data: m2.l2(i32) },
      reply: { data: m2.l2(i32) }, repeatable: false,
      errors: { EINVAL: "no such process or request", EPERM: noTask, ...copyErrors },
    }),
    kill: call(6, {
      about: "Raises a signal for a process; its manager hears of it.",
      request: { process: m2.i1(endpoint), signal: m2.i2(i32) },
      reply: {}, repeatable: true, errors: { EINVAL: "no such process or signal", EPERM: noTask },
    }),
    getksig: call(7, {
      about: "Takes the pending signals of one process that the caller manages; NONE when there is none.",
      request: {}, reply: { process: m2.i1(endpoint), signals: m2.l1(u32) }, repeatable: false, errors: {},
    }),
    endksig: call(8, {
      about: "Says that the signals taken with GETKSIG are dealt with.",
      request: { process: m2.i1(endpoint) }, reply: {}, repeatable: true,
      errors: { EINVAL: "no such process, or no signal pends", EPERM: "the caller is not its manager" },
    }),
    sigsend: call(9, {
      about: "Puts a signal frame on the stack of a process and lets it continue in its handler.",
      request: { process: m2.i1(endpoint), message: m2.p1(virtAddr) },
      reply: {}, repeatable: false, errors: { EINVAL: badEndpoint, EPERM: noTask, ...copyErrors },
    }),
    sigreturn: call(10, {
      about: "Restores the registers from the context that SIGSEND put on the stack.",
      request: { process: m2.i1(endpoint), context: m2.p1(virtAddr) },
      reply: {}, repeatable: false, errors: { EINVAL: badEndpoint, EPERM: noTask, ...copyErrors },
    }),
    newmap: call(11, {
      about: "Sets the memory map of a process.",
      request: { process: m1.i1(endpoint), memoryMap: m1.p1(virtAddr) },
      reply: {}, repeatable: true, errors: { EINVAL: badEndpoint, EPERM: noTask, ...copyErrors },
    }),
    memset: call(13, {
      about: "Fills physical memory with a byte.",
      request: { base: m2.p1(physAddr), bytes: m2.l1(u32), pattern: m2.l2(u32) },
      reply: {}, repeatable: true, errors: copyErrors,
    }),
    umap: call(14, {
      about: "Gives the linear or physical address of memory of the caller, or of a grant made to it.",
      request: { process: m5.i1(endpoint), segment: m5.s1(i32), address: m5.l1(u32), bytes: m5.l3(u32) },
      reply: { physical: m5.l2(physAddr) }, repeatable: true,
      errors: { EINVAL: "no such process or segment", EPERM: "another process's memory", ...copyErrors },
    }),
    vircopy: call(15, { about: "Copies between segments of processes.", ...virtualCopy }),
    physcopy: call(16, { about: "Copies where physical memory is a partner.", ...virtualCopy }),
    umapRemote: call(17, {
      about: "As UMAP, for any process and any grantee.",
      request: { process: m5.i1(endpoint), segment: m5.s1(i32), grantee: m5.i2(endpoint), address: m5.l1(u32), bytes: m5.l3(u32) },
      reply: { physical: m5.l2(physAddr) }, repeatable: true, errors: { EINVAL: "no such process, grantee or segment", ...copyErrors },
    }),
    irqctl: call(19, {
      about: "Asks for interrupts as notifications (IRQ_*); `hook` is the notify id going in, the hook id coming back.",
      request: { request: m5.s1(i32), line: m5.s2(i32), policy: m5.i1(u32), hook: m5.l3(i32) },
      reply: { hook: m5.l3(i32) }, repeatable: false,
      errors: { EINVAL: "no such request, line, notify id or hook", EPERM: "not the caller's line or hook", ENOSPC: "no hook is free" },
    }),
    int86: call(20, {
      about: "A BIOS call; there is no BIOS, so the register block comes back with carry and AH = 1.",
      request: { registers: m1.p1(virtAddr) }, reply: {}, repeatable: true, errors: copyErrors,
    }),
    devio: call(21, {
      about: "Reads or writes one I/O port (DIO_*).",
      request: { request: m2.i3(u32), port: m2.l1(u32), value: m2.l2(u32) },
      reply: { value: m2.l2(u32) }, repeatable: false, errors: device,
    }),
    sdevio: call(22, {
      about: "Reads or writes a port again and again, from or to a buffer or a grant; `bytes` is the length of the buffer.",
      request: {
        request: m2.i3(u32), port: m2.l1(u32), address: m2.p1(u32), bytes: m2.l2(u32), process: m2.i2(endpoint), offset: m2.i1(u32),
      },
      reply: {}, repeatable: false, errors: { ...device, ...copyErrors },
    }),
    vdevio: call(23, {
      about: "Reads or writes many ports: pairs of port and value, 4 bytes for a byte or word, 8 for a long.",
      request: { request: m2.i3(u32), vector: m2.p1(virtAddr), count: m2.l2(i32) },
      reply: {}, repeatable: false, errors: { ...device, E2BIG: "more than 64 bytes of pairs", ...copyErrors },
    }),
    setalarm: call(24, {
      about: "Sets the caller's one alarm, a notification from CLOCK; 0 ticks from now cancels it.",
      request: { expiresAt: m2.l1(ticks), absolute: m2.i2(bool) },
      reply: { ticksLeft: m2.l1(ticks) }, repeatable: true, errors: systemOnly,
    }),
    times: call(25, {
      about: "Gives uptime, boot time and the times of a process.",
      request: { process: m4.l1(endpoint) },
      reply: { user: m4.l1(ticks), system: m4.l2(ticks), bootTime: m4.l3(i32), uptime: m4.l5(ticks) }, repeatable: true, errors: {},
    }),
    getinfo: call(26, {
      about: "Copies a structure of the kernel to the caller (GET_*); WHOAMI answers in the message.",
      request: { what: m7.i3(i32), address: m7.p1(virtAddr), maxBytes: m7.i1(i32), process: m7.i2(endpoint) },
      reply: { endpoint: m3.i1(endpoint), privilegeFlags: m3.i2(u32), name: m3.ca1() }, repeatable: true,
      errors: { EINVAL: "no such code, process or bin", E2BIG: "the room is too small", ENOENT: "not enough randomness yet", ...copyErrors },
    }),
    abort: call(27, {
      about: "Ends the machine (RBT_*).",
      request: { how: m1.i1(i32), process: m1.i2(endpoint), length: m1.i3(i32), parameters: m1.p1(virtAddr) },
      reply: {}, repeatable: true, errors: { EINVAL: "no such process", E2BIG: "parameters too long", ...copyErrors },
    }),
    iopenable: call(28, {
      about: "Lets a process use I/O instructions.",
      request: { process: m2.l1(endpoint) }, reply: {}, repeatable: true, errors: endpointErrors,
    }),
    safecopyfrom: call(31, { about: "Copies from another process through its grant.", ...safecopy }),
    safecopyto: call(32, { about: "Copies to another process through its grant.", ...safecopy }),
    vsafecopy: call(33, {
      about: "Several safe copies; the first error ends the call.",
      request: { vector: m2.p1(virtAddr), elements: m2.l2(i32) },
      reply: {}, repeatable: true, errors: safecopy.errors,
    }),
    setgrant: call(34, {
      about: "Says where the caller's grant table lies.",
      request: { table: m2.p1(virtAddr), entries: m2.i2(i32) }, reply: {}, repeatable: true, errors: { EPERM: "the caller has no privileges" },
    }),
    readbios: call(35, {
      about: "Reads BIOS memory.",
      request: { bytes: m2.i1(u32), address: m2.l1(physAddr), target: m2.p1(virtAddr) },
      reply: {}, repeatable: true, errors: { EDOM: "zero bytes", ...copyErrors },
    }),
    stime: call(39, {
      about: "Sets the time of boot, in seconds.",
      request: { bootTime: m4.l3(i32) }, reply: {}, repeatable: true, errors: {},
    }),
    execHosted: call(40, {
      about: "Makes a process a hosted one: a package reference (`name` or `name@version`) and arguments, each ended by a NUL.",
      request: {
        process: m1.i1(endpoint), reference: m1.p1(virtAddr), referenceBytes: m1.i2(i32), arguments: m1.p2(virtAddr), argumentsBytes: m1.i3(i32),
      },
      reply: {}, repeatable: false,
      errors: { EINVAL: "no such process, or a bad length", EPERM: noTask, ENOENT: "no such package", ...copyErrors },
    }),
    queryHosted: call(41, {
      about: "Says how much memory the program of a package wants: what RS gives EXEC_NEWMEM before EXEC_HOSTED.",
      request: { reference: m1.p1(virtAddr), referenceBytes: m1.i2(i32) },
      reply: { dataBytes: m1.i1(u32), stackBytes: m1.i2(u32) },
      repeatable: true,
      errors: { EINVAL: "a bad length", ENOENT: "no such package", ...copyErrors },
    }),
    checkHosted: call(42, {
      about: "Says whether a package may take the place of what a process runs: whether their contracts agree. Why not is printed. `declared`: what an ELF program on one of the two sides says that it serves, lines of name and version; without a reference the ELF program is the next one.",
      request: { process: m1.i1(endpoint), reference: m1.p1(virtAddr), referenceBytes: m1.i2(i32), declared: m1.p2(virtAddr), declaredBytes: m1.i3(i32) },
      reply: {},
      repeatable: true,
      errors: { EINVAL: "no such process, or a bad length", ENOENT: "no such package", EOPNOTSUPP: "a call of the contract would break", ...copyErrors },
    }),
    vmctl: call(43, {
      about: "VM's calls (VMCTL_*). MEMREQ_GET answers with the type of the request in the result. GET_SLOT and RAISE_AGAIN are for an instance that follows another. UNMAPPED tells what a process gives up, so that safemaps end there.",
      request: { process: m1.i1(endpoint), parameter: m1.i2(i32), value: m1.i3(u32), address: m1.p1(u32) },
      reply: {
        result: mtype(i32), target: m2.i1(endpoint), start: m2.i2(u32), value: m2.i3(u32), write: m2.s1(i32),
        source: m2.l1(endpoint), sourceAddress: m2.l2(u32), requestor: m2.p1(endpoint),
      },
      repeatable: false,
      errors: { EINVAL: "no such process, slot or parameter, or not VM's to say", ESRCH: "no memory request waits; nobody is in the slot" },
    }),
    sysctl: call(44, {
      about: "Prints a text to the kernel's messages, or the stack of a process (SYSCTL_CODE_*).",
      request: { code: m1.i1(i32), buffer: m1.p1(virtAddr), argument: m1.i2(i32) },
      reply: {}, repeatable: true, errors: { EINVAL: "no such code, process or length", ...copyErrors },
    }),
    vtimer: call(45, {
      about: "Sets or reads a virtual timer of a process (VT_*); 0 or less disables it.",
      request: { timer: m2.i1(i32), set: m2.i2(bool), value: m2.l1(ticks), process: m2.l2(endpoint) },
      reply: { old: m2.l1(ticks) }, repeatable: false, errors: { EINVAL: "no such timer or process", ...systemOnly },
    }),
    runctl: call(46, {
      about: "Stops a process or lets it go on (RC_*).",
      request: { process: m1.i1(endpoint), action: m1.i2(i32), flags: m1.i3(u32) },
      reply: {}, repeatable: true,
      errors: { EINVAL: "no such process or action", EPERM: noTask, EBUSY: "the process is sending; SIGSNDELAY tells the end" },
    }),
    safemap: call(47, {
      about: "Maps part of a grant over memory of the caller.",
      request: {
        granter: m2.i1(endpoint), grant: m2.i2(grantId), offset: m2.i3(u32), segment: m2.p1(u32), address: m2.l1(u32), bytes: m2.l2(u32),
        writable: m2.s1(bool),
      },
      reply: {}, repeatable: false,
      errors: { EINVAL: "bad granter, range or alignment", EPERM: "the grant does not allow this", ELOOP: "too many indirect grants", ENOMEM: "VM has no memory for it", ...copyErrors },
    }),
    saferevmap: call(48, {
      about: "Takes back maps of the caller's memory, by grant id (`byGrant`) or by address.",
      request: { byGrant: m2.s1(bool), what: m2.i2(u32) }, reply: {}, repeatable: true, errors: { ENOMEM: "VM has no memory for the copy that the grantee keeps" },
    }),
    safeunmap: call(49, {
      about: "Takes back a map over memory of the caller.",
      request: { segment: m2.p1(u32), address: m2.l1(u32) }, reply: {}, repeatable: true, errors: { ENOMEM: "VM has no memory for the copy that the grantee keeps" },
    }),
    getmcontext: call(50, {
      about: "Copies the FPU state of a process to its machine context; OK without a copy where the FPU is unused.",
      request: { process: m1.i1(endpoint), context: m1.p1(virtAddr) }, reply: {}, repeatable: true, errors: { EINVAL: badEndpoint, EPERM: noTask, ...copyErrors },
    }),
    setmcontext: call(51, {
      about: "Sets the FPU state of a process from its machine context.",
      request: { process: m1.i1(endpoint), context: m1.p1(virtAddr) }, reply: {}, repeatable: true, errors: { EINVAL: badEndpoint, ...copyErrors },
    }),
    update: call(52, {
      about: "Swaps two system processes: slots and endpoints stay, what runs in them changes places. An instance of RS may be one of them, and hears the result where it is then.",
      request: { source: m1.i1(endpoint), target: m1.i2(endpoint) }, reply: {}, repeatable: false,
      errors: { EINVAL: badEndpoint, EPERM: "not a system process", EBUSY: "one of them is not at rest, as any caller but an instance of RS" },
    }),
    exit: call(53, { about: "Ends the caller: SIGABRT goes to its manager. Never answers.", request: {}, reply: {}, repeatable: false, errors: {} }),
    schedctl: call(54, {
      about: "Makes the caller, or the kernel (flag 1), the scheduler of a process.",
      request: { flags: m9.l1(u32), process: m9.l2(endpoint), quantumMs: m9.l3(i32), priority: m9.s4(i32), cpu: m9.l5(i32) },
      reply: {}, repeatable: true, errors: { EINVAL: "no such process, flag, priority, quantum or CPU", EBADCPU: "the CPU does not run" },
    }),
    safememset: call(56, {
      about: "Fills memory of another process with a byte, through its grant. Its number and fields are those of MINIX 3.2.1.",
      request: { process: m2.i1(endpoint), pattern: m2.i2(u32), grant: m2.i3(grantId), offset: m2.l1(u32), bytes: m2.l2(u32) },
      reply: {}, repeatable: true, errors: safecopy.errors,
    }),
    statectl: call(55, {
      about: "Clears IPC references to the caller, tells it what the instance before it has left, lets a new version read the state, or sets a watchdog (SYS_STATE_*).",
      request: { process: m2.i1(endpoint), request: m2.i2(i32), grant: m2.i3(grantId), length: m2.l1(u32), address: m2.p1(virtAddr) },
      reply: {}, repeatable: true,
      errors: {
        EINVAL: "no such request or length", EPERM: "the grant gives the caller nothing, or it manages one of the two not", ESRCH: "it does not wait, or is no new version", EFAULT: "not the caller's memory",
      },
    }),
  },
});

/** The name of a kernel call. */
export type KernelCallName = keyof typeof kernelContract.calls;

/** What KERN_PHYSMAP answers lies elsewhere than the rest of VMCTL's answers. */
export const kernPhysmapReply = { flags: m2.i1(u32), physical: m2.l1(physAddr), length: m2.l2(u32) } as const;
/** What MEMREQ_GET answers for a check; the type of the request is the result. */
export const memreqLength = m2.i3(u32);
