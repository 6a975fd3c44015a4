import {
  encodeRequest, decodeReply, newFrame, type Call, type Endpoint, type Frame, type Message, type Outcome, type Program, type Protocol,
  type Request,
} from "@procyon-os/message";
import { asynsend } from "@procyon-os/syslib";
import type { RsState } from "./rs-state.ts";

// RS must never wait for a service that it may have to restart. What needs an answer of such a service runs as a task: it
// sends its request asynchronously, is put aside, and goes on when the answer comes (or when the service was restarted).
const PARK = -100; // a vector that never leaves this file

/** Work that waits for an answer. */
export interface Task {
  readonly program: Program<void>;
  waitsFor: Endpoint;
}

function* park(server: Endpoint): Program<Message> {
  const frame = newFrame(PARK);
  frame.eax = server;
  const answer: Frame = yield frame;
  return answer.message as Message;
}

/** Calls another server from a task. */
export function* taskCall<P extends Protocol<any>, Name extends keyof P["calls"] & string>(
  contract: P, server: Endpoint, name: Name, request: Request<P["calls"][Name]>,
): Program<Outcome<P["calls"][Name]>> {
  const one = contract.calls[name] as Call<any, any, any>;
  yield* asynsend(server, encodeRequest(contract.base, one, request as never));
  return decodeReply(one, yield* park(server)) as Outcome<P["calls"][Name]>;
}

/** Runs a task until it ends or waits. */
export function* runTask(state: RsState, task: Task, answer: Message | null): Program<void> {
  const input = newFrame(PARK);
  input.message = answer;
  let step = task.program.next(input);
  while (step.done !== true) {
    if (step.value.vector === PARK) {
      task.waitsFor = step.value.eax as Endpoint;
      state.tasks.push(task);
      return;
    }
    step = task.program.next(yield step.value);
  }
}

/** Starts work that may have to wait. */
export function* startTask(state: RsState, program: Program<void>): Program<void> {
  yield* runTask(state, { program, waitsFor: 0 as Endpoint }, null);
}

/** Gives an answer to the oldest task that waits for this server; false where none does. */
export function* answerTask(state: RsState, server: Endpoint, answer: Message): Program<boolean> {
  const index = state.tasks.findIndex(({ waitsFor }) => waitsFor === server);
  if (index < 0) return false;
  const [task] = state.tasks.splice(index, 1) as [Task];
  yield* runTask(state, task, answer);
  return true;
}
