import { INIT_PID } from "@procyon-os/contract-pm";
import {
  LETHAL_SIGNALS, NSIG, PM, RS, SIGINT, SIGKILL, SIGPROF, SIGQUIT, SIGSNDELAY, SIGTERM, SIGVTALRM, SIGWINCH, errorCode, fail, ok, signalInSet,
  type Endpoint, type Program, type Result,
} from "@procyon-os/message";
import { NO_REPLY, panic } from "@procyon-os/syslib";
import { afterwards } from "./effects.ts";
import type { PmHandler } from "./handlers.ts";
import { maySignal, type Sender } from "./permission.ts";
import { checkPending, signalProcess } from "./signals.ts";
import { all, change, isAlive, processAt, type PmState, type Process } from "./state.ts";

type KillResult = Result<Record<string, never>, "EINVAL" | "EPERM" | "ESRCH">;

/** Whether a process is among those that a pid, as kill takes it, names. */
function isMeant(process: Process, pid: number, sender: Sender): boolean {
  if (pid > 0) return process.pid === pid;
  if (pid === 0) return process.group === sender.group;
  return pid === -1 ? process.pid > INIT_PID : process.group === -pid;
}

/** Somebody means PM and nobody else: its manager sees to it, as to any service's. (Among others PM is left out.) */
function signalItself(state: PmState, signal: number): void {
  afterwards(state, { what: "kill", endpoint: PM, signal });
}

/** Sends a signal to all that `pid` names and that the sender may signal (reference/posix-abi.md 2.4). */
export function* sendSignal(state: PmState, sender: Sender, pid: number, signal: number, fromKernel: boolean): Program<KillResult> {
  if (signal < 0 || signal >= NSIG) return fail("EINVAL");
  if (pid === INIT_PID && signal === SIGKILL) return fail("EINVAL");
  if (pid === -1 && signal === SIGTERM) afterwards(state, { what: "kill", endpoint: RS, signal }); // services stay down from here on

  let found = 0;
  let error: "ESRCH" | "EPERM" = "ESRCH";
  for (const process of all(state).reverse()) {
    if (!process.inUse || !isMeant(process, pid, sender)) continue;
    if (process.isSystem && pid === -1 && signal === SIGKILL) continue;
    if ((process.isSystem && !fromKernel && signalInSet(LETHAL_SIGNALS, signal)) || !maySignal(sender, process)) {
      error = "EPERM";
      continue;
    }
    found++;
    if (process.endpoint === PM && pid > 0 && signal !== 0) signalItself(state, signal);
    else if (signal !== 0) yield* signalProcess(state, process, signal, fromKernel);
    if (pid > 0) break;
  }
  return found > 0 ? ok({}) : fail(error);
}

/** KILL. Who killed itself gets no answer. */
export const kill: PmHandler<"kill"> = function* (state, caller, { pid, signal }) {
  const sent = yield* sendSignal(state, caller, pid, signal, false);
  return isAlive(caller) ? sent : NO_REPLY;
};

/** SRV_KILL: RS ends or signals a service, as the kernel would. */
export const srvKill: PmHandler<"srvKill"> = function* (state, caller, { pid, signal }) {
  if (caller.endpoint !== RS) return fail("EPERM");
  return yield* sendSignal(state, caller, pid, signal, true);
};

/**
 * A signal of the kernel for a process that PM manages: the whole group gets what a terminal sends, the process alone the
 * rest. Gives 0, or EDEADEPT negated where the process is gone (now).
 * @param restartTimer called for the signals of virtual timers
 */
export function* signalFromKernel(
  state: PmState, target: Endpoint, signal: number, restartTimer: (state: PmState, process: Process, signal: number) => void,
): Program<number> {
  const process = processAt(state, target);
  if (process === null || !isAlive(process)) return errorCode("EDEADEPT");
  const toGroup = signal === SIGINT || signal === SIGQUIT || signal === SIGWINCH;
  if (signal === SIGVTALRM || signal === SIGPROF) restartTimer(state, process, signal);
  const sender: Sender = { uid: { real: 0, effective: 0 }, group: process.group };
  yield* sendSignal(state, sender, toGroup ? 0 : process.pid, signal, true);

  if (signal === SIGSNDELAY && process.delayCall) {
    change(process).delayCall = false;
    if (process.vfsCall !== null) return 0; // its message was a call that VFS works on: signals wait for the answer
    if (process.stopPending) return yield* panic(`${target} was stopped although it was sending`);
    yield* checkPending(state, process);
  }
  return isAlive(process) ? 0 : errorCode("EDEADEPT");
}
