import { GET_PROC, MF_HOSTED, PROCESS_BYTES, processEntry } from "@procyon-os/contract-kernel";
import { PROC_INFO_BYTES, PROC_INFO_TABLE_BYTES, SI_PROC_TAB, encodeProcInfo, type ProcInfo } from "@procyon-os/contract-pm";
import { NONE, fail, ok, type Endpoint, type Program } from "@procyon-os/message";
import { bytesText, kernelStructure, readProcess, writeProcess } from "@procyon-os/syslib";
import type { PmHandler } from "./handlers.ts";
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

/** GETSYSINFO: the process table, for `ps`. */
export const getSysInfo: PmHandler<"getSysInfo"> = function* (state, caller, { what, size, where }) {
  if (caller.uid.effective !== 0) return fail("EPERM");
  if (what !== SI_PROC_TAB || size !== PROC_INFO_TABLE_BYTES) return fail("EINVAL");
  const table = new Uint8Array(PROC_INFO_TABLE_BYTES);
  for (const process of all(state)) encodeProcInfo(yield* describe(state, process), table, process.slot * PROC_INFO_BYTES);
  const written = yield* writeProcess(caller.endpoint, where, table);
  return written.ok ? ok({}) : fail("EFAULT");
};
