import { COMMON_GETSYSINFO, rsContract } from "@procyon-os/contract-rs";
import { WNOHANG } from "@procyon-os/contract-pm";
import { AMF_NOREPLY, CLOCK, isNotify, m2, messageSource, messageType, RS, SENDA, SIGCHLD, SIGTERM, statusCall, u32, type Message, type Program, type ServiceImage } from "@procyon-os/message";
import { sefReceive, sefStartup, stateSpec } from "@procyon-os/sef";
import { asynsend, dispatch, panic, printf, sendNb, type Handlers, type Received } from "@procyon-os/syslib";
import { boot, startEarlyServices } from "./boot.ts";
import { clone, down, lookup, refresh, restart, shutdown } from "./label-requests.ts";
import { doPeriod } from "./period.ts";
import { initReady, luReady } from "./ready.ts";
import { byEndpoint, type RsState } from "./rs-state.ts";
import { pmCall } from "./servers.ts";
import { edit, up, update } from "./start-requests.ts";
import { answerSysInfo } from "./sys-info.ts";
import { answerTask, startTask } from "./task.ts";
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
}

function* handleNotify(state: RsState, message: Message): Program<void> {
  const source = messageSource(message);
  if (source === CLOCK) return yield* doPeriod(state, timestamp.read(message));
  const service = byEndpoint(state, source);
  if (service !== null) service.aliveTime = timestamp.read(message);
}

function* handleMessage(state: RsState, received: Received): Program<void> {
  const { message } = received;
  const source = messageSource(message);
  const type = messageType(message);
  // Answers come as their requests went. Their types are anything: a pid, for example.
  if (statusCall(received.status) === SENDA && (yield* answerTask(state, source, message))) return;
  if (type === COMMON_GETSYSINFO) {
    yield* sendNb(source, yield* answerSysInfo(state, message));
    return;
  }
  if (type < rsContract.base || type >= rsContract.base + REQUEST_RANGE) {
    if (yield* answerTask(state, source, message)) return;
    return yield* printf(`RS: message of type 0x${(type >>> 0).toString(16)} from ${source} is no request\n`);
  }
  const reply = yield* dispatch(rsContract, handlers, state, received, "EINVAL");
  if (reply === null || source === RS) return;
  // Who asked is asynchronous itself, or waits: in a SENDREC, where it takes this at once.
  if (statusCall(received.status) === SENDA) yield* asynsend(source, reply, AMF_NOREPLY);
  else yield* sendNb(source, reply);
}

/** RS: starts the boot services, then takes requests, signals and the clock's word, forever. It waits for nobody. */
export function* main(): Program<never> {
  const state = yield* sefStartup(stateSpec<RsState>({ name: "rs", version: 1, saved: false }), {
    initFresh: boot,
    initResponse: function* () {
      return 0; // nobody has to be told
    },
    signalHandler: handleSignal,
    signalManager: manageSignal,
  });
  yield* startEarlyServices(state);
  for (;;) {
    const early = state.early.shift();
    const received = early === undefined ? yield* sefReceive() : { result: 0, ...early };
    if (received.result !== 0) yield* panic(`receive failed: ${received.result}`);
    if (isNotify(received.status)) yield* handleNotify(state, received.message);
    else yield* startTask(state, handleMessage(state, received));
  }
}

/** The package as the machine starts it. Its data hold the public table, grants and what it reads of files. */
export const image: ServiceImage = {
  name: "@procyon-os/rs", version: "0.1.0", dataBytes: 512 * 1024, stackBytes: 16 * 1024, contract: rsContract, main,
};
