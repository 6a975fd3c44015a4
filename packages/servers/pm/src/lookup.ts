import { GET_PROC, MF_HOSTED, PROCESS_BYTES, processEntry } from "@procyon-os/contract-kernel";
import * as c from "@procyon-os/contract-pm";
import { PROC_INFO_BYTES, PROC_INFO_TABLE_BYTES, SI_PROC_TAB, encodeProcInfo, type ProcInfo } from "@procyon-os/contract-pm";
import { NONE, fail, ok, type Endpoint, type Program } from "@procyon-os/message";
import { bytesText, kernelStructure, readProcess, writeProcess } from "@procyon-os/syslib";
import type { PmHandler } from "./handlers.ts";
import { alarmTicksLeft } from "./timers.ts";
import { all, atSlot, isAlive, processAt, processWithPid, type PmState, type Process } from "./state.ts";

const NAME_BYTES = 16;

const processOf = (state: PmState, endpoint: Endpoint): Process | undefined =>
  processAt(state, endpoint) ?? undefined;

/** GETEPINFO: who an endpoint is; open to all. */
export const getEpInfo: PmHandler<"getEpInfo"> = function* (state, _caller, { endpoint }) {
  const process = processOf(state, endpoint);
  return process === undefined ? fail("ESRCH") : ok({ pid: process.pid, uid: process.uid.effective, gid: process.gid.effective });
};

/** The same with short ids, for old programs of root. */
export const getEpInfoOld: PmHandler<"getEpInfoOld"> = function* (state, caller, { endpoint }) {
  if (caller.uid.effective !== 0) return fail("EPERM");
  const process = processOf(state, endpoint);
  if (process === undefined) return fail("ESRCH");
  return ok({ pid: process.pid, uid: (process.uid.effective << 16) >> 16, gid: (process.gid.effective << 24) >> 24 });
};

/** GETPROCNR: by pid, by the beginning of a name, or the caller itself. */
export const getProcNr: PmHandler<"getProcNr"> = function* (state, caller, { pid, nameLength, name }) {
  const isRoot = caller.uid.effective === 0;
  const asksItself = pid < 0 && nameLength <= 0;
  if (asksItself) return ok({ endpoint: caller.endpoint, parent: isRoot ? atSlot(state, caller.parent).endpoint : NONE });
  if (!isRoot) return fail("EPERM");
  let found: Process | null | undefined;
  if (pid >= 0) found = processWithPid(state, pid);
  else {
    const bytes = yield* readProcess(caller.endpoint, name, Math.min(nameLength, NAME_BYTES));
    if (!bytes.ok) return fail("EFAULT");
    const wanted = bytesText(bytes.value);
    // The given length counts a NUL that is part of it, as strncmp does.
    const whole = wanted.length < bytes.value.length;
    found = all(state).find((one) => isAlive(one) && (whole ? one.name === wanted : one.name.startsWith(wanted)));
  }
  return found === null || found === undefined ? fail("ESRCH") : ok({ endpoint: found.endpoint, parent: 0 as Endpoint });
};

function* describe(state: PmState, process: Process): Program<ProcInfo> {
  const bytes = yield* kernelStructure(GET_PROC, PROCESS_BYTES, process.endpoint);
  const entry = bytes === null ? null : processEntry.decode(bytes);
  const runs = entry !== null && entry.rtsFlags === 0;
  return {
    inUse: true, endpoint: process.endpoint, pid: process.pid, ppid: atSlot(state, process.parent).pid, pgrp: process.group,
    uid: process.uid.real, euid: process.uid.effective, state: process.exiting ? "Z" : process.stopped ? "T" : runs ? "R" : "S",
    system: process.isSystem, hosted: entry !== null && (entry.miscFlags & MF_HOSTED) !== 0, nice: process.nice,
    utime: entry?.userTime ?? 0, stime: entry?.systemTime ?? 0,
    tracer: process.tracer === null ? 0 : atSlot(state, process.tracer).pid, name: process.name,
  };
}

/** Flags of an entry, by what is true of it. */
const flagsOf: readonly (readonly [number, (process: Process) => boolean])[] = [
  [c.MP_IN_USE, ({ inUse }) => inUse], [c.MP_WAITING, ({ waitingFor }) => waitingFor !== null], [c.MP_ZOMBIE, ({ zombie }) => zombie],
  [c.MP_PAUSED, ({ paused }) => paused], [c.MP_ALARM_ON, ({ alarmAt }) => alarmAt !== null], [c.MP_EXITING, ({ exiting }) => exiting],
  [c.MP_TOLD_PARENT, ({ toldParent }) => toldParent], [c.MP_STOPPED, ({ stopped }) => stopped], [c.MP_SIGSUSPENDED, ({ suspendedMask }) => suspendedMask !== null],
  [c.MP_VFS_CALL, ({ vfsCall }) => vfsCall !== null], [c.MP_PM_SIG_PENDING, ({ stopPending }) => stopPending], [c.MP_UNPAUSED, ({ unpaused }) => unpaused],
  [c.MP_PRIV_PROC, ({ isSystem }) => isSystem], [c.MP_PARTIAL_EXEC, ({ partialExec }) => partialExec], [c.MP_TRACE_EXIT, ({ traceExit }) => traceExit],
  [c.MP_TRACE_ZOMBIE, ({ traceZombie }) => traceZombie], [c.MP_DELAY_CALL, ({ delayCall }) => delayCall], [c.MP_TAINTED, ({ tainted }) => tainted],
];

function* dump(state: PmState, process: Process): Program<Uint8Array> {
  const flags = flagsOf.reduce((bits, [bit, holds]) => (holds(process) ? bits | bit : bits), 0);
  return c.mprocInfo.encode({
    flags: state.replies.some(({ slot }) => slot === process.slot) ? flags | c.MP_REPLY : flags, endpoint: process.endpoint, pid: process.pid,
    ppid: atSlot(state, process.parent).pid, pgrp: process.group, uid: process.uid.real, euid: process.uid.effective, gid: process.gid.real,
    egid: process.gid.effective, nice: process.nice, parent: process.parent, tracer: process.tracer ?? -1, ignored: process.ignored, caught: process.caught,
    mask: process.mask, pending: process.pending, alarm: yield* alarmTicksLeft(process), name: process.name.slice(0, 11),
  });
}

function* table(state: PmState, what: number): Program<Uint8Array | null> {
  if (what !== SI_PROC_TAB && what !== c.SI_MPROC_TAB) return null;
  const bytes = new Uint8Array(what === SI_PROC_TAB ? PROC_INFO_TABLE_BYTES : c.MPROC_TABLE_BYTES);
  for (const process of all(state)) {
    if (what === SI_PROC_TAB) encodeProcInfo(yield* describe(state, process), bytes, process.slot * PROC_INFO_BYTES);
    else bytes.set(yield* dump(state, process), process.slot * c.mprocInfo.bytes);
  }
  return bytes;
}

/** GETSYSINFO: the process table, for `ps` and for dumps. */
export const getSysInfo: PmHandler<"getSysInfo"> = function* (state, caller, { what, size, where }) {
  if (caller.uid.effective !== 0) return fail("EPERM");
  const bytes = yield* table(state, what);
  if (bytes === null || size !== bytes.length) return fail("EINVAL");
  const written = yield* writeProcess(caller.endpoint, where, bytes);
  return written.ok ? ok({}) : fail("EFAULT");
};
