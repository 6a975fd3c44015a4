import { pmToVfs, vfsToPm } from "@procyon-os/contract-vfs";
import {
  callByNumber, decodeRequest, encodeRequest, errorCode, messageType, PM, VFS, type Call, type Message, type Program, type Request,
} from "@procyon-os/message";
import { printf } from "@procyon-os/syslib";
import { exec } from "./exec.ts";
import { processOf, vnodeOfFile } from "./files.ts";
import { sync, unmount } from "./mount.ts";
import { exitProcess, fork, leaveDirectories, processByEndpoint } from "./processes.ts";
import { mark, type FileProcess } from "./state.ts";
import { startJob, tell, type Vfs } from "./vfs.ts";
import { putVnode } from "./vnode.ts";
import { interrupt, once, waitFor, type Job, type Work } from "./work.ts";

type Answers = typeof vfsToPm.calls;
const nameOf = callByNumber(pmToVfs);
const { calls } = pmToVfs;

/** Whether a message is a request of PM. */
export const isPmRequest = (message: Message): boolean => nameOf(messageType(message)) !== null;

/** Answers PM's request for a process, and keeps the answer: PM asks again where one of the two dies. */
function tellPm<Name extends Exclude<keyof Answers, "restarted">>(
  process: FileProcess, name: Name, fields: Omit<Request<Answers[Name]>, "sequence" | "process">,
): void {
  const values = { ...fields, process: process.endpoint, sequence: process.pmSequence };
  process.pmAnswer = encodeRequest(vfsToPm.base, vfsToPm.calls[name] as Call<any, any, any>, values as never);
  mark("processes", process.slot);
  tell(PM, process.pmAnswer);
}

/** Whether this request is the last one for the process over again; then the answer that it had, if any, is given again. */
function isRepeated(process: FileProcess, sequence: number): boolean {
  if (process.pmSequence === sequence) {
    if (process.pmAnswer !== null) tell(PM, process.pmAnswer);
    return true;
  }
  process.pmSequence = sequence;
  process.pmAnswer = null;
  mark("processes", process.slot);
  return false;
}

/** VFS has been replaced: PM sends again what it has no answer to. */
export function tellRestarted(): void {
  tell(PM, encodeRequest(vfsToPm.base, vfsToPm.calls.restarted, {}));
}

/** The end of a process that VFS does not know (any more): what there was to do is done. */
function alreadyGone(name: "exit" | "dumpCore", message: Message): void {
  const { process, sequence, tracer } = decodeRequest(calls.dumpCore, message);
  const answer = name === "exit"
    ? encodeRequest(vfsToPm.base, vfsToPm.calls.exit, { process, sequence })
    : encodeRequest(vfsToPm.base, vfsToPm.calls.dumpCore, { process, sequence, status: errorCode("ENOSYS"), tracer });
  tell(PM, answer);
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
  if (known !== null) return void isRepeated(known, sequence);
  const parent = processByEndpoint(vfs, one.parent);
  if (parent === null) return yield* printf(`VFS: fork of ${one.parent}, which is no process\n`);
  const child = fork(vfs, parent, one.process, one.pid);
  child.pmSequence = sequence;
  if (service) {
    child.realUid = child.effectiveUid = one.uid;
    child.realGid = child.effectiveGid = one.gid;
  }
  tellPm(child, service ? "srvFork" : "fork", {});
}

function rebootOnce(vfs: Vfs, message: Message): void {
  const own = processByEndpoint(vfs, VFS);
  if (own === null || isRepeated(own, decodeRequest(calls.reboot, message).sequence)) return;
  startJob(vfs, null, { kind: "reboot" });
}

/** A request of PM (reference/posix-abi.md 2.5). Those that need the process's call to be over wait for it. */
export function* pmMessage(vfs: Vfs, message: Message): Program<void> {
  const name = nameOf(messageType(message));
  if (name === null || name === "init") return;
  if (name === "fork" || name === "srvFork") return yield* forked(vfs, message, name === "srvFork");
  if (name === "reboot") return rebootOnce(vfs, message);
  const { process: endpoint, sequence } = decodeRequest(calls.exit, message);
  const process = processByEndpoint(vfs, endpoint);
  if (process === null) {
    if (name === "exit" || name === "dumpCore") return alreadyGone(name, message);
    return yield* printf(`VFS: PM asks ${name} for ${endpoint}, which is no process\n`);
  }
  if (isRepeated(process, sequence)) return;
  switch (name) {
    case "setUid": case "setGid": {
      const { effective, real } = decodeRequest(calls.setUid, message);
      if (name === "setUid") [process.effectiveUid, process.realUid] = [effective, real];
      else [process.effectiveGid, process.realGid] = [effective, real];
      mark("processes", process.slot);
      return tellPm(process, name, {});
    }
    case "setSid":
      process.sessionLeader = true;
      process.tty = 0;
      return tellPm(process, name, {});
    case "setGroups":
      setGroups(process, message);
      return tellPm(process, name, {});
    case "exec": case "exit": case "dumpCore": case "unpause":
      return afterCall(vfs, process, message);
  }
}

/** Does what PM asks when the process's call is over; a call that may wait for ever is interrupted. */
function afterCall(vfs: Vfs, process: FileProcess, message: Message): void {
  const call = vfs.calls.get(process.slot);
  if (call === undefined) return startPostponed(vfs, process, message);
  process.postponed = message.slice();
  mark("processes", process.slot);
  interrupt(call);
}

/** Starts what PM asked for while the process was in a call. */
export function startPostponed(vfs: Vfs, process: FileProcess, message: Message): void {
  startJob(vfs, process, { kind: "pm", message: message.slice() });
}

/** Does what PM asks for a process that is in no call. */
export function* pmWork(job: Job, message: Message): Work<void> {
  const process = processOf(job);
  const { endpoint } = process;
  switch (nameOf(messageType(message))) {
    case "unpause":
      return tellPm(process, "unpause", {});
    case "exit":
      yield* exitProcess(job, process);
      return tellPm(process, "exit", {});
    case "dumpCore": {
      // Core images are not written: the status says so, and PM reports the end without the core bit.
      const { signal, tracer } = decodeRequest(calls.dumpCore, message);
      if (signal !== 0 && tracer === endpoint) yield* exitProcess(job, process);
      return tellPm(process, "dumpCore", { status: errorCode("ENOSYS"), tracer });
    }
    case "exec": {
      if (once(job, () => job.vfs.state.rootMount === null)) yield* waitFor(job, "root");
      const done = yield* exec(job, decodeRequest(calls.exec, message));
      return tellPm(process, "exec", { status: done.ok ? 0 : errorCode(done.error), pc: (done.ok ? done.value : 0) as never });
    }
    default:
      return;
  }
}

/** Closes everything. Drivers are not asked any more: one of them may be dead. */
function closeAll(vfs: Vfs): void {
  const { state } = vfs;
  for (const process of state.processes.values()) {
    process.descriptors.clear();
    leaveDirectories(vfs, process);
  }
  for (const file of [...state.files.values()]) {
    state.files.delete(file.id);
    mark("files", file.id);
    putVnode(vfs, vnodeOfFile(vfs, file));
  }
}

/** The end of the system: everything is closed, written and unmounted, so that the disks are clean. */
export function* reboot(job: Job): Work<void> {
  const { vfs } = job;
  yield* sync(job);
  const mounts = once(job, () => {
    closeAll(vfs);
    return [...vfs.state.mounts.keys()].reverse();
  });
  for (const mount of mounts) yield* unmount(job, mount, true);
  const own = processByEndpoint(vfs, VFS);
  if (own !== null) tellPm(own, "reboot", {});
}
