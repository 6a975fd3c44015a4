import { RS_DOWN_CALL } from "./request-numbers.ts";
import { SF_CORE_SRV } from "@procyon-os/contract-rs";
import {
  errorCode, i32, m2, newMessage, SIGABRT, signalInSet, TERMINATION_SIGNALS, LETHAL_SIGNALS, type Endpoint, type Program,
} from "@procyon-os/message";
import { SYSCTL_CODE_STACKTRACE } from "@procyon-os/contract-kernel";
import { queueMessage, SIGS_SIGNAL_RECEIVED } from "@procyon-os/sef";
import { kernel, panic, printf } from "@procyon-os/syslib";
import { answerWaiter } from "./answer.ts";
import { freeEntry, killProcess } from "./create.ts";
import type { VirtAddr } from "@procyon-os/message";
import { RS_ACTIVE, RS_EXITING, RS_INITIALIZING, RS_REFRESHING, RS_HIT, RS_REINCARNATE, RS_STANDING_BY, RS_TERMINATED, RS_UNPUBLISH, RS_UPDATING } from "./flags.ts";
import { policyPeriods } from "./policy.ts";
import { backoffPeriods, reincarnate, removeService, replaceDead, restartService } from "./restart.ts";
import { deleteLabel } from "./labels.ts";
import { byEndpoint, isBeingRemoved, type RsState } from "./rs-state.ts";
import type { Service } from "./service.ts";
import { endStandBy } from "./stand-by.ts";
import { startTask } from "./task.ts";
import { endUpdate, isChangingPlaces, isUpdated, rollBack } from "./update.ts";

/** How many instances may die one after another while they take over from a dead one, before the service is given up. */
const MOST_TAKE_OVERS = 5;

/** The end of a service that was expected, or that nothing can prevent. */
export function* endForGood(state: RsState, service: Service): Program<void> {
  const again = (service.flags & RS_REINCARNATE) !== 0;
  if ((service.sysFlags & SF_CORE_SRV) !== 0 && !state.shuttingDown && !again) {
    yield* panic(`core system service died: ${service.label}`);
  }
  const gone = yield* removeService(state, service, again ? RS_REINCARNATE : RS_UNPUBLISH);
  yield* startTask(state, endOf(state, gone));
}

/** What is still to be done when an instance is gone from the table: its process, its label, who waits. Runs in a task. */
export function* endOf(state: RsState, gone: Service): Program<void> {
  yield* killProcess(state, gone);
  const result = gone.waiter?.request === RS_DOWN_CALL ? 0 : errorCode("EDEADEPT");
  if ((gone.flags & RS_REINCARNATE) !== 0) {
    answerWaiter(gone, result);
    return yield* reincarnate(state, gone);
  }
  if ((gone.flags & RS_UNPUBLISH) !== 0) {
    const deleted = yield* deleteLabel(gone.label);
    if (!deleted.ok && !state.shuttingDown) yield* printf(`RS: ${gone.label}: its label stays in DS: ${deleted.error}\n`);
    answerWaiter(gone, result);
  }
  yield* freeEntry(state, gone);
}

/** A service has ended: decides what follows (reference/rs-sef-ds-syslib.md 2.12). Runs in a task. */
export function* terminateService(state: RsState, service: Service): Program<void> {
  if ((service.flags & RS_INITIALIZING) !== 0) {
    service.flags &= ~RS_INITIALIZING;
    if ((service.flags & RS_UPDATING) !== 0) return yield* rollBack(state, service, errorCode("ERESTART"));
    const takesOver = service.previous !== null && (service.flags & (RS_EXITING | RS_REINCARNATE)) === 0;
    if (takesOver && service.takeOvers++ < MOST_TAKE_OVERS) return yield* replaceDead(state, service);
    service.flags |= RS_EXITING;
  }
  if ((service.flags & RS_EXITING) !== 0) return yield* endForGood(state, service);
  if ((service.flags & RS_REFRESHING) !== 0) return yield* restartService(state, service);
  if (state.shuttingDown) return;
  if (isUpdated(state, service)) yield* endUpdate(state, service, errorCode("ERESTART"), null);
  const periods = policyPeriods(service, backoffPeriods(service));
  if (periods > 0) service.backoff = periods;
  else yield* restartService(state, service);
}

/** A signal for a process that RS manages: the end of a service, or something to pass on. Gives EDEADEPT where it is gone. */
export function* manageSignal(state: RsState, target: Endpoint, signal: number): Program<number> {
  const gone = errorCode("EDEADEPT");
  const service = byEndpoint(state, target);
  if (service === null) return isBeingRemoved(state, target) ? gone : 0;
  const deadly = signalInSet(TERMINATION_SIGNALS, signal);
  if (deadly && isChangingPlaces(state, service)) {
    service.flags |= RS_HIT; // seen to when they have changed places
    return gone;
  }
  const exiting = (service.flags & RS_EXITING) !== 0;
  if ((service.flags & RS_TERMINATED) !== 0 && !exiting) return gone;
  if (deadly && (service.flags & RS_STANDING_BY) !== 0) {
    yield* endStandBy(state, service, errorCode("ERESTART"));
    return gone;
  }
  if ((service.flags & RS_ACTIVE) === 0 && !exiting) return 0; // a replica does nothing, and so nothing wrong
  if (signalInSet(LETHAL_SIGNALS, signal) && signal !== SIGABRT) {
    yield* printf(`RS: ${service.label}(${target}): signal ${signal}\n`);
    yield* kernel.sysctl({ code: SYSCTL_CODE_STACKTRACE, buffer: 0 as VirtAddr, argument: target });
  }
  if (deadly) {
    service.flags |= RS_TERMINATED;
    yield* startTask(state, terminateService(state, service));
    return gone;
  }
  const message = newMessage(SIGS_SIGNAL_RECEIVED);
  m2.i1(i32).write(message, signal);
  queueMessage(target, message, "senda");
  return 0;
}
