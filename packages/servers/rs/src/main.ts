import { COMMON_GETSYSINFO, RS_INIT, RS_LU_PREPARE, rsContract } from "@procyon-os/contract-rs";
import { WNOHANG } from "@procyon-os/contract-pm";
import { CLOCK, errorCode, isNotify, m2, messageSource, messageType, RS, SENDA, SIGCHLD, SIGTERM, statusCall, u32, type Endpoint, type Message, type Program, type ServiceImage } from "@procyon-os/message";
import { queueReply, sefReceive, sefStartup, stateSpec } from "@procyon-os/sef";
import { dispatch, panic, printf, type Handlers, type Received } from "@procyon-os/syslib";
import { boot, startEarlyServices } from "./boot.ts";
import { noteChanges } from "./changes.ts";
import { RS_ACTIVE } from "./flags.ts";
import { clone, down, lookup, refresh, restart, shutdown } from "./label-requests.ts";
import { doPeriod } from "./period.ts";
import { initReady, luReady } from "./ready.ts";
import { resume, takeOverRs } from "./resume.ts";
import { useMoreMemory } from "./rs-memory.ts";
import { confirm, handOver, isReady, takeUpdate } from "./self-update.ts";
import { byEndpoint, linked, type Client, type RsState } from "./rs-state.ts";
import { pmCall } from "./servers.ts";
import { edit, up, update } from "./start-requests.ts";
import { endStandBy } from "./stand-by.ts";
import { answerSysInfo } from "./sys-info.ts";
import { answerTask, beginPostponed, startTask } from "./task.ts";
import { manageSignal } from "./terminate.ts";

const handlers: Handlers<RsState, typeof rsContract> = {
  up, down, refresh, restart, shutdown, update, clone, edit, lookup, init: initReady, luPrepare: luReady,
};

const timestamp = m2.l2(u32);
const REQUEST_RANGE = 0x100;

/** Children that have ended are taken from PM; their entries went when they were killed. Runs in a task. */
function* reap(): Program<void> {
  for (;;) {
    const child = yield* pmCall("waitPid", { pid: -1, options: WNOHANG }, true);
    if (!child.ok || child.value.pid === 0) return;
  }
}

function* handleSignal(state: RsState, signal: number): Program<void> {
  if (signal === SIGCHLD) yield* startTask(state, reap());
  else if (signal === SIGTERM) state.shuttingDown = true;
  noteChanges(state);
}

function* signalManager(state: RsState, target: Endpoint, signal: number): Program<number> {
  yield* beginPostponed(state);
  const result = yield* manageSignal(state, target, signal);
  noteChanges(state);
  return result;
}

function* handleNotify(state: RsState, message: Message): Program<void> {
  const source = messageSource(message);
  if (source === CLOCK) return yield* doPeriod(state, timestamp.read(message));
  const service = byEndpoint(state, source);
  if (service === null) return;
  service.aliveTime = timestamp.read(message);
  yield* endStandBy(state, service, 0);
}

/** Whether what RS makes of a message is to be begun again by an instance that finds it in work. Of services it is not: see `resume`. */
function isBegunAgain(message: Message): boolean {
  const type = messageType(message);
  return type !== RS_INIT && type !== RS_LU_PREPARE;
}

function* answerRequest(state: RsState, received: Received): Program<Message | null> {
  if (messageType(received.message) === COMMON_GETSYSINFO) return yield* answerSysInfo(state, received.message);
  return yield* dispatch(rsContract, handlers, state, received, "EINVAL");
}

/** A request, in a task; while it is in work it stands in the state. */
function* handleRequest(state: RsState, received: Received): Program<void> {
  const { message, status } = received;
  const client: Client = { message, status };
  if (isBegunAgain(message)) state.clients = [...state.clients, client];
  const reply = yield* answerRequest(state, received);
  state.clients = state.clients.filter((one) => one !== client);
  if (reply !== null && messageSource(message) !== RS) queueReply(received, reply);
}

function* handleMessage(state: RsState, received: Received): Program<void> {
  const { message } = received;
  const source = messageSource(message);
  const type = messageType(message);
  // Answers come as their requests went. Their types are anything: a pid, for example.
  if (statusCall(received.status) === SENDA && (yield* answerTask(state, source, message))) return;
  const isRequest = type === COMMON_GETSYSINFO || (type >= rsContract.base && type < rsContract.base + REQUEST_RANGE);
  if (isRequest && isMakingWay(state) && isBegunAgain(message)) state.waiting = [...state.waiting, { message, status: received.status }];
  else if (isRequest) yield* startTask(state, handleRequest(state, received));
  else yield* printf(`RS: message of type 0x${(type >>> 0).toString(16)} from ${source} is no request\n`);
}

/** Whether RS gives its place to a new version as soon as nothing is in work: then nothing new is begun. */
function isMakingWay(state: RsState): boolean {
  const { update } = state;
  return update !== null && update.phase === "preparing" && linked(state, update.service)?.endpoint === RS;
}

/** Takes up the requests that came while RS was making way. */
function* beginWaiting(state: RsState): Program<void> {
  if (state.waiting.length === 0 || isMakingWay(state)) return;
  const { waiting } = state;
  state.waiting = [];
  for (const client of waiting) yield* startTask(state, handleRequest(state, { result: 0, ...client }));
}

/** Who waits for an answer that comes: who asked, and services that RS has still to tell something. */
function owes({ services, clients, waiting: later }: RsState): Endpoint[] {
  const waiting = services.flatMap((one) => (one === null ? [] : [...(one.waiter === null ? [] : [one.waiter.endpoint]), ...(one.flags === RS_ACTIVE ? [] : [one.endpoint])]));
  return [...waiting, ...[...clients, ...later].map(({ message }) => messageSource(message))];
}

/** Takes up the requests that the instance before worked on. */
function* resumeRequests(state: RsState): Program<void> {
  const { clients } = state;
  state.clients = [];
  for (const client of clients) yield* startTask(state, handleRequest(state, { result: 0, ...client }));
}

const spec = stateSpec<RsState>({ name: "rs", version: 1, saved: true, once: true, parts: ["services", "images"], owes });

/** RS: starts the boot services, then takes requests, signals and the clock's word, forever. It waits for nobody. */
export function* main(): Program<never> {
  let taken: RsState | null = null;
  let isNew = false;
  let current: RsState | null = null;
  const state = yield* sefStartup(spec, {
    initFresh: boot,
    *initRestart(info, saved) {
      const outcome = yield* takeOverRs(info, saved);
      if (outcome.ok) taken = outcome.value;
      return outcome;
    },
    *initLu(info, saved) {
      const outcome = yield* takeUpdate(info, saved);
      if (outcome.ok) taken = outcome.value;
      isNew = outcome.ok;
      return outcome;
    },
    *initResponse() {
      return isNew && taken !== null ? yield* confirm(taken) : 0; // else nobody has to be told
    },
    *luPrepare(state) {
      return isReady(state) ? 0 : errorCode("ENOTREADY");
    },
    *luResponse(message) {
      if (current === null) return errorCode("ENOTREADY");
      const result = yield* handOver(current, message);
      yield* beginWaiting(current);
      noteChanges(current);
      return result;
    },
    signalHandler: handleSignal,
    signalManager,
  });
  current = state;
  if (taken !== null) {
    useMoreMemory();
    yield* resume(state);
    yield* resumeRequests(state);
  } else {
    yield* startEarlyServices(state);
  }
  for (;;) {
    yield* beginWaiting(state);
    noteChanges(state);
    const early = state.early.shift();
    const received = early === undefined ? yield* sefReceive() : { result: 0, ...early };
    if (received.result !== 0) yield* panic(`receive failed: ${received.result}`);
    yield* beginPostponed(state);
    if (isNotify(received.status)) yield* handleNotify(state, received.message);
    else yield* handleMessage(state, received);
  }
}

/** The package as the machine starts it. Its data hold the state, the public table and what it reads of files. */
export const image: ServiceImage = {
  name: "@procyon-os/rs", version: "0.1.0", dataBytes: 1024 * 1024, stackBytes: 16 * 1024, contract: rsContract, state: spec, main,
};
