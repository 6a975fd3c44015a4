import { call, endpoint, i32, m1, m7, protocol, ticks, u32, virtAddr } from "@procyon-os/message";

const targetErrors = {
  EPERM: "the caller is neither root nor allowed to control this service, or the service may not be handled so",
  ESRCH: "no service of this label",
  EBUSY: "the service is starting, updating, or another request for it waits",
  EFAULT: "the label's address is not the caller's memory",
  EINVAL: "the label is empty",
} as const;
const startErrors = {
  ENOMEM: "no free slot in the table, or no memory for the instance",
  EINVAL: "a field of struct rs_start is out of its range",
  E2BIG: "the command or the script's name is too long",
  ENOENT: "the program does not exist, or names a package that this machine does not have",
  ENOEXEC: "the program is neither an ELF executable nor a #!hosted file",
  EDEADEPT: "the service died before it had initialized",
  EAGAIN: "the process table is full",
} as const;
const label = { label: m1.p1(virtAddr), labelLength: m1.i1(i32) } as const;

/** RS, the reincarnation server: starts, watches, restarts and updates services (reference/rs-sef-ds-syslib.md 2.8). */
export const rsContract = protocol({
  name: "rs",
  version: "0.1.0",
  base: 0x700,
  calls: {
    up: call(0, {
      about: "Starts a service described by a struct rs_start in the caller's memory.",
      request: { start: m1.p1(virtAddr) },
      reply: {},
      repeatable: false,
      errors: { ...startErrors, EPERM: targetErrors.EPERM, EBUSY: "the label or the major device number is taken", EFAULT: "the struct is not the caller's memory" },
    }),
    down: call(1, { about: "Ends a service; the answer comes when it is gone.", request: label, reply: {}, repeatable: false, errors: targetErrors }),
    refresh: call(2, { about: "Ends a service and starts it again.", request: label, reply: {}, repeatable: false, errors: targetErrors }),
    restart: call(3, { about: "Starts a service that has ended and waits for its script's word.", request: label, reply: {}, repeatable: false, errors: targetErrors }),
    shutdown: call(4, { about: "The system goes down: services that end stay down.", request: {}, reply: {}, repeatable: true, errors: { EPERM: targetErrors.EPERM } }),
    update: call(5, {
      about: "Replaces a running service by a new version of it.",
      request: { start: m1.p1(virtAddr), state: m1.i2(i32), maxTime: m1.i3(ticks) },
      reply: {},
      repeatable: false,
      errors: {
        ...startErrors, ...targetErrors, EINTR: "the service was not ready in time", ENOSYS: "the service does not support live update",
        EOPNOTSUPP: "the contract of the new version would break a call of the running one; the kernel's messages name it",
        ERESTART: "the new version failed and the old one goes on",
      },
    }),
    clone: call(6, { about: "Keeps a replica of a service ready.", request: label, reply: {}, repeatable: false, errors: { ...targetErrors, EEXIST: "it has one" } }),
    edit: call(7, { about: "Changes the settings of a running service.", request: { start: m1.p1(virtAddr) }, reply: {}, repeatable: false, errors: { ...targetErrors, ...startErrors } }),
    lookup: call(8, {
      about: "The endpoint of the service with this label.",
      request: { name: m1.p1(virtAddr), nameLength: m1.i1(i32) },
      reply: { endpoint: m1.i1(endpoint) },
      repeatable: true,
      errors: { EINVAL: "the name is shorter than 2 or longer than 99 bytes", ESRCH: "no such service", EFAULT: "the name is not the caller's memory" },
    }),
    init: call(20, {
      about: "A service reports the result of its initialization (and RS asks for it with the same number).",
      // `kept`: 1 where what the instance before had in hand is handled by this one, so that nobody has to ask again. `self`: the
      // service's endpoint, which a new version that ran before it had its place does not know.
      request: { result: m7.i1(i32), type: m7.i2(i32), rprocTable: m7.i3(i32), oldEndpoint: m7.i4(endpoint), kept: m7.i5(i32), self: m7.p1(endpoint) },
      reply: {},
      repeatable: false,
      errors: { EINVAL: "the sender is not initializing" },
    }),
    luPrepare: call(21, {
      about: "RS asks a service to prepare for an update; the service answers with the same number.",
      request: { result: m1.i1(i32), state: m1.i2(i32), maxTime: m1.i3(ticks) },
      reply: {},
      repeatable: false,
      errors: { EINVAL: "the sender is not being updated" },
    }),
  },
});

/** m_type of the request that RS sends for initialization, and of its answer. */
export const RS_INIT = 0x714;
/** m_type of the request to prepare for a live update, and of its answer. */
export const RS_LU_PREPARE = 0x715;

/** Types of initialization (reference/rs-sef-ds-syslib.md 1.1). */
export const SEF_INIT_FRESH = 0;
export const SEF_INIT_LU = 1;
export const SEF_INIT_RESTART = 2;

/** COMMON_GETSYSINFO, answered by RS for these two tables, `rprocInfo` and `RprocPub` (m1: i1 what, p1 address, i2 size). */
export const COMMON_GETSYSINFO = 0xe02;
export const SI_PROC_TAB = 2;
export const SI_PROCPUB_TAB = 11;
/** The request of COMMON_GETSYSINFO, the same for every server that has tables to show. */
export const getSysInfoCall = call(0, {
  about: "Copies a table of the server to the caller.",
  request: { what: m1.i1(i32), size: m1.i2(u32), where: m1.p1(virtAddr) },
  reply: {},
  repeatable: true,
  errors: { EPERM: "the caller is not root", EINVAL: "no such table, or the size is not the table's", EFAULT: "the address is not the caller's memory" },
});
