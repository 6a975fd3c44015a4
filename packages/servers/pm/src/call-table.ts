import { brk } from "./brk.ts";
import { exec, execNewMem, execRestart } from "./exec.ts";
import { exit } from "./exit.ts";
import { fork, srvFork } from "./fork.ts";
import type { PmHandlers } from "./handlers.ts";
import {
  getGid, getGroups, getGroupsOld, getPgrp, getPid, getSid, getUid, isSetUgid, setEgid, setEuid, setGid, setGroups, setGroupsOld, setSid, setUid,
} from "./identity.ts";
import { alarm, itimer } from "./itimer.ts";
import { kill, srvKill } from "./kill.ts";
import { getEpInfo, getEpInfoOld, getProcNr, getSysInfo } from "./lookup.ts";
import { getPriority, setPriority } from "./priority.ts";
import { pause, sigaction, sigpending, sigprocmask, sigreturn, sigsuspend } from "./sigaction.ts";
import { cprof, getMContext, getTimeOfDay, reboot, setMContext, sprof, stime, svrctl, sysUname, time, times } from "./system.ts";
import { ptrace } from "./trace.ts";
import { wait, waitPid } from "./wait.ts";

/** Every call of the contract, once. */
export const callTable: PmHandlers = {
  exit, fork, wait, waitPid, brk, ptrace, times, exec, getPriority, setPriority, execNewMem, srvFork, execRestart,
  alarm, pause, kill, itimer, sigaction, sigsuspend, sigpending, sigprocmask, sigreturn, srvKill,
  getPid, setUid, getUid, getEpInfo, setGroups, getGroups, setGid, getGid, setSid, getPgrp, getGroupsOld, setGroupsOld, setEuid, setEgid,
  getProcNr, isSetUgid, getEpInfoOld, getSid,
  time, stime, getMContext, setMContext, reboot, svrctl, sysUname, getTimeOfDay, sprof, cprof, getSysInfo,
};
