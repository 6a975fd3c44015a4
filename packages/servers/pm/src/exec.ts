import { EXC_NM_RF_ALLOW_SETUID, SIG_DFL, TO_ALTEXEC, TO_NOEXEC } from "@procyon-os/contract-pm";
import { EXEC_NEWMEM_BYTES, decodeExecNewmem, type ExecNewmem } from "@procyon-os/contract-vm";
import { NSIG, RS, SIGKILL, SIGSTOP, SIGTRAP, VFS, fail, ok, signalInSet, type Program } from "@procyon-os/message";
import { NO_REPLY, printf, readProcess, scratchBytes, vm } from "@procyon-os/syslib";
import { actionOf, setAction } from "./actions.ts";
import { afterwards, makeNow, type Effect } from "./effects.ts";
import type { PmHandler } from "./handlers.ts";
import { reply } from "./reply.ts";
import { signalProcess } from "./signals.ts";
import { change, processAt, type PmState, type Process } from "./state.ts";
import { tellVfs } from "./vfs.ts";

const NAME_BYTES = 16;

/** EXEC: VFS finds and loads the program. */
export const exec: PmHandler<"exec"> = function* (_state, caller, { pathLength, frameLength, path, frame }) {
  yield* tellVfs(caller, "exec", { process: caller.endpoint, pathLength, frameLength, path, frame });
  return NO_REPLY;
};

/** Gives a process the rights of its new program; those of a traced one stay as they are. */
function applySetId(process: Process, program: ExecNewmem): boolean {
  const allowed = process.tracer === null && program.setUgid;
  if (allowed) {
    process.uid.effective = program.newUid;
    process.gid.effective = program.newGid;
  }
  process.tainted = allowed || process.uid.effective !== process.uid.real || process.gid.effective !== process.gid.real;
  return allowed;
}

/** EXEC_NEWMEM, from VFS or RS: the old program is gone from here on, whatever happens. */
export const execNewMem: PmHandler<"execNewMem"> = function* (state, caller, { process: endpoint, newMem }) {
  if (caller.endpoint !== VFS && caller.endpoint !== RS) return fail("EPERM");
  const process = processAt(state, endpoint);
  if (process === null || process.exiting) return fail("ESRCH");
  const bytes = yield* readProcess(caller.endpoint, newMem, EXEC_NEWMEM_BYTES);
  if (!bytes.ok) return fail("EFAULT");
  const program = decodeExecNewmem(bytes.value);

  const copy = yield* scratchBytes(bytes.value);
  const made = yield* vm.execNewmem({ process: endpoint, arguments: copy, size: EXEC_NEWMEM_BYTES });
  if (!made.ok) {
    yield* printf(`pm: no memory map for ${program.programName}: ${made.error}\n`);
    return fail(made.error === "ENOMEM" || made.error === "ESRCH" ? made.error : "ENOEXEC");
  }
  const setId = applySetId(change(process), program);
  process.name = program.programName.slice(0, NAME_BYTES - 1);
  process.frameAddress = made.value.stackTop - program.argsBytes;
  process.partialExec = true;
  return ok({ stackTop: made.value.stackTop, flags: made.value.flags | (setId ? EXC_NM_RF_ALLOW_SETUID : 0) });
};

/**
 * EXEC_RESTART, from RS: the program is loaded, or started already by the kernel, or could not be. RS holds the process, so that it can be
 * told where it begins at once, and once more where PM dies over it; and it has to be before RS hears of it, which may then
 * give the process another place.
 */
export const execRestart: PmHandler<"execRestart"> = function* (state, caller, { process: endpoint, result, alreadyStarted, pc }) {
  if (caller.endpoint !== RS) return fail("EPERM");
  const process = processAt(state, endpoint);
  if (process === null || process.exiting) return fail("ESRCH");
  if (result !== 0) failExec(state, process, result);
  else yield* forgetOldProgram(state, process);
  return result !== 0 || alreadyStarted === 1 ? ok({}) : yield* makeNow(beginning(process, pc));
};

/** No new program: the old one hears why, or, where there is none any more, all ends. */
function failExec(state: PmState, process: Process, result: number): void {
  if (process.partialExec) afterwards(state, { what: "kill", endpoint: process.endpoint, signal: SIGKILL });
  else reply(state, process, result);
}

/** What the old program had asked for is nothing to the new one. */
function* forgetOldProgram(state: PmState, process: Process): Program<void> {
  change(process).partialExec = false;
  for (let signal = 1; signal < NSIG; signal++) {
    if (signalInSet(process.caught, signal)) setAction(process, signal, { handler: SIG_DFL, mask: 0, flags: actionOf(process, signal).flags });
  }
  process.caught = 0;
  if (process.tracer !== null && (process.traceFlags & TO_NOEXEC) === 0) {
    // Before the program can run.
    yield* signalProcess(state, process, (process.traceFlags & TO_ALTEXEC) !== 0 ? SIGSTOP : SIGTRAP, false);
  }
}

const beginning = (process: Process, pc: number): Effect => ({ what: "exec", endpoint: process.endpoint, stackPointer: process.frameAddress, entry: pc, name: process.name });

/** The end of an exec that VFS has loaded: the new program starts, or there is none. */
export function* execFinished(state: PmState, process: Process, result: number, pc: number): Program<void> {
  if (result !== 0) return failExec(state, process, result);
  yield* forgetOldProgram(state, process);
  afterwards(state, beginning(process, pc));
}
