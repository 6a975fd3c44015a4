import { SYS_PRIV_ALLOW, SYS_PRIV_SET_USER } from "@procyon-os/contract-kernel";
import { fail, ok, SCHED, SIGKILL, type Program, type Result } from "@procyon-os/message";
import { printf } from "@procyon-os/syslib";
import { fork } from "./create.ts";
import { execService } from "./exec.ts";
import { RS_NOPINGREPLY, RS_REFRESHING, RS_SCRIPTING } from "./flags.ts";
import { privctl } from "./privileges.ts";
import { readProgramFile } from "./read-program.ts";
import type { RsState } from "./rs-state.ts";
import { killService } from "./run.ts";
import { startScheduling, stopScheduling } from "./scheduling.ts";
import { pmCall } from "./servers.ts";
import { newService, type Service } from "./service.ts";
import { startTask } from "./task.ts";

const SHELL = "/bin/sh";

/** Why a script runs, as its second argument says. */
export function scriptReason(service: Service): "restart" | "no-heartbeat" | "terminated" {
  if ((service.flags & RS_REFRESHING) !== 0) return "restart";
  return (service.flags & RS_NOPINGREPLY) !== 0 ? "no-heartbeat" : "terminated";
}

/** Starts a shell for a script: a user's process of root, and no entry of the table. Runs in a task. */
function* startShell(words: readonly string[]): Program<Result<unknown>> {
  const program = yield* readProgramFile(SHELL);
  if (!program.ok) return program;
  if (program.value.kind !== "elf") return fail("ENOEXEC");
  const shell: Service = { ...newService(-1), command: ["sh", ...words].join(" "), processName: "sh", scheduler: SCHED };
  let result: Result<unknown> = yield* fork(shell, true);
  if (result.ok) result = yield* privctl(shell.endpoint, SYS_PRIV_SET_USER);
  if (result.ok) result = yield* startScheduling(shell);
  if (result.ok) result = yield* execService(shell, program.value);
  if (result.ok) result = yield* privctl(shell.endpoint, SYS_PRIV_ALLOW);
  if (!result.ok && shell.pid !== -1) {
    yield* stopScheduling(shell);
    yield* pmCall("srvKill", { pid: shell.pid, signal: SIGKILL }, true);
  }
  return result.ok ? ok(null) : result;
}

/**
 * Runs the recovery script of a service that has ended, with the label, the reason and how often the service was restarted.
 * What becomes of the service is the script's to say: it calls `service restart` or `service down` (reference 2.12).
 */
export function* runScript(state: RsState, service: Service): Program<void> {
  const words = [service.script, service.label, scriptReason(service), String(service.restarts)];
  service.flags |= RS_SCRIPTING;
  yield* startTask(state, (function* (): Program<void> {
    const started = yield* startShell(words);
    service.flags &= ~RS_SCRIPTING;
    if (started.ok) return;
    yield* printf(`RS: ${service.label}: recovery script ${service.script} cannot run: ${started.error}\n`);
    yield* killService(state, service, "brought down, since its recovery script cannot run");
  })());
}
