import {
  encodeRequest, decodeReply, errorCode, instanceLocal, messageType, newFrame, newMessage, type Call, type Endpoint, type Frame,
  type Message, type Outcome, type Program, type Protocol, type Request,
} from "@procyon-os/message";
import { queueMessage, SIGS_SIGNAL_RECEIVED } from "@procyon-os/sef";
import { waitingAsynsends } from "@procyon-os/syslib";
import { RS_INIT, RS_LU_PREPARE } from "@procyon-os/contract-rs";
import { RS_INITIALIZING, RS_TERMINATED, RS_UPDATING } from "./flags.ts";
import { byEndpoint, type RsState } from "./rs-state.ts";

// RS must never wait for a service that it may have to restart. What needs an answer of such a service runs as a task: it
// sends its request asynchronously, is put aside, and goes on when the answer comes (or when the service was restarted).
const PARK = -100; // a vector that never leaves this file
/** How often a call is made again after its server died under it. */
const REPEATS = 8;

/** Work that waits for an answer. */
export interface Task {
  readonly program: Program<void>;
  readonly waitsFor: Endpoint;
  readonly request: Message;
  /** Whether the server has the request. A server gets one at a time, and none while it is down or being updated. */
  sent: boolean;
}

function* park(server: Endpoint, request: Message | null): Program<Message> {
  const frame = newFrame(PARK);
  frame.eax = server;
  frame.message = request;
  const answer: Frame = yield frame;
  return answer.message as Message;
}

/**
 * Calls another server from a task. A call that the server's death cut off is made again where that does no harm.
 * @param again whether it may be made again, where the contract is too strict for this very request
 */
export function* taskCall<P extends Protocol<any>, Name extends keyof P["calls"] & string>(
  contract: P, server: Endpoint, name: Name, request: Request<P["calls"][Name]>, again?: boolean,
): Program<Outcome<P["calls"][Name]>> {
  const one = contract.calls[name] as Call<any, any, any>;
  const message = encodeRequest(contract.base, one, request as never);
  const dead = errorCode("EDEADSRCDST");
  for (let tries = 0; ; tries++) {
    const reply = yield* park(server, message.slice());
    if (messageType(reply) !== dead || !(again ?? one.repeatable) || tries === REPEATS) return decodeReply(one, reply) as Outcome<P["calls"][Name]>;
  }
}

const tasks = instanceLocal<{ list: Task[] }>("rs tasks", () => ({ list: [] })); // oldest first

function takesRequests(state: RsState, server: Endpoint): boolean {
  const service = byEndpoint(state, server);
  return service === null || (service.flags & (RS_TERMINATED | RS_INITIALIZING | RS_UPDATING)) === 0;
}

/** Sends the next request that waits for a server, where it can have one. To be called when a server is up (again). */
export function* sendWaiting(state: RsState, server: Endpoint): Program<void> {
  const waiting = tasks().list.filter(({ waitsFor }) => waitsFor === server);
  const [next] = waiting;
  if (next === undefined || waiting.some(({ sent }) => sent) || !takesRequests(state, server)) return;
  next.sent = true;
  // It is for a RECEIVE alone: a server that reports to RS with SENDREC must not take it for the answer.
  queueMessage(server, next.request, "senda");
  state.asked = [...state.asked, server];
}

/** Waits until `answerTask` gives word of an instance that was asked nothing. */
export function* awaitWord(from: Endpoint): Program<Message> {
  return yield* park(from, null);
}

/** Runs a task until it ends or waits. */
function* runTask(state: RsState, program: Program<void>, answer: Message | null): Program<void> {
  const input = newFrame(PARK);
  input.message = answer;
  let step = program.next(input);
  while (step.done !== true) {
    const frame = step.value;
    if (frame.vector === PARK) {
      const server = frame.eax as Endpoint;
      const request = frame.message;
      tasks().list.push({ program, waitsFor: server, request: request ?? newMessage(), sent: request === null });
      return request === null ? undefined : yield* sendWaiting(state, server);
    }
    step = program.next(yield frame);
  }
}

/** A request of the instance of RS before this one: its answer will come, and is awaited before the server is asked again. */
export function awaitOld(server: Endpoint, then: Program<void>): void {
  then.next();
  tasks().list.push({ program: then, waitsFor: server, request: newMessage(), sent: true });
}

/** Starts work that may have to wait. */
export function* startTask(state: RsState, program: Program<void>): Program<void> {
  yield* runTask(state, program, null);
}

const postponed = instanceLocal<{ list: (() => Program<void>)[] }>("rs postponed", () => ({ list: [] }));

/**
 * Work that has time: it begins when the next message comes, before that one is seen to. Whoever got an answer of this round runs first,
 * however unimportant he is. What RS's death cuts off its successor begins anew from the state.
 */
export function postpone(program: () => Program<void>): void {
  postponed().list.push(program);
}

/** Begins what was postponed. */
export function* beginPostponed(state: RsState): Program<void> {
  for (const program of postponed().list.splice(0)) yield* startTask(state, program());
}

/** Gives an answer to the task whose request a server has; false where it has none. */
export function* answerTask(state: RsState, server: Endpoint, answer: Message): Program<boolean> {
  const index = tasks().list.findIndex(({ waitsFor, sent }) => waitsFor === server && sent);
  if (index < 0) return false;
  const [task] = tasks().list.splice(index, 1) as [Task];
  state.asked = state.asked.filter((one) => one !== server);
  yield* runTask(state, task.program, answer);
  yield* sendWaiting(state, server);
  return true;
}

/** Whether no work waits for an answer. */
export function isQuiet(): boolean {
  return tasks().list.length === 0;
}

/** Whether a request of ours lies where its server has not taken it. */
function* isUntaken({ asked }: RsState, server: Endpoint): Program<boolean> {
  if (!asked.includes(server)) return false;
  const isRequest = (type: number): boolean => type !== RS_INIT && type !== RS_LU_PREPARE && type !== SIGS_SIGNAL_RECEIVED;
  return (yield* waitingAsynsends()).some(({ to, message }) => to === server && isRequest(messageType(message)));
}

/**
 * Before an instance of a server runs that is to take over: notes whether our request is still on its way. Whoever takes it before being
 * asked to initialize forgets it, since it could die over that; it is sent again when one has taken over.
 */
export function* noteUntaken(state: RsState, server: Endpoint): Program<void> {
  if (!state.untaken.includes(server) && (yield* isUntaken(state, server))) state.untaken = [...state.untaken, server];
}

/** A server has taken over from an instance that died, and has all that one had. */
export function* serverTookOver(state: RsState, server: Endpoint): Program<void> {
  if (!state.untaken.includes(server)) return yield* sendWaiting(state, server);
  state.untaken = state.untaken.filter((one) => one !== server);
  const task = tasks().list.find(({ waitsFor, sent }) => waitsFor === server && sent);
  // What an instance of RS before this one had asked for is begun again by `resume`, whatever the answer.
  if (task === undefined || messageType(task.request) === 0) return yield* serverRestarted(state, server);
  task.sent = false;
  state.asked = state.asked.filter((one) => one !== server);
  yield* sendWaiting(state, server);
}

/** A server was restarted: what it had of us is lost, what waits can go out. */
export function* serverRestarted(state: RsState, server: Endpoint): Program<void> {
  state.untaken = state.untaken.filter((one) => one !== server);
  yield* answerTask(state, server, newMessage(errorCode("EDEADSRCDST")));
  yield* sendWaiting(state, server);
}
