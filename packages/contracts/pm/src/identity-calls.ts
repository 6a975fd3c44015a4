import { call, endpoint, i32, m1, m2, mtype, u32, virtAddr } from "@procyon-os/message";

const setErrors = { EPERM: "the caller is not root, and the id is not its real one" } as const;
const setId = (number: number, about: string) =>
  call(number, { about, request: { id: m1.i1(u32) }, reply: {}, repeatable: true, errors: setErrors });
const getId = (number: number, about: string) =>
  call(number, { about, request: {}, reply: { real: mtype(i32), effective: m2.i1(i32) }, repeatable: true, errors: {} });
const groups = (number: number, about: string) =>
  call(number, {
    about,
    request: { count: m1.i1(i32), groups: m1.p1(virtAddr) },
    reply: { count: mtype(i32) },
    repeatable: true,
    errors: {
      EPERM: "only root sets groups", EINVAL: "the count is below 0, above 8, or too small, or a group id is above 65535",
      EFAULT: "the address is not the caller's memory",
    },
  });

/** Calls about who a process is: user, groups, session, endpoint. */
export const identityCalls = {
  getPid: call(20, { about: "The caller's pid and its parent's.", request: {}, reply: { pid: mtype(i32), parent: m2.i1(i32) }, repeatable: true, errors: {} }),
  setUid: setId(23, "Sets the real and effective user id."),
  getUid: getId(24, "The real and effective user id."),
  getEpInfo: call(31, {
    about: "Pid and effective ids of an endpoint.",
    request: { endpoint: m1.i1(endpoint) },
    reply: { pid: mtype(i32), uid: m2.i1(i32), gid: m2.i2(i32) },
    repeatable: true,
    errors: { ESRCH: "no such process" },
  }),
  setGroups: groups(32, "Sets the supplementary groups (32-bit ids)."),
  getGroups: groups(34, "Reads the supplementary groups; count 0 asks how many."),
  setGid: setId(46, "Sets the real and effective group id."),
  getGid: getId(47, "The real and effective group id."),
  setSid: call(62, {
    about: "Makes a new session, whose id is the caller's pid.",
    request: {},
    reply: { session: mtype(i32) },
    repeatable: false,
    errors: { EPERM: "the caller leads a group already" },
  }),
  getPgrp: call(63, { about: "The caller's process group.", request: {}, reply: { group: mtype(i32) }, repeatable: true, errors: {} }),
  getGroupsOld: groups(65, "As getGroups, with 8-bit ids."),
  setGroupsOld: groups(66, "As setGroups, with 8-bit ids."),
  setEuid: setId(91, "Sets the effective user id."),
  setEgid: setId(92, "Sets the effective group id."),
  getProcNr: call(104, {
    about: "Endpoint of a process by pid (pid >= 0), by name (namelen > 0), or of the caller and its parent.",
    request: { pid: m1.i1(i32), nameLength: m1.i2(i32), name: m1.p1(virtAddr) },
    reply: { endpoint: m1.i1(endpoint), parent: m1.i2(endpoint) },
    repeatable: true,
    errors: { EPERM: "only root asks about others", ESRCH: "no such process", EFAULT: "the name is not the caller's memory" },
  }),
  isSetUgid: call(106, { about: "Whether the program runs with more rights than its user.", request: {}, reply: { tainted: mtype(i32) }, repeatable: true, errors: {} }),
  getEpInfoOld: call(107, {
    about: "As getEpInfo, for root only and with short ids.",
    request: { endpoint: m1.i1(endpoint) },
    reply: { pid: mtype(i32), uid: m2.i1(i32), gid: m2.i2(i32) },
    repeatable: true,
    errors: { ESRCH: "no such process", EPERM: "the caller is not root" },
  }),
  getSid: call(113, {
    about: "The session of a process, which is its group; pid 0 is the caller.",
    request: { pid: m1.i1(i32) },
    reply: { session: mtype(i32) },
    repeatable: true,
    errors: { ESRCH: "no such process" },
  }),
} as const;
