import { LU_SYS_PROC, RST_SYS_PROC } from "@procyon-os/contract-kernel";
import { SF_NEED_REPL } from "@procyon-os/contract-rs";
import { SIGKILL, fail, ok, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { scratchBytes, vm } from "@procyon-os/syslib";
import { execService } from "./exec.ts";
import { ipcTargets } from "./ipc-targets.ts";
import { RS_TERMINATED } from "./flags.ts";
import { readPrivileges, setPrivileges } from "./privileges.ts";
import { readProgram } from "./read-program.ts";
import { byEndpoint, linked, now, showPublic, takeEntry, type RsState } from "./rs-state.ts";
import { startScheduling, stopScheduling } from "./scheduling.ts";
import { pm } from "./servers.ts";
import { cloneOf, type Service, type ServiceProgram } from "./service.ts";

/** Forgets an entry; whoever waits for its end has been told before. */
export function* freeEntry(state: RsState, service: Service): Program<void> {
  state.services[service.index] = null;
  yield* showPublic(state, service.index);
}

/** Removes an instance: its process (dead or not) and its entry. */
export function* cleanup(state: RsState, service: Service): Program<void> {
  if (service.pid !== -1) {
    yield* stopScheduling(state, service);
    yield* pm.srvKill({ pid: service.pid, signal: SIGKILL });
  }
  yield* freeEntry(state, service);
}

function* setVmCalls(service: Service): Program<Result<unknown>> {
  const mask = new Uint8Array(Int32Array.from(service.vmCalls).buffer);
  return yield* vm.rsSetPriv({ process: service.endpoint, mask: (yield* scratchBytes(mask)) as VirtAddr });
}

/** Makes the process of an instance: held, without a program. With `asUser` it is a user's, not a service's. */
export function* fork(service: Service, asUser = false): Program<Result<null>> {
  const forked = yield* pm.srvFork({ uid: service.uid, gid: 0, asUser: asUser ? 1 : 0 });
  if (!forked.ok) return forked;
  service.pid = forked.value.pid;
  const found = yield* pm.getProcNr({ pid: service.pid, nameLength: 0, name: 0 as VirtAddr });
  if (!found.ok) return found;
  service.endpoint = found.value.endpoint;
  return ok(null);
}

/**
 * Makes the process of an instance, with its privileges, its scheduler and its program, ready to run but held. On failure
 * the entry is gone and the error says why. Runs in a task: reading the program may wait.
 */
export function* createService(state: RsState, service: Service): Program<Result<null>> {
  const program = yield* readProgram(service);
  if (!program.ok) {
    yield* freeEntry(state, service);
    return program;
  }
  const forked = yield* fork(service);
  if (!forked.ok) {
    yield* cleanup(state, service); // the process is there where only its endpoint could not be had
    return forked;
  }
  service.checkTime = 0;
  service.aliveTime = yield* now();
  service.stopTime = 0;
  service.backoff = 0;
  service.privileges.ipcTo = ipcTargets(state, service);
  let result: Result<unknown> = yield* setPrivileges(service);
  if (result.ok) result = yield* startScheduling(service);
  if (result.ok) result = yield* execService(service, program.value);
  if (result.ok) result = yield* setVmCalls(service);
  if (!result.ok) {
    yield* cleanup(state, service);
    return result;
  }
  if (program.value.kind === "hosted" || service.keepProgram) service.program = program.value;
  return ok(null);
}

/**
 * Makes a second instance beside a running (or dead) one: a replica that waits for its failure, or a new version of itself.
 * It has its own process and does not run. A version is not linked to the service yet. Runs in a task.
 */
export function* cloneService(state: RsState, service: Service, kind: "replica" | "version", program: ServiceProgram | null = service.program): Program<Result<Service>> {
  if (byEndpoint(state, service.endpoint) !== null && service.pid !== -1) yield* readPrivileges(service);
  // What makes processes cannot make its own successor.
  const isDead = (service.flags & RS_TERMINATED) !== 0;
  if (isDead && (service.sysFlags & SF_NEED_REPL) !== 0) return fail("EPERM");
  const entry = takeEntry(state);
  if (entry === null) return fail("ENOMEM");
  const copy = cloneOf(service, entry.index);
  state.services[entry.index] = copy;
  copy.program = program;
  const flag = kind === "replica" ? RST_SYS_PROC : LU_SYS_PROC;
  copy.privileges.flags = (copy.privileges.flags & ~(RST_SYS_PROC | LU_SYS_PROC)) | flag;
  const made = yield* createService(state, copy);
  if (!made.ok) return made;
  // Reading the program may have taken a while.
  if (linked(state, service.index) !== service || (kind === "replica" && service.replica !== null)) {
    yield* cleanup(state, copy);
    return fail("EBUSY");
  }
  if (kind === "replica") {
    service.replica = copy.index;
    copy.previous = service.index;
  }
  return ok(copy);
}
