import { NGROUPS_MAX } from "@procyon-os/contract-pm";
import { fail, ok, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { NO_REPLY, readProcess, writeProcess, type NoReply } from "@procyon-os/syslib";
import type { PmHandler } from "./handlers.ts";
import { atSlot, processWithPid, type Ids, type PmState, type Process } from "./state.ts";
import { tellVfs } from "./vfs.ts";

const GID_MAX = 65_535;

/** SETUID and its like: there is no saved id, and root may be given up for good (reference/posix-abi.md 2.1). */
function* setId(caller: Process, which: "uid" | "gid", id: number, realToo: boolean): Program<Result<never, "EPERM"> | NoReply> {
  const ids: Ids = caller[which];
  if (ids.real !== id && caller.uid.effective !== 0) return fail("EPERM");
  if (realToo) ids.real = id;
  ids.effective = id;
  yield* tellVfs(caller, which === "uid" ? "setUid" : "setGid", { process: caller.endpoint, effective: ids.effective, real: ids.real });
  return NO_REPLY;
}

export const setUid: PmHandler<"setUid"> = (_state, caller, { id }) => setId(caller, "uid", id, true);
export const setEuid: PmHandler<"setEuid"> = (_state, caller, { id }) => setId(caller, "uid", id, false);
export const setGid: PmHandler<"setGid"> = (_state, caller, { id }) => setId(caller, "gid", id, true);
export const setEgid: PmHandler<"setEgid"> = (_state, caller, { id }) => setId(caller, "gid", id, false);
export const getUid: PmHandler<"getUid"> = function* (_state, caller) {
  return ok(caller.uid);
};
export const getGid: PmHandler<"getGid"> = function* (_state, caller) {
  return ok(caller.gid);
};

/** Group ids as a message has room for them: two in a word. */
function groupPairs(ids: readonly number[]): { groups01: number; groups23: number; groups45: number; groups67: number } {
  const pair = (at: number): number => (((ids[at + 1] ?? 0) << 16) | (ids[at] ?? 0)) >>> 0;
  return { groups01: pair(0), groups23: pair(2), groups45: pair(4), groups67: pair(6) };
}

type GroupsResult = Result<{ count: number }, "EPERM" | "EINVAL" | "EFAULT">;

function* setGroupsOf(state: PmState, caller: Process, count: number, at: VirtAddr, idBytes: number): Program<GroupsResult | NoReply> {
  if (caller.uid.effective !== 0) return fail("EPERM");
  if (count < 0 || count > NGROUPS_MAX) return fail("EINVAL");
  if (at === 0) return fail("EFAULT");
  const bytes = yield* readProcess(caller.endpoint, at, count * idBytes);
  if (!bytes.ok) return fail("EFAULT");
  const view = new DataView(bytes.value.buffer, bytes.value.byteOffset, bytes.value.length);
  const ids = Array.from({ length: count }, (_, index) => (idBytes === 1 ? view.getUint8(index) : view.getUint32(index * 4, true)));
  if (ids.some((id) => id > GID_MAX)) return fail("EINVAL");
  caller.groups = ids;
  yield* tellVfs(caller, "setGroups", { process: caller.endpoint, count, ...groupPairs(ids) });
  return NO_REPLY;
}

function* getGroupsOf(caller: Process, count: number, at: VirtAddr, idBytes: number): Program<GroupsResult> {
  if (count < 0 || count > NGROUPS_MAX) return fail("EINVAL");
  if (count === 0) return ok({ count: caller.groups.length });
  if (count < caller.groups.length) return fail("EINVAL");
  // As in MINIX, all that there is room for is written, ids that do not exist as 0.
  const bytes = new Uint8Array(count * idBytes);
  const view = new DataView(bytes.buffer);
  for (const [index, id] of caller.groups.entries()) {
    if (idBytes === 1) view.setUint8(index, id & 0xff);
    else view.setUint32(index * 4, id, true);
  }
  const written = yield* writeProcess(caller.endpoint, at, bytes);
  return written.ok ? ok({ count: caller.groups.length }) : fail("EFAULT");
}

export const setGroups: PmHandler<"setGroups"> = (state, caller, { count, groups }) => setGroupsOf(state, caller, count, groups, 4);
export const setGroupsOld: PmHandler<"setGroupsOld"> = (state, caller, { count, groups }) => setGroupsOf(state, caller, count, groups, 1);
export const getGroups: PmHandler<"getGroups"> = (_state, caller, { count, groups }) => getGroupsOf(caller, count, groups, 4);
export const getGroupsOld: PmHandler<"getGroupsOld"> = (_state, caller, { count, groups }) => getGroupsOf(caller, count, groups, 1);

/** SETSID: sessions are groups; VFS takes the terminal away, then the answer comes. */
export const setSid: PmHandler<"setSid"> = function* (_state, caller) {
  if (caller.group === caller.pid) return fail("EPERM");
  caller.group = caller.pid;
  yield* tellVfs(caller, "setSid", { process: caller.endpoint });
  return NO_REPLY;
};
export const getSid: PmHandler<"getSid"> = function* (state, caller, { pid }) {
  const process = pid === 0 ? caller : processWithPid(state, pid);
  return process === null ? fail("ESRCH") : ok({ session: process.group });
};
export const getPgrp: PmHandler<"getPgrp"> = function* (_state, caller) {
  return ok({ group: caller.group });
};
export const getPid: PmHandler<"getPid"> = function* (state, caller) {
  return ok({ pid: caller.pid, parent: atSlot(state, caller.parent).pid });
};
export const isSetUgid: PmHandler<"isSetUgid"> = function* (_state, caller) {
  return ok({ tainted: caller.tainted ? 1 : 0 });
};
