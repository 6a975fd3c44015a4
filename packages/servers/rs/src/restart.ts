import { SEF_INIT_FRESH, SEF_INIT_RESTART, SF_CORE_SRV, SF_USE_REPL, SF_USE_COPY } from "@procyon-os/contract-rs";
import { fail, ok, RS, type Program, type Result } from "@procyon-os/message";
import { DYN_PRIV_ID, LU_SYS_PROC, RST_SYS_PROC } from "@procyon-os/contract-kernel";
import { panic, printf } from "@procyon-os/syslib";
import { answerWaiter } from "./answer.ts";
import { linkBackups } from "./backups.ts";
import { addReplica, cleanup, createService, retire } from "./create.ts";
import { MAX_BACKOFF, RS_CLONING, RS_EXITING, RS_REFRESHING, RS_STARTING, RS_SWAPPING, RS_TERMINATED } from "./flags.ts";
import { linked, type RsState } from "./rs-state.ts";
import { deleteLabel } from "./labels.ts";
import { crashService, killService, publishService, runService } from "./run.ts";
import { readPrivileges } from "./privileges.ts";
import { runAsSet } from "./scheduling.ts";
import { runScript } from "./script.ts";
import { isSameProgram, newService, type Service } from "./service.ts";
import { swapInstances } from "./swap.ts";
import { noteUntaken, startTask } from "./task.ts";

/** Starts a service that has an entry: its process, its publication, its initialization. Runs in a task. */
export function* startService(state: RsState, service: Service): Program<Result<unknown>> {
  service.flags |= RS_STARTING;
  const created = yield* createService(state, service);
  if (!created.ok) return created;
  const published = yield* publishService(state, service);
  service.flags &= ~RS_STARTING;
  if (!published.ok) {
    yield* killService(state, service, `cannot be published: ${published.error}`);
    return published;
  }
  const runs = yield* runService(state, service, SEF_INIT_FRESH);
  if (!runs.ok) yield* killService(state, service, `cannot run: ${runs.error}`);
  return runs;
}

/** Whether a replica has the program that the service runs: since an update one may not, and may not know the state. */
function isCurrent(state: RsState, service: Service, index: number): boolean {
  const replica = linked(state, index);
  return replica !== null && isSameProgram(replica.program, service.program);
}

/**
 * The instance that takes the place of a dead one: the first replica that waits, one with the program before the last update
 * only where there is no other, or one made now. It stays the first until it has the place, so that an instance of RS that
 * takes over in between goes on with the same one.
 */
function* replacement(state: RsState, service: Service): Program<Result<Service>> {
  for (;;) {
    const index = service.replicas.find((one) => isCurrent(state, service, one)) ?? service.replicas[0];
    const replica = linked(state, index ?? null);
    if (replica !== null) return ok(replica);
    service.replicas = service.replicas.filter((one) => one !== index);
    if (index !== undefined) continue;
    const added = yield* addReplica(state, service);
    if (!added.ok) return added as Result<never>;
  }
}

/** Puts a fresh instance in the place of a dead one, at the same endpoint. Runs in a task. */
function* replaceInstance(state: RsState, service: Service): Program<Result<unknown>> {
  const found = yield* replacement(state, service);
  if (!found.ok) return found;
  const fresh = found.value;
  service.flags |= RS_SWAPPING;
  const swapped = (service.flags & RS_EXITING) !== 0 ? fail("EBUSY") : yield* swapInstances(service, fresh, "again"); // the system goes down meanwhile
  service.flags &= ~RS_SWAPPING;
  service.replicas = service.replicas.filter((index) => index !== fresh.index);
  fresh.previous = null;
  if (!swapped.ok) {
    yield* cleanup(state, fresh);
    return swapped;
  }
  yield* readPrivileges(service);
  yield* readPrivileges(fresh);
  // From here on the replica's entry stands for what ran before. The first that died is kept until its state is taken over;
  // one that died while it took over has nothing.
  if (linked(state, service.previous) === null) service.previous = fresh.index;
  else yield* cleanup(state, fresh);
  service.flags &= ~RS_REFRESHING;
  service.stopTime = 0; // the instance that was asked to end has ended
  yield* noteUntaken(state, service.endpoint);
  return yield* runService(state, service, SEF_INIT_RESTART);
}

/** Another instance takes the place of one that has ended: after a crash, or where one has died while it took over. */
export function* replaceDead(state: RsState, service: Service): Program<void> {
  yield* startTask(state, (function* (): Program<void> {
    service.flags |= RS_STARTING;
    const replaced = yield* replaceInstance(state, service);
    service.flags &= ~RS_STARTING;
    if (!replaced.ok) return yield* killService(state, service, `cannot be restarted: ${replaced.error}`);
    // It was killed before it ran: nobody has seen to that yet.
    if ((service.flags & RS_TERMINATED) !== 0) yield* killAgain(service);
  })());
}

function* killAgain(service: Service): Program<void> {
  service.flags &= ~RS_TERMINATED;
  yield* crashService(service);
}

/** Starts a dead service again, by its script where it has one. */
export function* restartService(state: RsState, service: Service, useScript = true): Program<void> {
  answerWaiter(service, 0);
  if (useScript && service.script !== "") yield* runScript(state, service);
  else yield* replaceDead(state, service);
}

/** After its end: starts the service from scratch, with a new process and endpoint. */
export function* reincarnate(state: RsState, dead: Service): Program<void> {
  const { label } = dead;
  const service: Service = { ...newService(dead.index), ...configurationOf(dead), restarts: dead.restarts + 1, flags: RS_STARTING };
  const { privileges } = service;
  privileges.flags = (privileges.flags | DYN_PRIV_ID) & ~(RST_SYS_PROC | LU_SYS_PROC);
  state.services[dead.index] = service;
  yield* deleteLabel(label); // with what the dead one published
  const started = yield* startService(state, service);
  if (started.ok) return;
  if ((service.sysFlags & SF_CORE_SRV) !== 0) yield* panic(`core system service ${label} cannot be started again: ${started.error}`);
  yield* printf(`RS: ${label}: cannot be started again: ${started.error}\n`);
}

function configurationOf(service: Service): Partial<Service> {
  const { label, processName, sysFlags, deviceFlags, major, deviceStyle, deviceStyle2, vmCalls, period, patience, command, script, program } = service;
  const { keepProgram, privileges, uid, scheduler, priority, quantum, cpu, ipcList, control, mostReplicas } = service;
  return {
    label, processName, sysFlags, deviceFlags, major, deviceStyle, deviceStyle2, vmCalls, period, patience, command, script, program, keepProgram,
    privileges: { ...privileges }, uid, scheduler, priority, quantum, cpu, ipcList, control, mostReplicas,
  };
}

/** How many periods a service that keeps failing waits before it is started again (reference 2.12). */
export function backoffPeriods(service: Service): number {
  if (service.restarts === 0) return 0;
  if ((service.sysFlags & SF_USE_COPY) !== 0 || service.program !== null) return 1; // no disk is needed to start it
  return Math.min(2 ** Math.min(service.restarts, MAX_BACKOFF), MAX_BACKOFF);
}

/** The initialization succeeded: what is no longer needed goes, and a new replica is made where one is kept. */
export function* settle(state: RsState, service: Service): Program<void> {
  const dead = linked(state, service.previous);
  if (dead !== null) {
    service.previous = null;
    service.takeOvers = 0;
    service.restarts++;
    yield* printf(`RS: ${service.label} died and was replaced (restart ${service.restarts})\n`);
    yield* cleanup(state, dead);
  }
  if (service.endpoint === RS) yield* dropOutdated(state, service);
  yield* startTask(state, runAsSet(service));
  yield* keepReplica(state, service);
}

/**
 * Replicas whose program is not the one that the service runs since its update go: they might not know its state. So do more than it is
 * to have: after an update back, those that were outdated are not.
 */
function* dropOutdated(state: RsState, service: Service): Program<void> {
  let kept = 0;
  for (const index of service.replicas) {
    const replica = linked(state, index);
    if (replica === null) continue;
    if (isCurrent(state, service, index) && ++kept <= Math.max(1, service.mostReplicas)) continue;
    service.replicas = service.replicas.filter((one) => one !== index);
    if (service.endpoint === RS) yield* linkBackups(state, service);
    yield* cleanup(state, replica);
  }
}

/** Makes the replicas of a service that is to have some. */
export function* keepReplica(state: RsState, service: Service): Program<void> {
  const current = (): number => service.replicas.filter((index) => isCurrent(state, service, index)).length;
  const missing = (): boolean => current() < service.mostReplicas && linked(state, service.index) === service;
  if ((service.flags & RS_CLONING) !== 0) return;
  // Until new ones stand by, those from before an update do: PM could not be replaced without any.
  if ((service.sysFlags & SF_USE_REPL) === 0 || !missing()) return yield* dropOutdated(state, service);
  yield* startTask(state, (function* (): Program<void> {
    while (missing()) {
      const made = yield* addReplica(state, service);
      if (made.ok) continue;
      // A VM that cannot be replaced says so with ENOSYS.
      if (linked(state, service.index) === service && made.error !== "ENOSYS") yield* printf(`RS: ${service.label}: no replica: ${made.error}\n`);
      return;
    }
    yield* dropOutdated(state, service);
  })());
}

/** A service is gone for good: every instance of it goes. What is left of it is what `endOf` goes on with. */
export function* removeService(state: RsState, service: Service, last: number): Program<Service> {
  if (state.update?.service === service.index) state.update = null;
  for (const index of [...service.replicas, service.previous, service.newVersion, service.oldVersion]) {
    const other = linked(state, index);
    if (other !== null && other !== service) yield* cleanup(state, other);
  }
  return yield* retire(state, service, last);
}
