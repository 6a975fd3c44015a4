import { call, i32, m1, m2, mtype, u32, virtAddr } from "@procyon-os/message";

const time = (number: number) =>
  call(number, { about: "Seconds since 1970 and microseconds.", request: {}, reply: { seconds: m2.l1(i32), microseconds: m2.l2(i32) }, repeatable: true, errors: {} });
const context = (number: number, about: string) =>
  call(number, {
    about, request: { context: m1.p1(virtAddr) }, reply: {}, repeatable: true,
    errors: { EFAULT: "the context is not the caller's memory" },
  });
const profile = (number: number) =>
  call(number, { about: "Profiling, which is not built in.", request: {}, reply: {}, repeatable: false, errors: { ENOSYS: "always" } });

/** Calls about the system as a whole: time, names, parameters, tables, the end. */
export const systemCalls = {
  time: time(13),
  stime: call(25, { about: "Sets the time.", request: { seconds: m2.l1(i32) }, reply: {}, repeatable: true, errors: { EPERM: "the caller is not root" } }),
  getMContext: context(67, "Reads the caller's floating point state."),
  setMContext: context(68, "Sets the caller's floating point state."),
  reboot: call(76, {
    about: "Ends the system; with RBT_MONITOR, `code` is handed to the machine. There is no reply.",
    request: { how: m1.i1(i32), codeLength: m1.i2(i32), code: m1.p1(virtAddr) },
    reply: {},
    repeatable: false,
    errors: { EPERM: "the caller is not root", EINVAL: "no such way to end, or the code is too long", EFAULT: "the code is not the caller's memory" },
  }),
  svrctl: call(77, {
    about: "Reads a boot parameter, or sets one over it; the argument is a struct sysgetenv.",
    request: { request: m2.i1(u32), argument: m2.p1(virtAddr) },
    reply: {},
    repeatable: true,
    errors: {
      EINVAL: "no such request, or a length is out of range", EFAULT: "an address is not the caller's memory",
      ESRCH: "no such parameter", E2BIG: "the buffer is too small", ENOSPC: "two parameters are set over already",
    },
  }),
  sysUname: call(78, {
    about: "Copies one name of the system and gives the bytes copied.",
    request: { request: m1.i1(i32), field: m1.i2(i32), length: m1.i3(i32), buffer: m1.p1(virtAddr) },
    reply: { copied: mtype(i32) },
    repeatable: true,
    errors: { EINVAL: "no such field, or names are to be set", EFAULT: "the buffer is not the caller's memory" },
  }),
  getTimeOfDay: time(90),
  sprof: profile(98),
  cprof: profile(99),
  getSysInfo: call(0xe02, {
    about: "COMMON_GETSYSINFO: copies PM's process table to the caller: 256 records of `procInfo` (SI_PROC_TAB) or of `mprocInfo` (SI_MPROC_TAB).",
    request: { what: m1.i1(i32), size: m1.i2(u32), where: m1.p1(virtAddr) },
    reply: {},
    repeatable: true,
    errors: { EPERM: "the caller is not root", EINVAL: "no such table, or the size is not the table's", EFAULT: "the address is not the caller's memory" },
  }),
} as const;
