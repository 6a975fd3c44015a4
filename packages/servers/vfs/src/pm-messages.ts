import { pmToVfs, vfsToPm } from "@procyon-os/contract-vfs";
import {
  AMF_NOREPLY, callByNumber, decodeRequest, encodeRequest, errorCode, messageType, PM, VFS, type Call, type Message, type Program, type Request,
} from "@procyon-os/message";
import { asynsend, printf } from "@procyon-os/syslib";
import { exec } from "./exec.ts";
import { vnodeOfFile } from "./files.ts";
import { sync, unmount } from "./mount.ts";
import { exitProcess, fork, leaveDirectories, processByEndpoint } from "./processes.ts";
import type { FileProcess } from "./state.ts";
import { startJob, type Vfs } from "./vfs.ts";
import { putVnode } from "./vnode.ts";
import { interrupt, waitFor, type Job, type Work } from "./work.ts";

type Answers = typeof vfsToPm.calls;
const nameOf = callByNumber(pmToVfs);
const { calls } = pmToVfs;

/** Whether a message is a request of PM. */
export const isPmRequest = (message: Message): boolean => nameOf(messageType(message)) !== null;

/** Answers PM's request for a process, and keeps the answer: PM asks again where one of the two dies. */
function* tellPm<Name extends Exclude<keyof Answers, "restarted">>(
  process: FileProcess, name: Name, fields: Omit<Request<Answers[Name]>, "sequence" | "process">,
): Program<void> {
  const values = { ...fields, process: process.endpoint, sequence: process.pmSequence };
  process.pmAnswer = encodeRequest(vfsToPm.base, vfsToPm.calls[name] as Call<any, any, any>, values as never);
  yield* asynsend(PM, process.pmAnswer, AMF_NOREPLY);
}

/** Whether this request is the last one for the process over again; then the answer that it had, if any, is given again. */
function* isRepeated(process: FileProcess, sequence: number): Program<boolean> {
  if (process.pmSequence === sequence) {
    if (process.pmAnswer !== null) yield* asynsend(PM, process.pmAnswer, AMF_NOREPLY);
    return true;
  }
  process.pmSequence = sequence;
  process.pmAnswer = null;
  return false;
}

/** The end of a process that VFS does not know (any more): what there was to do is done. */
function* alreadyGone(name: "exit" | "dumpCore", message: Message): Program<void> {
  const { process, sequence, tracer } = decodeRequest(calls.dumpCore, message);
  const answer = name === "exit"
    ? encodeRequest(vfsToPm.base, vfsToPm.calls.exit, { process, sequence })
    : encodeRequest(vfsToPm.base, vfsToPm.calls.dumpCore, { process, sequence, status: errorCode("ENOSYS"), tracer });
  yield* asynsend(PM, answer, AMF_NOREPLY);
}

function setGroups(process: FileProcess, message: Message): void {
  const { count, groups01, groups23, groups45, groups67 } = decodeRequest(calls.setGroups, message);
  const ids = [groups01, groups23, groups45, groups67].flatMap((pair) => [pair & 0xffff, pair >>> 16]);
  process.groups = ids.slice(0, Math.max(0, count));
}

function* forked(vfs: Vfs, message: Message, service: boolean): Program<void> {
  const one = decodeRequest(calls.srvFork, message);
  const sequence = service ? one.sequence : decodeRequest(calls.fork, message).sequence;
  const known = processByEndpoint(vfs, one.process);
  if (known !== null) return void (yield* isRepeated(known, sequence));
  const parent = processByEndpoint(vfs, one.parent);
  if (parent === null) return yield* printf(`VFS: fork of ${one.parent}, which is no process\n`);
  const child = fork(vfs, parent, one.process, one.pid);
  child.pmSequence = sequence;
  if (service) {
    child.realUid = child.effectiveUid = one.uid;
    child.realGid = child.effectiveGid = one.gid;
  }
  yield* tellPm(child, service ? "srvFork" : "fork", {});
}

function* rebootOnce(vfs: Vfs, message: Message): Program<void> {
  const own = processByEndpoint(vfs, VFS);
  if (own === null || (yield* isRepeated(own, decodeRequest(calls.reboot, message).sequence))) return;
  startJob(vfs, null, "reboot", (job) => reboot(job, own));
}

/** A request of PM (reference/posix-abi.md 2.5). Those that need the process's call to be over wait for it. */
export function* pmMessage(vfs: Vfs, message: Message): Program<void> {
  const name = nameOf(messageType(message));
  if (name === null || name === "init") return;
  if (name === "fork" || name === "srvFork") return yield* forked(vfs, message, name === "srvFork");
  if (name === "reboot") return yield* rebootOnce(vfs, message);
  const { process: endpoint, sequence } = decodeRequest(calls.exit, message);
  const process = processByEndpoint(vfs, endpoint);
  if (process === null) {
    if (name === "exit" || name === "dumpCore") return yield* alreadyGone(name, message);
    return yield* printf(`VFS: PM asks ${name} for ${endpoint}, which is no process\n`);
  }
  if (yield* isRepeated(process, sequence)) return;
  switch (name) {
    case "setUid": case "setGid": {
      const { effective, real } = decodeRequest(calls.setUid, message);
      if (name === "setUid") [process.effectiveUid, process.realUid] = [effective, real];
      else [process.effectiveGid, process.realGid] = [effective, real];
      return yield* tellPm(process, name, {});
    }
    case "setSid":
      process.sessionLeader = true;
      process.tty = 0;
      return yield* tellPm(process, name, {});
    case "setGroups":
      setGroups(process, message);
      return yield* tellPm(process, name, {});
    case "exec": case "exit": case "dumpCore": case "unpause":
      return afterCall(vfs, process, message);
  }
}

/** Does what PM asks when the process's call is over; a call that may wait for ever is interrupted. */
function afterCall(vfs: Vfs, process: FileProcess, message: Message): void {
  const call = vfs.calls.get(process.slot);
  if (call === undefined) return startPostponed(vfs, process, message);
  vfs.postponed.set(process.slot, message.slice());
  interrupt(call);
}

/** Starts what PM asked for while the process was in a call. */
export function startPostponed(vfs: Vfs, process: FileProcess, message: Message): void {
  const name = nameOf(messageType(message));
  const job = startJob(vfs, process, `PM's ${name} of ${process.endpoint}`, (one) => postponed(one, process, message));
  vfs.calls.set(process.slot, job);
}

function* postponed(job: Job, process: FileProcess, message: Message): Work<void> {
  const { endpoint } = process;
  switch (nameOf(messageType(message))) {
    case "unpause":
      return yield* tellPm(process, "unpause", {});
    case "exit":
      yield* exitProcess(job, process);
      return yield* tellPm(process, "exit", {});
    case "dumpCore": {
      // Core images are not written: the status says so, and PM reports the end without the core bit.
      const { signal, tracer } = decodeRequest(calls.dumpCore, message);
      if (signal !== 0 && tracer === endpoint) yield* exitProcess(job, process);
      return yield* tellPm(process, "dumpCore", { status: errorCode("ENOSYS"), tracer });
    }
    case "exec": {
      if (job.vfs.state.rootMount === null) yield* waitFor(job, "root");
      const done = yield* exec(job, decodeRequest(calls.exec, message));
      return yield* tellPm(process, "exec", { status: done.ok ? 0 : errorCode(done.error), pc: (done.ok ? done.value : 0) as never });
    }
    default:
      return;
  }
}

/** The end of the system: everything is closed, written and unmounted, so that the disks are clean. */
function* reboot(job: Job, own: FileProcess): Work<void> {
  const { vfs } = job;
  const { state } = vfs;
  yield* sync(job);
  // Drivers are not asked any more: one of them may be dead.
  for (const process of state.processes.values()) {
    process.descriptors.clear();
    leaveDirectories(vfs, process);
  }
  for (const file of [...state.files.values()]) {
    state.files.delete(file.id);
    putVnode(vfs, vnodeOfFile(vfs, file));
  }
  for (const mount of [...state.mounts.values()].reverse()) yield* unmount(job, mount, true);
  yield* tellPm(own, "reboot", {});
}
