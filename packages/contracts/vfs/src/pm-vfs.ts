import { call, endpoint, i32, m7, protocol, u32, virtAddr } from "@procyon-os/message";

const process = m7.i1(endpoint);
// Numbers the requests for one process. A request with the number of the last one is that one again, since one of the two
// servers died: VFS gives the answer that it gave, or goes on with the work. Answers carry the number of their request.
const sequence = m7.i4(u32);
const noErrors = {} as const;
const oneWay = { reply: {}, repeatable: false, errors: noErrors } as const;

/**
 * PM's messages to VFS. PM sends them asynchronously, at most one outstanding for a process; VFS answers with a message of
 * its own, in `vfsToPm`, of the same relative number (reference/posix-abi.md 2.5). Ours are the sequence numbers, and that
 * group ids are in the message: after a crash of PM they would not be where they were in its memory.
 */
export const pmToVfs = protocol({
  name: "pm-to-vfs",
  version: "0.2.0",
  base: 0x900,
  calls: {
    init: call(0, {
      about: "Names one process of the boot image; the last one names NONE and is answered with a plain OK.",
      request: { process, slot: m7.i2(i32), pid: m7.i3(i32) },
      ...oneWay,
    }),
    setUid: call(1, { about: "New user ids.", request: { process, sequence, effective: m7.i2(u32), real: m7.i3(u32) }, ...oneWay }),
    setGid: call(2, { about: "New group ids.", request: { process, sequence, effective: m7.i2(u32), real: m7.i3(u32) }, ...oneWay }),
    setSid: call(3, { about: "The process leads a new session and has no controlling terminal.", request: { process, sequence }, ...oneWay }),
    exit: call(4, { about: "The process is gone: close what it had open.", request: { process, sequence }, ...oneWay }),
    dumpCore: call(5, {
      about: "Write a core image, then exit (unless for a tracer).",
      request: { process, sequence, signal: m7.i2(i32), tracer: m7.i3(endpoint), name: m7.p1(virtAddr) },
      ...oneWay,
    }),
    exec: call(6, {
      about: "Load a program. The path and the frame lie in the process's memory.",
      request: { process, sequence, pathLength: m7.i2(i32), frameLength: m7.i3(i32), path: m7.p1(virtAddr), frame: m7.p2(virtAddr) },
      ...oneWay,
    }),
    fork: call(7, { about: "A child that shares all descriptors of its parent.", request: { process, sequence, parent: m7.i2(endpoint), pid: m7.i3(i32) }, ...oneWay }),
    srvFork: call(8, {
      about: "The same for a service, with ids of its own.",
      request: { process, sequence: m7.p1(u32), parent: m7.i2(endpoint), pid: m7.i3(i32), uid: m7.i4(u32), gid: m7.i5(u32) },
      ...oneWay,
    }),
    unpause: call(9, { about: "Interrupt the call that the process waits in, if any.", request: { process, sequence }, ...oneWay }),
    reboot: call(10, { about: "Write everything and unmount.", request: { sequence }, ...oneWay }),
    setGroups: call(11, {
      about: "New supplementary groups, 8 at most: 16-bit ids in pairs, the first of a pair in the lower half.",
      request: { process, sequence, count: m7.i2(i32), groups01: m7.i3(u32), groups23: m7.i5(u32), groups45: m7.p1(u32), groups67: m7.p2(u32) },
      ...oneWay,
    }),
  },
});

const doneStatus = { process, status: m7.i2(i32) } as const;

/** VFS's answers to PM, each a message of its own (reference/posix-abi.md 2.5). */
export const vfsToPm = protocol({
  name: "vfs-to-pm",
  version: "0.2.0",
  base: 0x980,
  calls: {
    setUid: call(1, { about: "Done.", request: { process, sequence }, ...oneWay }),
    setGid: call(2, { about: "Done.", request: { process, sequence }, ...oneWay }),
    setSid: call(3, { about: "Done.", request: { process, sequence }, ...oneWay }),
    exit: call(4, { about: "Everything of the process is closed.", request: { process, sequence }, ...oneWay }),
    dumpCore: call(5, { about: "Status 0: the core image is written.", request: { sequence, ...doneStatus, tracer: m7.i3(endpoint) }, ...oneWay }),
    exec: call(6, { about: "Status 0: the program is loaded and starts at pc.", request: { sequence, ...doneStatus, pc: m7.p1(virtAddr) }, ...oneWay }),
    fork: call(7, { about: "Done.", request: { process, sequence }, ...oneWay }),
    srvFork: call(8, { about: "Done.", request: { process, sequence }, ...oneWay }),
    unpause: call(9, { about: "The process waits in no call of VFS any more.", request: { process, sequence }, ...oneWay }),
    reboot: call(10, { about: "Every file system is written and unmounted.", request: { sequence }, ...oneWay }),
    setGroups: call(11, { about: "Done.", request: { process, sequence }, ...oneWay }),
    restarted: call(12, { about: "VFS was restarted: PM sends again what has no answer.", request: {}, ...oneWay }),
  },
});
