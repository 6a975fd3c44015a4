import { RS_LU_PREPARE, rsContract } from "@procyon-os/contract-rs";
import { decodeRequest, encodeRequest, errorCode, messageType, RS, type Message, type Program, type Ticks } from "@procyon-os/message";
import { getUptime, printf, resumeAsynsends, sendrec, withdrawAsynsends, type Asynchronous } from "@procyon-os/syslib";
import { context, type SefContext, SEF_LU_STATE_NULL, SEF_LU_STATE_WORK_FREE } from "./context.ts";
import { commit } from "./saved-state.ts";

function isStandardState(state: number): boolean {
  return state > SEF_LU_STATE_NULL && state < 4;
}

function* changeState(to: number): Program<void> {
  const sef = context();
  const from = sef.luState;
  if (from === to) return;
  sef.luState = to;
  sef.luCycle = 0;
  if (sef.callbacks?.luStateChanged !== undefined) yield* sef.callbacks.luStateChanged(from, to);
}

function* askRs(message: Message): Program<number> {
  const reply = yield* sendrec(RS, message);
  // The cancel message is itself an RS_LU_PREPARE, and completes this very SENDREC.
  return messageType(reply) === RS_LU_PREPARE ? errorCode("EINTR") : messageType(reply);
}

/** Says "ready", or why not. Comes back only where the update does not happen: the new instance takes this one's place. */
function* ready(result: number): Program<void> {
  const sef = context();
  let withdrawn: readonly Asynchronous[] = [];
  if (result === 0) {
    // A message that nobody has taken is the new version's to send: it must not come from where this one will be.
    withdrawn = yield* withdrawAsynsends();
    yield* commit(withdrawn.map(({ to, message, flags }) => ({ how: flags === 0 ? "senda-any" : "senda", to, message })), true);
  }
  const message = encodeRequest(rsContract.base, rsContract.calls.luPrepare, { result, state: sef.luState, maxTime: 0 as Ticks });
  yield* (sef.callbacks?.luResponse ?? askRs)(message);
  if (withdrawn.length > 0) yield* resumeAsynsends();
  yield* changeState(SEF_LU_STATE_NULL);
}

/** RS's request to prepare for an update (or, with state 0, to forget about it). */
export function* handlePrepare(message: Message): Program<void> {
  yield* prepareFor(decodeRequest(rsContract.calls.luPrepare, message).state);
}

/** Prepares for an update, as if RS had asked: RS asks itself so. With state 0 it is forgotten. */
export function* prepareFor(state: number): Program<void> {
  const sef = context();
  if (state === SEF_LU_STATE_NULL) return yield* changeState(state);
  const valid = sef.callbacks?.luStateIsValid ?? isStandardState;
  if (!valid(state)) return yield* ready(errorCode("EINVAL"));
  yield* changeState(state);
}

/** For debugging: what the service says of itself before each try, under a line with the time and the number of the try. */
function* dump(sef: SefContext): Program<void> {
  const show = sef.callbacks?.luStateDump;
  if (show === undefined) return;
  yield* printf(`${sef.spec?.name ?? "sef"}: time=${yield* getUptime()} cycle=${++sef.luCycle} state=${sef.luState}\n`);
  yield* show(sef.state, sef.luState);
}

/** Before each receive: where an update waits and the service is in the state for it, says so. */
export function* beforeReceive(): Program<void> {
  const sef = context();
  if (sef.luState === SEF_LU_STATE_NULL) return;
  yield* dump(sef);
  const prepare = sef.callbacks?.luPrepare;
  const isReady = sef.luState === SEF_LU_STATE_WORK_FREE || prepare === undefined || (yield* prepare(sef.state, sef.luState)) === 0;
  if (isReady) yield* ready(0);
}
