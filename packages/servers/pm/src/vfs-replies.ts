import { vfsToPm } from "@procyon-os/contract-vfs";
import { PM, callByNumber, decodeRequest, messageType, type Endpoint, type Message, type Program } from "@procyon-os/message";
import { kernel, panic, printf, scratchBytes, textBytes } from "@procyon-os/syslib";
import { execFinished } from "./exec.ts";
import { exitFinished, exitProcess } from "./exit.ts";
import { retryForks } from "./fork.ts";
import { must, startScheduling } from "./partners.ts";
import { reply, replyError } from "./reply.ts";
import { restartSignals } from "./signals.ts";
import { change, isAlive, processAt, type PmState, type Process } from "./state.ts";
import { askVfsAgain } from "./vfs.ts";

const nameOf = callByNumber(vfsToPm);

/** Whether a message of VFS is an answer to a request of PM. */
export const isVfsReply = (message: Message): boolean => nameOf(messageType(message)) !== null;

/** VFS knows the child: it runs, and both it and its parent come back from fork. */
function* forkFinished(state: PmState, child: Process): Program<void> {
  const parent = child.forkedBy === null ? null : processAt(state, child.forkedBy);
  change(child).forkedBy = null;
  const started = yield* startScheduling(state, child);
  if (!started.ok) {
    yield* printf(`pm: ${child.endpoint} cannot be scheduled: ${started.error}\n`);
    yield* exitProcess(state, child, -1, false);
    if (parent !== null) replyError(state, parent, "EAGAIN");
    return;
  }
  reply(state, child, 0);
  if (parent !== null) reply(state, parent, child.pid);
}

/** All file systems are written: the machine ends. */
function* rebootFinished(state: PmState): Program<void> {
  if (state.abort === null) return;
  const { how, code } = state.abort;
  const parameters = yield* scratchBytes(textBytes(code, true));
  yield* must("abort", yield* kernel.abort({ how, process: PM, length: code.length + 1, parameters }));
}

/** The process that an answer is for; null where the answer came before, which happens after one of the two servers died. */
function* finish(state: PmState, endpoint: Endpoint, sequence: number, name: string): Program<Process | null> {
  const process = processAt(state, endpoint);
  if (process !== null && process.vfsSequence < sequence) {
    return yield* panic(`VFS says that ${name} is done for ${endpoint}, for which it was not asked`);
  }
  if (process === null || process.vfsCall === null || process.vfsSequence !== sequence) return null;
  change(process).vfsCall = null;
  return process;
}

/** An answer of VFS: what waited for it goes on, and after that signals that waited (reference/posix-abi.md 2.5). */
export function* handleVfsReply(state: PmState, message: Message): Program<void> {
  const name = nameOf(messageType(message));
  if (name === null) return;
  if (name === "reboot") return yield* rebootFinished(state);
  if (name === "restarted") return askVfsAgain(state);
  const { process: endpoint, sequence } = decodeRequest(vfsToPm.calls[name], message);
  const process = yield* finish(state, endpoint, sequence, name);
  if (process === null) return;
  switch (name) {
    case "setUid": case "setGid": case "setGroups":
      reply(state, process, 0);
      break;
    case "setSid":
      reply(state, process, process.group);
      break;
    case "exec": {
      const { status, pc } = decodeRequest(vfsToPm.calls.exec, message);
      yield* execFinished(state, process, status, pc);
      break;
    }
    case "exit":
      yield* exitFinished(state, process, false);
      yield* retryForks(state);
      break;
    case "dumpCore": {
      const { status, tracer } = decodeRequest(vfsToPm.calls.dumpCore, message);
      // A tracer asked for the image of a process that lives on; else the process is at its end.
      if (tracer !== endpoint) {
        reply(state, process, status);
        break;
      }
      yield* exitFinished(state, process, true, status === 0);
      yield* retryForks(state);
      break;
    }
    case "fork":
      yield* forkFinished(state, process);
      break;
    case "unpause":
      process.unpaused = true;
      break;
    case "srvFork":
      break;
  }
  if (isAlive(process)) yield* restartSignals(state, process);
}
