import { SEF_INIT_FRESH, SEF_INIT_RESTART, SF_CORE_SRV, SF_USE_REPL, SF_USE_COPY } from "@procyon-os/contract-rs";
import { fail, ok, type Program, type Result } from "@procyon-os/message";
import { DYN_PRIV_ID, LU_SYS_PROC, RST_SYS_PROC } from "@procyon-os/contract-kernel";
import { panic, printf } from "@procyon-os/syslib";
import { answerWaiter } from "./answer.ts";
import { cleanup, cloneService, createService } from "./create.ts";
import { MAX_BACKOFF, RS_EXITING, RS_REFRESHING, RS_STARTING } from "./flags.ts";
import { linked, type RsState } from "./rs-state.ts";
import { deleteLabel } from "./labels.ts";
import { killService, publishService, runService } from "./run.ts";
import { runScript } from "./script.ts";
import { newService, type Service } from "./service.ts";
import { swapInstances } from "./swap.ts";
import { startTask } from "./task.ts";

/** File servers hold the state of files that are open: they are not restarted. */
const isFileServer = (service: Service): boolean => service.label.startsWith("fs_");

/** Starts a service that has an entry: its process, its publication, its initialization. Runs in a task. */
export function* startService(state: RsState, service: Service): Program<Result<unknown>> {
  service.flags |= RS_STARTING;
  const created = yield* createService(state, service);
  service.flags &= ~RS_STARTING;
  if (!created.ok) return created;
  const published = yield* publishService(state, service);
  if (!published.ok) {
    yield* killService(state, service, `cannot be published: ${published.error}`);
    return published;
  }
  const runs = yield* runService(state, service, SEF_INIT_FRESH);
  if (!runs.ok) yield* killService(state, service, `cannot run: ${runs.error}`);
  return runs;
}

/** The instance that takes the place of a dead one: the replica that waits, or one made now. */
function* replacement(state: RsState, service: Service): Program<Result<Service>> {
  const replica = linked(state, service.replica);
  return replica === null ? yield* cloneService(state, service, "replica") : ok(replica);
}

/** Puts a fresh instance in the place of a dead one, at the same endpoint. Runs in a task. */
function* replaceInstance(state: RsState, service: Service): Program<Result<unknown>> {
  const found = yield* replacement(state, service);
  if (!found.ok) return found;
  if ((service.flags & RS_EXITING) !== 0) return fail("EBUSY"); // the system goes down meanwhile
  const swapped = yield* swapInstances(service, found.value);
  if (!swapped.ok) return swapped;
  // From here on the replica's entry stands for the dead instance, which is kept until the new one has its state.
  service.replica = null;
  service.previous = found.value.index;
  found.value.previous = null;
  service.flags &= ~RS_REFRESHING;
  service.stopTime = 0; // the instance that was asked to end has ended
  return yield* runService(state, service, SEF_INIT_RESTART);
}

/** Starts a dead service again, by its script where it has one. */
export function* restartService(state: RsState, service: Service, useScript = true): Program<void> {
  yield* answerWaiter(service, 0);
  if (isFileServer(service)) return yield* killService(state, service, "file servers are not restarted; its files are lost to their users (error 38)");
  if (useScript && service.script !== "") return yield* runScript(state, service);
  yield* startTask(state, (function* (): Program<void> {
    service.flags |= RS_STARTING;
    const replaced = yield* replaceInstance(state, service);
    service.flags &= ~RS_STARTING;
    if (!replaced.ok) yield* killService(state, service, `cannot be restarted: ${replaced.error}`);
  })());
}

/**
 * An instance died while it took over from a dead one: another takes its place. What the first one left is still there, so
 * nothing is lost. Runs a task.
 */
export function* takeOverAgain(state: RsState, service: Service): Program<void> {
  yield* startTask(state, (function* (): Program<void> {
    service.flags |= RS_STARTING;
    const made = yield* cloneService(state, service, "replica");
    const swapped: Result<unknown> = made.ok ? yield* swapInstances(service, made.value) : made;
    service.flags &= ~RS_STARTING;
    service.replica = null;
    if (!made.ok || !swapped.ok) return yield* killService(state, service, "cannot be restarted");
    made.value.previous = null;
    yield* cleanup(state, made.value); // what died while it took over
    const runs = yield* runService(state, service, SEF_INIT_RESTART);
    if (!runs.ok) yield* killService(state, service, `cannot run: ${runs.error}`);
  })());
}

/** After its end: starts the service from scratch, with a new process and endpoint. */
export function* reincarnate(state: RsState, dead: Service): Program<void> {
  const service: Service = { ...newService(dead.index), ...configurationOf(dead), restarts: dead.restarts + 1, flags: RS_STARTING };
  const { privileges } = service;
  privileges.flags = (privileges.flags | DYN_PRIV_ID) & ~(RST_SYS_PROC | LU_SYS_PROC);
  state.services[dead.index] = service;
  yield* startTask(state, (function* (): Program<void> {
    yield* deleteLabel(service.label); // with what the dead one published
    const started = yield* startService(state, service);
    if (started.ok) return;
    if ((service.sysFlags & SF_CORE_SRV) !== 0) yield* panic(`core system service ${service.label} cannot be started again: ${started.error}`);
    yield* printf(`RS: ${service.label}: cannot be started again: ${started.error}\n`);
  })());
}

function configurationOf(service: Service): Partial<Service> {
  const { label, processName, sysFlags, deviceFlags, major, deviceStyle, deviceStyle2, vmCalls, period, command, script, program } = service;
  const { keepProgram, privileges, uid, scheduler, priority, quantum, cpu, ipcList, control } = service;
  return {
    label, processName, sysFlags, deviceFlags, major, deviceStyle, deviceStyle2, vmCalls, period, command, script, program, keepProgram,
    privileges: { ...privileges }, uid, scheduler, priority, quantum, cpu, ipcList, control,
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
  yield* keepReplica(state, service);
}

/** Makes the replica of a service that is to have one. */
export function* keepReplica(state: RsState, service: Service): Program<void> {
  if ((service.sysFlags & SF_USE_REPL) === 0 || service.replica !== null) return;
  yield* startTask(state, (function* (): Program<void> {
    const made = yield* cloneService(state, service, "replica");
    if (!made.ok) yield* printf(`RS: ${service.label}: no replica: ${made.error}\n`);
  })());
}

/** A service is gone for good: every instance of it goes. */
export function* removeService(state: RsState, service: Service): Program<void> {
  if (state.update?.service === service.index) state.update = null;
  for (const index of [service.replica, service.previous, service.newVersion, service.oldVersion]) {
    const other = linked(state, index);
    if (other !== null && other !== service) yield* cleanup(state, other);
  }
  yield* cleanup(state, service);
}

