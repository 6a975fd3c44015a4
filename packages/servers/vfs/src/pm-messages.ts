import { pmToVfs, vfsToPm } from "@procyon-os/contract-vfs";
import {
  AMF_NOREPLY, callByNumber, decodeRequest, encodeRequest, errorCode, messageType, PM, type Call, type Message, type Program, type Request,
} from "@procyon-os/message";
import { asynsend, printf, readProcess } from "@procyon-os/syslib";
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

function* tellPm<Name extends keyof Answers>(name: Name, fields: Request<Answers[Name]>): Program<void> {
  yield* asynsend(PM, encodeRequest(vfsToPm.base, vfsToPm.calls[name] as Call<any, any, any>, fields as never), AMF_NOREPLY);
}

function* setGroups(process: FileProcess, message: Message): Program<void> {
  const { count, groups } = decodeRequest(calls.setGroups, message);
  const bytes = yield* readProcess(PM, groups, Math.max(0, Math.min(count, 8)) * 4);
  if (!bytes.ok) return yield* printf(`VFS: cannot read the groups of ${process.endpoint}: ${bytes.error}\n`);
  const view = new DataView(bytes.value.buffer, bytes.value.byteOffset, bytes.value.length);
  process.groups = Array.from({ length: bytes.value.length / 4 }, (_, index) => view.getUint32(index * 4, true));
}

function* forked(vfs: Vfs, message: Message, service: boolean): Program<void> {
  const one = decodeRequest(calls.srvFork, message);
  const parent = processByEndpoint(vfs, one.parent);
  if (parent === null) return yield* printf(`VFS: fork of ${one.parent}, which is no process\n`);
  const child = fork(vfs, parent, one.process, one.pid);
  if (service) {
    child.realUid = child.effectiveUid = one.uid;
    child.realGid = child.effectiveGid = one.gid;
  }
  yield* tellPm(service ? "srvFork" : "fork", { process: one.process });
}

/** A request of PM (reference/posix-abi.md 2.5). Those that need the process's call to be over wait for it. */
export function* pmMessage(vfs: Vfs, message: Message): Program<void> {
  const name = nameOf(messageType(message));
  if (name === null || name === "init") return;
  if (name === "fork" || name === "srvFork") return yield* forked(vfs, message, name === "srvFork");
  if (name === "reboot") return void startJob(vfs, null, "reboot", reboot);
  const { process: endpoint } = decodeRequest(calls.exit, message);
  const process = processByEndpoint(vfs, endpoint);
  if (process === null) return yield* printf(`VFS: PM asks ${name} for ${endpoint}, which is no process\n`);
  switch (name) {
    case "setUid": case "setGid": {
      const { effective, real } = decodeRequest(calls.setUid, message);
      if (name === "setUid") [process.effectiveUid, process.realUid] = [effective, real];
      else [process.effectiveGid, process.realGid] = [effective, real];
      return yield* tellPm(name, { process: endpoint });
    }
    case "setSid":
      process.sessionLeader = true;
      process.tty = 0;
      return yield* tellPm(name, { process: endpoint });
    case "setGroups":
      yield* setGroups(process, message);
      return yield* tellPm(name, { process: endpoint });
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
      return yield* tellPm("unpause", { process: endpoint });
    case "exit":
      yield* exitProcess(job, process);
      return yield* tellPm("exit", { process: endpoint });
    case "dumpCore": {
      // Core images are not written: the status says so, and PM reports the end without the core bit.
      const { signal, tracer } = decodeRequest(calls.dumpCore, message);
      if (signal !== 0 && tracer === endpoint) yield* exitProcess(job, process);
      return yield* tellPm("dumpCore", { process: endpoint, status: errorCode("ENOSYS"), tracer });
    }
    case "exec": {
      if (job.vfs.state.rootMount === null) yield* waitFor(job, "root");
      const done = yield* exec(job, decodeRequest(calls.exec, message));
      return yield* tellPm("exec", { process: endpoint, status: done.ok ? 0 : errorCode(done.error), pc: (done.ok ? done.value : 0) as never });
    }
    default:
      return;
  }
}

/** The end of the system: everything is closed, written and unmounted, so that the disks are clean. */
function* reboot(job: Job): Work<void> {
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
  yield* tellPm("reboot", {});
}
