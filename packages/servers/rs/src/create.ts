import { LU_SYS_PROC, ROOT_SYS_PROC, RST_SYS_PROC, VM_SYS_PROC } from "@procyon-os/contract-kernel";
import { SF_NEED_REPL } from "@procyon-os/contract-rs";
import { VM_RS_MEM_MAKE_VM, VM_RS_MEM_PIN } from "@procyon-os/contract-vm";
import { NONE, RS, SELF, SIGKILL, fail, ok, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { printf } from "@procyon-os/syslib";
import { linkBackups } from "./backups.ts";
import { execService } from "./exec.ts";
import { forgetImages, keepProgram } from "./images.ts";
import { ipcTargets } from "./ipc-targets.ts";
import { RS_ACTIVE, RS_CLONING, RS_GONE, RS_MAKING, RS_TERMINATED } from "./flags.ts";
import { noteMade } from "./orphans.ts";
import { readPrivileges, setPrivileges } from "./privileges.ts";
import { readProgram } from "./read-program.ts";
import { byEndpoint, linked, now, showPublic, takeEntry, type RsState } from "./rs-state.ts";
import { startScheduling, stopScheduling } from "./scheduling.ts";
import { pmCall, vmCall, withBytes } from "./servers.ts";
import { cloneOf, isSameProgram, type LoadedProgram, type Service, type ServiceProgram } from "./service.ts";
import { startTask } from "./task.ts";

/** Forgets an entry; whoever waits for its end has been told before. */
export function* freeEntry(state: RsState, service: Service): Program<void> {
  if (state.services[service.index] !== service) return;
  state.services[service.index] = null;
  yield* showPublic(state, service.index);
}

/**
 * Takes an instance out of the table. Its entry stays for what is still to be done, and nobody else sees it.
 * @param last flags that say what comes after the end of the process
 */
export function* retire(state: RsState, service: Service, last = 0): Program<Service> {
  const gone: Service = { ...service, flags: RS_GONE | last };
  state.services[service.index] = gone;
  forgetImages(state);
  if ((service.flags & RS_ACTIVE) !== 0) yield* showPublic(state, service.index); // else it was never shown
  return gone;
}

/** Removes the process that an instance left, dead or not. Runs in a task. */
export function* killProcess(state: RsState, gone: Service): Program<void> {
  if (gone.pid !== -1) {
    yield* stopScheduling(gone);
    const killed = yield* pmCall("srvKill", { pid: gone.pid, signal: SIGKILL }, true);
    if (!killed.ok && killed.error !== "ESRCH" && !state.shuttingDown) yield* printf(`RS: ${gone.label}: process ${gone.pid} stays: ${killed.error}\n`);
  }
}

/** Removes what an instance left, and then its entry. Runs in a task. */
export function* bury(state: RsState, gone: Service): Program<void> {
  yield* killProcess(state, gone);
  yield* freeEntry(state, gone);
}

/** Removes an instance: from the table at once, its process when PM has time for it. */
export function* cleanup(state: RsState, service: Service): Program<void> {
  const gone = yield* retire(state, service);
  yield* startTask(state, bury(state, gone));
}

/** Takes away a version that is not used (any more), with its replicas. */
export function* dropVersion(state: RsState, version: Service): Program<void> {
  for (const index of version.replicas) {
    const replica = linked(state, index);
    if (replica !== null) yield* cleanup(state, replica);
  }
  version.replicas = [];
  yield* cleanup(state, version);
}

function* setVmCalls(service: Service): Program<Result<unknown>> {
  const mask = new Uint8Array(Int32Array.from(service.vmCalls).buffer);
  const set = yield* withBytes(mask, (address) => vmCall("rsSetPriv", { process: service.endpoint, mask: address as VirtAddr }));
  const { flags } = service.privileges;
  if (!set.ok || (flags & (VM_SYS_PROC | ROOT_SYS_PROC)) === 0) return set;
  // What replaces VM, and what lets it, must not need VM for its own memory.
  return yield* vmCall("rsMemctl", { process: service.endpoint, request: (flags & VM_SYS_PROC) !== 0 ? VM_RS_MEM_MAKE_VM : VM_RS_MEM_PIN });
}

/** Makes the process of an instance: held, without a program. With `asUser` it is a user's, not a service's. Runs in a task. */
export function* fork(service: Service, asUser = false): Program<Result<null>> {
  const forked = yield* pmCall("srvFork", { uid: service.uid, gid: 0, asUser: asUser ? 1 : 0 });
  if (!forked.ok) return forked;
  service.pid = forked.value.pid;
  noteMade(service.pid);
  const found = yield* pmCall("getProcNr", { pid: service.pid, nameLength: 0, name: 0 as VirtAddr });
  if (!found.ok) return found;
  service.endpoint = found.value.endpoint;
  return ok(null);
}

/** Everything that a process needs besides being there. */
function* equip(state: RsState, service: Service, program: LoadedProgram): Program<Result<unknown>> {
  service.checkTime = 0;
  service.aliveTime = yield* now();
  service.stopTime = 0;
  service.backoff = 0;
  service.privileges = { ...service.privileges, ipcTo: ipcTargets(state, service) };
  let result: Result<unknown> = yield* setPrivileges(service);
  if (!result.ok && result.error === "ENOSPC") result = fail("ENOMEM"); // every privilege structure is in use
  if (result.ok) result = yield* startScheduling(service);
  if (result.ok) result = yield* execService(service, program);
  if (result.ok) result = yield* setVmCalls(service);
  return result;
}

/**
 * Makes the process of an instance, with its privileges, its scheduler and its program, ready to run but held. On failure
 * the entry is gone and the error says why. Runs in a task.
 */
export function* createService(state: RsState, service: Service): Program<Result<null>> {
  service.flags |= RS_MAKING;
  const program = yield* readProgram(state, service);
  let made: Result<unknown> = program.ok ? yield* fork(service) : program;
  if (program.ok && made.ok) made = yield* equip(state, service, program.value);
  if (!program.ok || !made.ok) {
    // The process may be there where only its endpoint could not be had. Who asked may use the label again when it is gone.
    yield* bury(state, yield* retire(state, service));
    return made as Result<never>;
  }
  service.flags &= ~RS_MAKING;
  if (program.value.kind === "hosted" || service.keepProgram) service.program = keepProgram(state, program.value);
  forgetImages(state);
  return ok(null);
}

/** Whether a dead service is one of those that are needed to make its successor. */
function needsItself(service: Service): boolean {
  if ((service.flags & RS_TERMINATED) === 0 || (service.sysFlags & SF_NEED_REPL) === 0) return false;
  return service.mostReplicas > 1 || service.program === null;
}

/**
 * Makes a second instance beside a running (or dead) one: a replica that waits for its failure, or a new version of itself.
 * It has its own process and does not run. It is not linked to the service yet. Runs in a task.
 */
export function* cloneService(state: RsState, service: Service, kind: "replica" | "version", program: ServiceProgram | null = service.program): Program<Result<Service>> {
  if (byEndpoint(state, service.endpoint) !== null && service.pid !== -1) yield* readPrivileges(service);
  if (needsItself(service)) return fail("EPERM");
  const entry = takeEntry(state);
  if (entry === null) return fail("ENOMEM");
  const copy = cloneOf(service, entry.index);
  state.services[entry.index] = copy;
  copy.program = program;
  const flag = kind === "replica" ? RST_SYS_PROC : LU_SYS_PROC;
  if (service.endpoint === RS) Object.assign(copy.privileges, { signalManager: SELF, backupSignalManager: NONE });
  copy.privileges.flags = (copy.privileges.flags & ~(RST_SYS_PROC | LU_SYS_PROC)) | flag;
  const made = yield* createService(state, copy);
  if (!made.ok) return made;
  if (linked(state, service.index) === service) return ok(copy);
  yield* bury(state, yield* retire(state, copy)); // making it took a while, and the service is gone
  return fail("EBUSY");
}

/** Makes one more replica, which waits. Runs in a task. */
export function* addReplica(state: RsState, service: Service): Program<Result<unknown>> {
  service.flags |= RS_CLONING;
  const made = yield* cloneService(state, service, "replica");
  service.flags &= ~RS_CLONING;
  if (!made.ok) return made;
  if (!isSameProgram(made.value.program, service.program)) {
    yield* cleanup(state, made.value); // the service was updated meanwhile
    return yield* addReplica(state, service);
  }
  service.replicas = [...service.replicas, made.value.index];
  made.value.previous = service.index;
  return service.endpoint === RS ? yield* linkBackups(state, service) : ok(null);
}
