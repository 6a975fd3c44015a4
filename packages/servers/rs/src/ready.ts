import { errorCode, fail, newMessage, type Endpoint, type Program, type Result } from "@procyon-os/message";
import { queueMessage } from "@procyon-os/sef";
import { NO_REPLY, type NoReply } from "@procyon-os/syslib";
import { answerWaiter } from "./answer.ts";
import { RS_EXITING, RS_INITIALIZING, RS_REINCARNATE, RS_UPDATING } from "./flags.ts";
import { settle } from "./restart.ts";
import { byEndpoint, lately, type RsState } from "./rs-state.ts";
import { crashService } from "./run.ts";
import { postpone, sendWaiting, serverRestarted, serverTookOver } from "./task.ts";
import { endUpdate, prepareDone } from "./update.ts";

/** A service reports the result of its initialization (reference/rs-sef-ds-syslib.md 2.11). */
export function* initReady(state: RsState, caller: Endpoint, request: { result: number; kept: number }): Program<Result<Record<never, never>, "EINVAL"> | NoReply> {
  const service = byEndpoint(state, caller);
  if (service === null || (service.flags & RS_INITIALIZING) === 0) return fail("EINVAL");
  if (request.result !== 0) {
    // An instance that cannot take over is followed by one that starts anew; a version that cannot, by the one before it.
    if (request.result === errorCode("ERESTART") && (service.flags & RS_UPDATING) === 0) service.flags |= RS_REINCARNATE;
    if (request.result === errorCode("ENOSYS") && service.previous !== null) service.flags |= RS_EXITING; // no instance of it can take over
    yield* crashService(service); // it waits for an answer that never comes, and dies so
    return NO_REPLY;
  }
  service.flags &= ~RS_INITIALIZING;
  service.checkTime = 0;
  service.aliveTime = lately();
  queueMessage(caller, newMessage(0), "sendnb");
  const isUpdate = (service.flags & RS_UPDATING) !== 0;
  if (isUpdate) yield* endUpdate(state, service, 0, null);
  else answerWaiter(service, 0);
  // What we asked of the instance before is lost, unless this one has it.
  if (service.previous !== null && request.kept !== 1) yield* serverRestarted(state, caller);
  else if (service.previous !== null) yield* serverTookOver(state, caller);
  else yield* sendWaiting(state, caller);
  if (isUpdate) postpone(() => settle(state, service));
  else yield* settle(state, service);
  return NO_REPLY;
}

/** A service says that it is ready for its update, or why it is not. */
export function* luReady(state: RsState, caller: Endpoint, request: { result: number }): Program<Result<Record<never, never>, "EINVAL"> | NoReply> {
  const service = byEndpoint(state, caller);
  if (service === null || state.update === null || state.update.service !== service.index || state.update.phase !== "preparing") return fail("EINVAL");
  yield* prepareDone(state, service, request.result);
  return NO_REPLY;
}

