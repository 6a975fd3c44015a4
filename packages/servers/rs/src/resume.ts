import { SEF_INIT_LU } from "@procyon-os/contract-rs";
import { errorCode, fail, NONE, ok, RS, type Endpoint, type Program, type Result } from "@procyon-os/message";
import { printf } from "@procyon-os/syslib";
import type { InitInfo } from "@procyon-os/sef";
import { makePublicTable } from "./boot.ts";
import { cleanup } from "./create.ts";
import { RS_ACTIVE, RS_CLONING, RS_GONE, RS_HIT, RS_INITIALIZING, RS_MAKING, RS_SCRIPTING, RS_STARTING, RS_SWAPPING, RS_TERMINATED } from "./flags.ts";
import { buryOrphans } from "./orphans.ts";
import { armPeriod, forgiveAll } from "./period.ts";
import { isHeld, isStopped } from "./privileges.ts";
import { replaceDead, settle, startService } from "./restart.ts";
import { instances, linked, byEndpoint, now, type RsState, type Update } from "./rs-state.ts";
import { takeDeadReplicas } from "./backups.ts";
import { tellVm, useMoreMemory } from "./rs-memory.ts";
import { runService } from "./run.ts";
import { runScript } from "./script.ts";
import type { Service } from "./service.ts";
import { noteSwap } from "./swap.ts";
import { awaitOld, startTask } from "./task.ts";
import { endOf } from "./terminate.ts";
import { cancelPrepare, dropOldVersion, endUpdate } from "./update.ts";

/** RS died, and this instance has its place and its state. What was in work is taken up when it runs. */
export function* takeOverRs({ oldEndpoint }: InitInfo, saved: RsState | null): Program<Result<RsState>> {
  if (saved === null) return fail("ENOSYS");
  useMoreMemory();
  yield* makePublicTable(saved);
  const rs = byEndpoint(saved, RS);
  const other = byEndpoint(saved, oldEndpoint);
  if (rs !== null && other !== null) {
    rs.replicas = rs.replicas.filter((index) => index !== other.index);
    rs.previous = other.index;
    other.previous = null;
    rs.stopTime = 0;
  }
  return ok(saved);
}

/** The answer that the instance before was to get is nobody's now; when it is here, what was to follow is begun again. */
function* answered(state: RsState, server: Endpoint, left: Set<Endpoint>, then: () => Program<void>): Program<void> {
  yield undefined as never;
  left.delete(server);
  if (left.size === 0) yield* then();
}

/** Takes up what was in work: after each answer that is still to come, since it says what has been done already. */
export function* resume(state: RsState): Program<void> {
  forgiveAll(state, yield* now());
  yield* armPeriod(state);
  const left = new Set(state.asked);
  const begun: Begun = { flags: new Map(state.services.flatMap((one) => (one === null ? [] : [[one, one.flags]]))), update: state.update };
  if (left.size === 0) return yield* resumeAll(state, begun);
  for (const server of [...left]) awaitOld(server, answered(state, server, left, () => resumeAll(state, begun)));
}

/** What the instance before had begun: what this one begins while answers are still to come is its own. */
interface Begun {
  readonly flags: ReadonlyMap<Service, number>; // of each entry
  readonly update: Update | null;
}

function* resumeAll(state: RsState, begun: Begun): Program<void> {
  const update = begun.update === state.update ? begun.update : null;
  yield* startTask(state, resumeRs(state, update)); // first, so that VM hears of it before anything else
  for (const [gone, flags] of begun.flags) if ((flags & RS_GONE) !== 0 && state.services[gone.index] === gone) yield* startTask(state, endOf(state, gone));
  yield* startTask(state, buryOrphans(state));
  if (update !== null && linked(state, update.service)?.endpoint !== RS) yield* startTask(state, resumeUpdate(state, update));
  for (const service of instances(state)) {
    const flags = begun.flags.get(service);
    if (linked(state, service.index) !== service || flags === undefined) continue;
    service.flags &= ~(flags & RS_CLONING);
    if (state.update?.service !== service.index) yield* dropOldVersion(state, service);
    if ((flags & RS_STARTING) !== 0) yield* resumeStart(state, service);
    else if ((flags & RS_MAKING) !== 0 || !isLinked(state, service)) yield* cleanup(state, service);
    else if ((flags & RS_SCRIPTING) !== 0) yield* runScript(state, service);
  }
  for (const service of instances(state)) {
    if (service.endpoint !== RS && (service.flags & (RS_ACTIVE | RS_TERMINATED | RS_INITIALIZING | RS_STARTING)) === RS_ACTIVE) yield* settle(state, service);
  }
}

/** The instances of RS. Nothing is done to the one before this one until VM knows which of the two is which. Runs in a task. */
function* resumeRs(state: RsState, update: Update | null): Program<void> {
  yield* tellVm();
  const rs = byEndpoint(state, RS) as Service;
  if (update !== null && update.service === rs.index) yield* endUpdate(state, rs, update.phase === "done" ? 0 : errorCode("ERESTART"), null);
  for (const dead of yield* takeDeadReplicas(state, rs)) yield* cleanup(state, dead);
  yield* settle(state, rs);
}

/** Whether an entry is a service's own, or one to which a service's leads. */
function isLinked(state: RsState, service: Service): boolean {
  if ((service.flags & RS_ACTIVE) !== 0) return true;
  return instances(state).some(({ replicas, previous, newVersion }) => replicas.includes(service.index) || previous === service.index || newVersion === service.index);
}

/** A service was being started, or an instance put into a dead one's place. */
function* resumeStart(state: RsState, service: Service): Program<void> {
  service.flags &= ~(RS_SWAPPING | RS_HIT);
  if ((service.flags & RS_TERMINATED) !== 0) return yield* replaceDead(state, service);
  const again: Service = { ...service, flags: RS_STARTING, pid: -1, endpoint: NONE };
  yield* cleanup(state, { ...service, waiter: null });
  yield* startTask(state, (function* (): Program<void> {
    const started = yield* startAgain(state, again);
    if (!started.ok) yield* printf(`RS: ${service.label} cannot be started: ${started.error}\n`);
  })());
}

/** In another entry: the one that it had is that of a process which still has to go. */
function* startAgain(state: RsState, service: Service): Program<Result<unknown>> {
  const index = state.services.indexOf(null);
  if (index < 0) return fail("ENOMEM");
  const moved: Service = { ...service, index };
  state.services[index] = moved;
  return yield* startService(state, moved);
}

/** An update was under way. Before the swap it is given up, after it it goes on. Runs in a task. */
function* resumeUpdate(state: RsState, update: Update): Program<void> {
  const service = linked(state, update.service);
  const version = service === null ? null : linked(state, service.newVersion);
  const failed = errorCode("ERESTART");
  if (service === null || version === null) {
    state.update = null;
    if (service !== null) yield* endUpdate(state, service, failed, null);
    return;
  }
  if (update.phase === "preparing") {
    yield* endUpdate(state, service, failed, null);
    return yield* cancelPrepare(service);
  }
  service.flags &= ~(RS_SWAPPING | RS_HIT);
  // What stands in the new version's entry: itself, which is held; a new version that failed, which is stopped; or the old one.
  if ((yield* isHeld(version.endpoint)) || (yield* isStopped(version.endpoint))) return yield* endUpdate(state, service, failed, failed);
  if (update.phase === "swapping") noteSwap(service, version);
  if ((service.flags & RS_INITIALIZING) !== 0) return; // its answer is on its way
  update.phase = "initializing";
  yield* runService(state, service, SEF_INIT_LU);
}
