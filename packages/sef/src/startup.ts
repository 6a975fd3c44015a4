import { LU_SYS_PROC } from "@procyon-os/contract-kernel";
import { RS_INIT, RS_LU_PREPARE, rsContract, SEF_INIT_FRESH, SEF_INIT_LU, SEF_INIT_RESTART } from "@procyon-os/contract-rs";
import {
  decodeRequest, encodeRequest, errorCode, fail, isNotify, messageType, NONE, RS, VM, type Endpoint, type GrantId, type Message,
  type Program, type Result,
} from "@procyon-os/message";
import { forgetWhoami, panic, receive, sendrec, useVmMemory } from "@procyon-os/syslib";
import { changedSpec } from "./changed-spec.ts";
import { context, type SefCallbacks } from "./context.ts";
import type { InitInfo } from "./init-info.ts";
import { fetchSaved, type Saved } from "./fetch-saved.ts";
import { deadInstances, takenOver, takePlace } from "./rs-place.ts";
import { forgetAhead, noteSince, prepareSavedState, saveFirst } from "./saved-state.ts";
import { SIGS_SIGNAL_RECEIVED } from "./signals.ts";
import { standBy } from "./stand-by.ts";
import { restoreState, startAnew, type StateSpec } from "./state-spec.ts";
import { takeOver } from "./take-over.ts";

/** Whether a message of RS asks for something: it is no answer, and no signal that RS passes on. */
const isRequest = (message: Message): boolean => messageType(message) > 0 && messageType(message) !== SIGS_SIGNAL_RECEIVED;

/** Waits for RS's request. What else comes from RS before it was meant for the instance that died, and may have to be done by this one. */
function* receiveInit(): Program<Message> {
  for (;;) {
    const received = yield* receive(RS);
    const { result, message, status } = received;
    if (result !== 0) return yield* panic(`sef: receive from RS failed: ${result}`);
    if (messageType(message) === RS_INIT) return message;
    if (!isNotify(status) && messageType(message) !== RS_LU_PREPARE) context().early.push(received);
  }
}

/** The state that the instance before has left. An instance of RS that died over taking it over has none: then that of the one before that one. */
function* findSaved<S>(spec: StateSpec<S>, { type, endpoint, oldEndpoint }: InitInfo): Program<{ found: Saved<S> | "none" | "no migration"; oldEndpoint: Endpoint }> {
  if (!spec.saved) return { found: "none", oldEndpoint };
  const found = yield* fetchSaved(spec, oldEndpoint, type === SEF_INIT_LU ? context().ahead : null);
  if (found !== "none" || endpoint !== RS || type !== SEF_INIT_RESTART) return { found, oldEndpoint };
  for (const other of yield* deadInstances()) {
    const earlier = yield* fetchSaved(spec, other, null);
    if (earlier === "none") continue;
    context().oldEndpoint = other;
    return { found: earlier, oldEndpoint: other };
  }
  return { found, oldEndpoint };
}

/** Runs the callback for the type of initialization. */
function* runInit<S>(spec: StateSpec<S>, callbacks: SefCallbacks<S>, info: InitInfo): Program<Result<S>> {
  if (info.type === SEF_INIT_FRESH) return yield* callbacks.initFresh(info);
  if (info.type !== SEF_INIT_LU && info.type !== SEF_INIT_RESTART) return fail("EINVAL");
  const { found, oldEndpoint } = yield* findSaved(spec, info);
  if (typeof found !== "string") context().begun = found.begun;
  // A new version that cannot read the state must not begin without it: the old one goes on.
  if (found === "no migration" && info.type === SEF_INIT_LU) return fail("ERESTART");
  const saved = typeof found === "string" ? null : found;
  const state = saved === null ? null : saved.state;
  if (info.type === SEF_INIT_LU) {
    // What the version before had sent and nobody had taken goes out under this one's name.
    context().queue.push(...(saved?.queued ?? []));
    const outcome = yield* (callbacks.initLu ?? restoreState)(info, state);
    const tells = callbacks.initLu === undefined || callbacks.initLuTells === true;
    if (outcome.ok && context().ahead !== null) noteSince(tells && saved !== null ? saved.since : null, state, outcome.value);
    return outcome;
  }
  context().retake = true;
  yield* takeOver(spec, saved, oldEndpoint);
  return yield* (callbacks.initRestart ?? (spec.saved ? restoreState : startAnew))({ ...info, oldEndpoint }, state);
}

/** The default answer to RS_INIT: the service stays blocked until RS acknowledges. */
function* tellRs(message: Message): Program<number> {
  const reply = yield* sendrec(RS, message);
  return messageType(reply) < 0 ? messageType(reply) : 0;
}

/**
 * Starts the service: waits for RS's request, makes or takes over the state, and reports the result. Comes before anything
 * else a service does (reference/rs-sef-ds-syslib.md 1.1).
 */
export function* sefStartup<S>(declared: StateSpec<S>, callbacks: SefCallbacks<S>): Program<S> {
  const spec = changedSpec(declared);
  const sef = context();
  forgetWhoami();
  const { endpoint, oldEndpoint, flags } = yield* takePlace();
  sef.endpoint = endpoint;
  sef.spec = spec as StateSpec<unknown>;
  sef.callbacks = callbacks as SefCallbacks<unknown>;
  if (endpoint !== RS && endpoint !== VM) useVmMemory(); // RS runs before VM does, and VM has its own
  if (spec.saved) yield* prepareSavedState(spec as StateSpec<unknown>);
  if ((flags & LU_SYS_PROC) !== 0 && endpoint !== RS && endpoint !== VM) yield* standBy(spec as StateSpec<unknown>);
  const info = endpoint === RS ? localInfo(oldEndpoint, flags) : yield* remoteInfo(endpoint);
  sef.endpoint = info.endpoint;
  sef.oldEndpoint = info.oldEndpoint;

  if (sef.ahead !== null && info.type !== SEF_INIT_LU) forgetAhead();
  const outcome = yield* runInit(spec, callbacks, info);
  sef.ahead = null;
  sef.early = sef.kept ? sef.early.filter(({ message }) => !isRequest(message)) : []; // RS asks again: this instance might die over them
  if (outcome.ok) {
    sef.state = outcome.value;
    yield* saveFirst(sef.queue, sef.begun);
    if (endpoint === RS && info.type === SEF_INIT_RESTART) yield* takenOver(sef.oldEndpoint);
  }
  const response = encodeRequest(rsContract.base, rsContract.calls.init, {
    result: outcome.ok ? 0 : errorCode(outcome.error), type: info.type, rprocTable: -1, oldEndpoint: NONE, kept: sef.kept ? 1 : 0, self: sef.endpoint,
  });
  const result = yield* (callbacks.initResponse ?? tellRs)(response);
  if (result !== 0) return yield* panic(`sef: RS does not take the result of the initialization: ${result}`);
  if (!outcome.ok) return yield* panic(`sef: initialization failed: ${outcome.error}`);
  sef.started = true;
  return outcome.value;
}

/** RS has nobody to ask: its privileges say what it was made for. */
function localInfo(oldEndpoint: Endpoint, flags: number): InitInfo {
  const type = oldEndpoint === NONE ? SEF_INIT_FRESH : (flags & LU_SYS_PROC) !== 0 ? SEF_INIT_LU : SEF_INIT_RESTART;
  return { type, rprocTable: -1 as GrantId, endpoint: RS, oldEndpoint };
}

function* remoteInfo(endpoint: Endpoint): Program<InitInfo> {
  const { type, rprocTable, oldEndpoint, self } = decodeRequest(rsContract.calls.init, yield* receiveInit());
  // A new version has changed places since it began.
  if (type === SEF_INIT_LU) forgetWhoami();
  return { type, rprocTable: rprocTable as GrantId, endpoint: type === SEF_INIT_LU ? self : endpoint, oldEndpoint };
}
