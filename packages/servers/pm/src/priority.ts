import { PRIO_PROCESS } from "@procyon-os/contract-pm";
import { PRIO_MIN } from "@procyon-os/contract-sched";
import { fail, ok, type Result } from "@procyon-os/message";
import type { PmHandler } from "./handlers.ts";
import { changeNice } from "./partners.ts";
import { change, processWithPid, type PmState, type Process } from "./state.ts";

function find(state: PmState, caller: Process, which: number, who: number): Result<Process, "EINVAL" | "ESRCH" | "EPERM"> {
  if (which !== PRIO_PROCESS) return fail("EINVAL");
  const process = who === 0 ? caller : processWithPid(state, who);
  if (process === null) return fail("ESRCH");
  const { effective } = caller.uid;
  return effective === 0 || effective === process.uid.effective || effective === process.uid.real ? ok(process) : fail("EPERM");
}

/** GETPRIORITY. */
export const getPriority: PmHandler<"getPriority"> = function* (state, caller, { which, who }) {
  const found = find(state, caller, which, who);
  return found.ok ? ok({ priority: found.value.nice - PRIO_MIN }) : found;
};

/** SETPRIORITY: only root makes a process more important than it is. */
export const setPriority: PmHandler<"setPriority"> = function* (state, caller, { which, who, priority }) {
  const found = find(state, caller, which, who);
  if (!found.ok) return found;
  const process = found.value;
  if (process.nice > priority && caller.uid.effective !== 0) return fail("EACCES");
  const changed = yield* changeNice(process, priority);
  if (!changed.ok) return fail("EINVAL");
  change(process).nice = priority;
  return ok({});
};
