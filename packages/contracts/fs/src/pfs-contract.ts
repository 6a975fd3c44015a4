import { call, endpoint, grantId, i32, m2, mtype, protocol } from "@procyon-os/message";
import { PFS_BASE } from "./numbers.ts";

const who = { user: m2.i2(endpoint) } as const;
const badDescriptor = { EBADF: "the descriptor is not open", ESRCH: "no such process" } as const;

/** PFS to VFS: path checks and descriptor passing of UNIX sockets, sent while VFS may wait for PFS (reference/posix-abi.md 4.4). */
export const pfsVfsContract = protocol({
  name: "pfs-vfs",
  version: "0.1.0",
  base: PFS_BASE,
  calls: {
    checkPermissions: call(1, {
      about: "May the user connect to the socket that the granted path names?", repeatable: true,
      request: { ...who, count: m2.i3(i32), grant: m2.p1(grantId) }, reply: {},
      errors: { EACCES: "no permission", ENOENT: "no such file", EINVAL: "the path is bad" },
    }),
    verifyFd: call(2, {
      about: "Is this an open descriptor of the user? Answers a handle of its open file.", repeatable: true,
      request: { ...who, count: m2.i3(i32) }, reply: { filp: m2.p1(i32) }, errors: badDescriptor,
    }),
    setFilp: call(3, { about: "Takes one more reference to an open file.", request: { address: m2.p1(i32) }, reply: {}, repeatable: false, errors: { EINVAL: "no such open file" } }),
    copyFilp: call(4, {
      about: "Gives the user a descriptor of an open file, and answers it.", repeatable: false,
      request: { ...who, address: m2.p1(i32) }, reply: { fd: mtype(i32) }, errors: { EINVAL: "no such open file", EMFILE: "no free descriptor" },
    }),
    putFilp: call(5, { about: "Drops a reference to an open file.", request: { address: m2.p1(i32) }, reply: {}, repeatable: false, errors: { EINVAL: "no such open file" } }),
    cancelFd: call(6, { about: "Takes a descriptor back.", request: { ...who, count: m2.i3(i32) }, reply: {}, repeatable: false, errors: badDescriptor }),
  },
});
