import { RSS_NOBLOCK, RSS_SELF_LU, SF_USE_REPL } from "@procyon-os/contract-rs";
import { IMM_F, LU_SYS_PROC, SYS_PROC } from "@procyon-os/contract-kernel";
import { errorCode, fail, messageType, ok, RS, type Endpoint, type ErrorName, type Message, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { NO_REPLY, printf, type NoReply, type Received } from "@procyon-os/syslib";
import { answerWaiter } from "./answer.ts";
import { applyEdit, applyNew, isPossible, readStart, type StartRequest } from "./configure.ts";
import { linkBackups } from "./backups.ts";
import { addReplica, cleanup, cloneService, createService } from "./create.ts";
import { IMM_SF, RS_ACTIVE, RS_DELTA_SECONDS, RS_STARTING } from "./flags.ts";
import { keepProgram } from "./images.ts";
import { refusal } from "./permission.ts";
import { setPrivileges } from "./privileges.ts";
import { byLabel, instances, linked, showPublic, takeEntry, type RsState, type Update } from "./rs-state.ts";
import { runAhead, startScheduling, stopScheduling } from "./scheduling.ts";
import { keepReplica, startService } from "./restart.ts";
import { checkContract } from "./check-contract.ts";
import { readProgram } from "./read-program.ts";
import { hostedReference, type Service } from "./service.ts";
import { vmCall, withBytes } from "./servers.ts";
import { readyVersion } from "./self-update.ts";
import { standBy } from "./stand-by.ts";
import { startTask } from "./task.ts";
import { beginUpdate, endUpdate } from "./update.ts";

type StartAnswer = Result<Record<never, never>, any> | NoReply;

function waiterOf(caller: Endpoint, message: Message): Service["waiter"] {
  return { endpoint: caller, request: messageType(message) };
}

function* release(state: RsState, service: Service): Program<void> {
  state.services[service.index] = null;
  yield* showPublic(state, service.index);
}

function taken(state: RsState, service: Service): boolean {
  return instances(state).some((other) =>
    other !== service &&
    ((other.label === service.label && (other.flags & (RS_ACTIVE | RS_STARTING)) !== 0) || (service.major > 0 && other.major === service.major)));
}

/** RS_UP: a new service. Who asked hears when it has initialized, or why not; with NOBLOCK at once. */
export function* up(state: RsState, caller: Endpoint, { start }: { start: VirtAddr }, received: Received): Program<StartAnswer> {
  const refused = yield* refusal(state, caller, "up", null);
  if (refused !== null) return fail(refused);
  const request = yield* readStart(caller, start);
  if (!request.ok) return request;
  if (!isPossible(request.value)) return fail("EINVAL");
  const service = takeEntry(state);
  if (service === null) return fail("ENOMEM");
  const applied = applyNew(state, service, request.value);
  if (!applied.ok || service.command === "" || taken(state, service)) {
    yield* release(state, service);
    return applied.ok ? fail(service.command === "" ? "EINVAL" : "EBUSY") : applied;
  }
  const waits = (request.value.start.flags & RSS_NOBLOCK) === 0;
  if (waits) service.waiter = waiterOf(caller, received.message);
  yield* startTask(state, (function* (): Program<void> {
    const started = yield* startService(state, service);
    if (!started.ok) answerWaiter(service, errorCode(started.error as ErrorName));
  })());
  return waits ? NO_REPLY : ok({});
}

/** A new version beside the old one, with what a version takes over from the one before. */
function* makeVersion(state: RsState, service: Service, request: StartRequest): Program<Result<Service>> {
  if ((request.start.flags & RSS_SELF_LU) !== 0) {
    const reference = hostedReference(request.command);
    if (reference === null) return yield* cloneService(state, service, "version");
    // The settings of the running version, with the program of a package.
    const program = { kind: "hosted", reference } as const;
    const fits = yield* checkContract(service, program);
    return fits.ok ? yield* cloneService(state, service, "version", program) : fits;
  }
  const version = takeEntry(state);
  if (version === null) return fail("ENOMEM");
  version.label = service.label;
  const applied = applyNew(state, version, request);
  if (!applied.ok) {
    yield* release(state, version);
    return applied;
  }
  version.major = 0; // the device stays the service's own
  version.patience = service.patience;
  if (version.period === 0 && service.patience > 0) version.period = service.period;
  // What is needed to make its own successor has replicas, whatever was asked for.
  version.sysFlags |= service.sysFlags & (service.mostReplicas > 1 ? IMM_SF | SF_USE_REPL : IMM_SF);
  version.privileges.flags |= (service.privileges.flags & IMM_F) | LU_SYS_PROC;
  version.privileges.trapMask = service.privileges.trapMask;
  const program = yield* readProgram(state, version);
  const fits = program.ok ? yield* checkContract(service, program.value) : program;
  if (!program.ok || !fits.ok) {
    yield* release(state, version);
    return program.ok ? (fits as Result<never>) : program;
  }
  version.program = keepProgram(state, program.value);
  const made = yield* createService(state, version);
  if (made.ok && program.value.kind === "elf" && !version.keepProgram) version.program = null;
  return made.ok ? ok(version) : made;
}

/** The new version is made: when it is ready, the old one is asked to make way. */
function* readyToUpdate(state: RsState, update: Update, service: Service, version: Service, luState: number): Program<void> {
  const ready = yield* standBy(state, update, service, version);
  if (ready.ok) {
    yield* runAhead(version);
    return yield* beginUpdate(state, update, service, version, luState);
  }
  yield* cleanup(state, version);
  if (state.update === update) yield* endUpdate(state, service, errorCode(ready.error), null);
}

/** RS_UPDATE: replaces a running service by a new version of it. */
export function* update(
  state: RsState, caller: Endpoint, { start, state: luState, maxTime }: { start: VirtAddr; state: number; maxTime: number }, received: Received,
): Program<StartAnswer> {
  const request = yield* readStart(caller, start);
  if (!request.ok) return request;
  const service = byLabel(state, request.value.label);
  if (service === null) return fail("ESRCH");
  const refused = yield* refusal(state, caller, "update", service);
  if (refused !== null) return fail(refused);
  const period = RS_DELTA_SECONDS * state.hz;
  if (luState === 0 || maxTime < 0 || maxTime > 20 * period) return fail("EINVAL");
  if ((request.value.start.flags & RSS_SELF_LU) === 0 && !isPossible(request.value)) return fail("EINVAL");
  if (state.update !== null) return fail("EBUSY");
  const waits = (request.value.start.flags & RSS_NOBLOCK) === 0;
  if (waits) service.waiter = waiterOf(caller, received.message);
  const update: Update = { service: service.index, phase: "making", startTime: 0, maxTime: maxTime === 0 ? 2 * period : maxTime };
  state.update = update;
  yield* startTask(state, (function* (): Program<void> {
    let made = yield* makeVersion(state, service, request.value);
    if (made.ok && service.endpoint === RS) made = yield* readyVersion(state, service, made.value);
    if (made.ok) yield* readyToUpdate(state, update, service, made.value, luState);
    else if (state.update === update) yield* endUpdate(state, service, errorCode(made.error as ErrorName), null);
  })());
  return waits ? NO_REPLY : ok({});
}

/** A replica has the settings of its making: another one takes its place, and is there before the old one goes. */
function* renewReplica(state: RsState, service: Service): Program<void> {
  if ((service.sysFlags & SF_USE_REPL) === 0) return;
  for (const index of [...service.replicas]) {
    const made = yield* addReplica(state, service);
    if (!made.ok) return yield* printf(`RS: ${service.label}: its replicas have the old settings: ${made.error}\n`);
    const old = linked(state, index);
    service.replicas = service.replicas.filter((one) => one !== index);
    if (service.endpoint === RS) yield* linkBackups(state, service);
    if (old !== null) yield* cleanup(state, old);
  }
  yield* keepReplica(state, service);
}

/** Gives a running process the settings of its entry. Runs in a task. */
function* enforceEdit(service: Service, before: Service): Program<Result<unknown, any>> {
  const set = yield* setPrivileges(service, true);
  if (!set.ok) return set;
  if ((service.privileges.flags & SYS_PROC) !== 0) {
    const mask = new Uint8Array(Int32Array.from(service.vmCalls).buffer);
    const allowed = yield* withBytes(mask, (address) => vmCall("rsSetPriv", { process: service.endpoint, mask: address as VirtAddr }));
    if (!allowed.ok) return allowed;
  }
  if (service.scheduler === before.scheduler && service.priority === before.priority && service.quantum === before.quantum && service.cpu === before.cpu) return ok(null);
  yield* stopScheduling(before);
  return yield* startScheduling(service);
}

/** RS_EDIT: other settings for a running service. */
export function* edit(state: RsState, caller: Endpoint, { start }: { start: VirtAddr }): Program<Result<Record<never, never>, any>> {
  const request = yield* readStart(caller, start);
  if (!request.ok) return request;
  const service = byLabel(state, request.value.label);
  if (service === null) return fail("ESRCH");
  const refused = yield* refusal(state, caller, "edit", service);
  if (refused !== null) return fail(refused);
  if (!isPossible(request.value)) return fail("EINVAL");
  const before: Service = { ...service };
  const applied = applyEdit(state, service, request.value);
  if (!applied.ok) return applied;
  const enforced = yield* enforceEdit(service, before);
  if (!enforced.ok) {
    const tried = { ...service };
    const { endpoint, flags, waiter, replicas } = service; // what is not a setting has its own course
    Object.assign(service, before, { endpoint, flags, waiter, replicas });
    yield* enforceEdit(service, tried);
    return enforced;
  }
  yield* showPublic(state, service.index);
  yield* startTask(state, renewReplica(state, service));
  return ok({});
}

