import { RS_LU_PREPARE, rsContract, SEF_INIT_LU } from "@procyon-os/contract-rs";
import { encodeRequest, errorCode, fail, newMessage, RS, type Endpoint, type Program, type Ticks } from "@procyon-os/message";
import { prepareFor, queueMessage, SEF_LU_STATE_NULL, SEF_LU_STATE_REQUEST_FREE } from "@procyon-os/sef";
import { printf } from "@procyon-os/syslib";
import { answerWaiter } from "./answer.ts";
import { dropVersion } from "./create.ts";
import { RS_SWAPPING, RS_TERMINATED, RS_UPDATING } from "./flags.ts";
import { readPrivileges } from "./privileges.ts";
import { linked, now, type RsState, type Update } from "./rs-state.ts";
import { restartService } from "./restart.ts";
import { killService, runService } from "./run.ts";
import type { Service } from "./service.ts";
import { swapInstances } from "./swap.ts";
import { checkStandBy } from "./stand-by.ts";
import { postpone, sendWaiting } from "./task.ts";

/** Asks the old version to prepare; state 0 tells it to forget about the update. */
function sendPrepare(process: Endpoint, state: number, maxTime: number, how: "senda" | "senda-any"): void {
  const message = encodeRequest(rsContract.base, rsContract.calls.luPrepare, { result: 0, state, maxTime: maxTime as Ticks });
  message[1] = RS_LU_PREPARE;
  queueMessage(process, message, how);
}

/** Tells the old version to forget about the update: it comes out of its SENDREC, where it waits in one. */
export function* cancelPrepare(service: Service): Program<void> {
  if (service.endpoint === RS) yield* prepareFor(SEF_LU_STATE_NULL);
  else sendPrepare(service.endpoint, 0, 0, "senda-any");
}

/** Whether a service is the one that is being updated. */
export function isUpdated(state: RsState, service: Service): boolean {
  return state.update !== null && state.update.service === service.index;
}

/** Whether VM was asked to let a service's instance change places with another one, and has not answered. */
export function isChangingPlaces(state: RsState, service: Service): boolean {
  if (!isUpdated(state, service)) return (service.flags & RS_SWAPPING) !== 0;
  return state.update?.phase === "swapping" || state.update?.phase === "rolling back";
}

/** The new version stands beside the old one: the update begins. Drops the version where the update has ended meanwhile. */
export function* beginUpdate(state: RsState, update: Update, service: Service, version: Service, luState: number): Program<void> {
  if (state.update !== update || linked(state, service.index) !== service) return yield* dropVersion(state, version);
  service.newVersion = version.index;
  version.oldVersion = service.index;
  service.flags |= RS_UPDATING;
  version.flags |= RS_UPDATING;
  update.phase = "preparing";
  update.startTime = yield* now();
  if (service.endpoint === RS) yield* prepareFor(SEF_LU_STATE_REQUEST_FREE); // it asks itself, and is ready when nothing is in work
  else sendPrepare(service.endpoint, luState, update.maxTime, "senda");
}

/**
 * Ends the update. The instance at the service's endpoint stays, the other one goes; whoever asked hears the result.
 * @param tellService the code that the old version, which still waits, gets as its answer; null where it waits for none
 */
export function* endUpdate(state: RsState, service: Service, result: number, tellService: number | null): Program<void> {
  state.update = null;
  service.flags &= ~RS_UPDATING;
  service.checkTime = 0;
  answerWaiter(service, result);
  if (tellService !== null) queueMessage(service.endpoint, newMessage(tellService), "senda-any");
  postpone(() => clearUp(state, service, result));
  yield* sendWaiting(state, service.endpoint);
}

/** What is left to do when an update is over. Runs in a task. */
function* clearUp(state: RsState, service: Service, result: number): Program<void> {
  yield* readPrivileges(service); // as the exchange has left them
  yield* printf(`RS: ${service.label}: update ${result === 0 ? "succeeded" : `failed (error ${-result}), the old version goes on`}\n`);
  yield* dropOldVersion(state, service);
}

/** Removes the instance that does not run a service after its update. */
export function* dropOldVersion(state: RsState, service: Service): Program<void> {
  const version = linked(state, service.newVersion);
  service.newVersion = null;
  if (version?.oldVersion === service.index) yield* dropVersion(state, version);
}

/** The old version says that it is ready, or why not. Runs in a task. */
export function* prepareDone(state: RsState, service: Service, result: number): Program<void> {
  const version = linked(state, service.newVersion);
  if (result !== 0 || version === null || state.update === null) return yield* endUpdate(state, service, result, result);
  state.update.phase = "swapping";
  const swapped = yield* swapInstances(service, version);
  if (!swapped.ok) return yield* updateFailed(state, service, errorCode(swapped.error));
  state.update.phase = "initializing";
  const runs = (service.flags & RS_TERMINATED) !== 0 ? fail("ERESTART") : yield* runService(state, service, SEF_INIT_LU);
  if (!runs.ok) yield* rollBack(state, service, errorCode(runs.error));
}

/** The old version has its place (again): it goes on where it waited, or is restarted if it was killed there. */
function* updateFailed(state: RsState, service: Service, result: number): Program<void> {
  const dead = (service.flags & RS_TERMINATED) !== 0;
  yield* endUpdate(state, service, result, dead ? null : result);
  if (dead) yield* restartService(state, service);
}

/** The new version failed: the old one takes its place again and goes on where it waited. Runs in a task. */
export function* rollBack(state: RsState, service: Service, result: number): Program<void> {
  const version = linked(state, service.newVersion);
  if (version === null) return yield* endUpdate(state, service, result, null);
  if (state.update !== null) state.update.phase = "rolling back";
  const back = yield* swapInstances(service, version);
  if (back.ok) return yield* updateFailed(state, service, result);
  yield* endUpdate(state, service, result, null); // what stays at the endpoint is the version that failed
  service.flags &= ~RS_TERMINATED;
  yield* killService(state, service, `the old version cannot be put back: ${back.error}`);
}

/** Time is up for the old version to prepare: it goes on. The new version's time is that of every initialization. */
export function* checkUpdateTime(state: RsState, time: number): Program<void> {
  const { update } = state;
  if (update !== null) yield* checkStandBy(state, update, time);
  if (update === null || update.phase !== "preparing" || time - update.startTime <= update.maxTime) return;
  const service = linked(state, update.service);
  if (service === null) return;
  yield* endUpdate(state, service, errorCode("EINTR"), null);
  yield* cancelPrepare(service);
}
