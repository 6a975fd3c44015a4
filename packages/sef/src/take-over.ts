import { leftBehind, SYS_STATE_HELD, SYS_STATE_NOTED, type LeftBehind } from "@procyon-os/contract-kernel";
import { RS_INIT, RS_LU_PREPARE } from "@procyon-os/contract-rs";
import {
  AMF_NOREPLY, ASYN_ENTRY_BYTES, errorCode, isNotify, messageFromBytes, messageSource, messageType, newMessage, RS, SENDREC, statusCall,
  type Endpoint, type Message, type Program,
} from "@procyon-os/message";
import { kernel, load, printf, scratch } from "@procyon-os/syslib";
import { context } from "./context.ts";
import type { Saved } from "./fetch-saved.ts";
import { isAsynchronous, type Pending, type QueuedMessage } from "./saved-log.ts";
import { STATE_GRANT } from "./saved-state.ts";
import type { StateSpec } from "./state-spec.ts";
import { clearReferences, clearWaiters, isWaiting } from "./waiting.ts";

/** How often a request is begun before it is refused: one that ended two instances may not end a third. */
const MOST_TRIES = 2;

/** What the instance that died had in hand, and what follows for this one. */
interface Plan {
  readonly redo: Pending | null;
  readonly tries: number;
  readonly queue: readonly QueuedMessage[];
}

function* askLeftBehind(from: Endpoint): Program<LeftBehind | null> {
  const address = yield* scratch(leftBehind.bytes);
  const told = yield* kernel.statectl({ request: SYS_STATE_NOTED, process: from, grant: STATE_GRANT, length: leftBehind.bytes, address });
  if (told.ok) return leftBehind.decode(yield* load(address, leftBehind.bytes));
  yield* printf(`sef: what endpoint ${from} had in hand is not known: ${told.error}\n`);
  return null;
}

/** Messages that the dead instance had sent and nobody has got yet. */
function* askHeld(from: Endpoint, count: number): Program<QueuedMessage[]> {
  if (count === 0) return [];
  const length = count * ASYN_ENTRY_BYTES;
  const address = yield* scratch(length);
  const told = yield* kernel.statectl({ request: SYS_STATE_HELD, process: from, grant: STATE_GRANT, length, address });
  if (!told.ok) return [];
  const bytes = yield* load(address, length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  return Array.from({ length: count }, (_, index) => index * ASYN_ENTRY_BYTES).map((at) => ({
    how: (view.getUint32(at, true) & AMF_NOREPLY) !== 0 ? "senda" : "senda-any", to: view.getInt32(at + 4, true) as Endpoint, message: messageFromBytes(bytes, at + 12),
  }));
}

/** Messages of RS were for the instance that died. */
const isOfRs = (message: Message): boolean => messageSource(message) === RS && (messageType(message) === RS_INIT || messageType(message) === RS_LU_PREPARE);

/** What was in work when the instance died: begun and not saved, or saved and not answered. */
function plan<S>(spec: StateSpec<S>, saved: Saved<S>, left: LeftBehind, held: readonly QueuedMessage[]): Plan {
  const sent = left.asynDone + left.held; // of its asynchronous messages, so many were on their way
  const isNew = left.received > saved.received; // it had sent all that was saved before, and has begun another
  const begun = isNew ? { message: Int32Array.from(left.message), status: left.status } : saved.redo;
  const tries = isNew ? 1 : saved.tries + 1;
  let number = saved.sent;
  const unsent = isNew ? [] : saved.queued.filter(({ how }) => !isAsynchronous(how) || ++number > sent);
  const queue = [...held, ...unsent]; // what is held was sent before what never was
  if (begun === null || isOfRs(begun.message)) return { redo: null, tries: 0, queue };
  if (tries <= MOST_TRIES) return { redo: begun, tries, queue };
  return { redo: null, tries: 0, queue: [...queue, ...refusal(spec, begun)] };
}

/** The answer to a request that keeps ending its server. A notification has none. */
function refusal<S>(spec: StateSpec<S>, { message, status }: Pending): QueuedMessage[] {
  if (isNotify(status)) return [];
  const refused = spec.refuse?.(message) ?? newMessage(errorCode("EDEADSRCDST"));
  return [{ how: statusCall(status) === SENDREC ? "sendnb" : "senda", to: messageSource(message), message: refused }];
}

/**
 * After a crash, before the service goes on: who waits for an answer that comes goes on waiting, all others hear of the
 * death. What the dead instance had in hand is handled again, what it had to send is sent.
 */
export function* takeOver<S>(spec: StateSpec<S>, saved: Saved<S> | null, from: Endpoint): Program<void> {
  const left = saved === null || spec.once !== true ? null : yield* askLeftBehind(from);
  if (saved === null || left === null) return yield* clearReferences();
  const planned = plan(spec, saved, left, yield* askHeld(from, left.held));
  const { tries, queue } = planned;
  // Whoever does not wait any more has its answer: the request changed nothing, or it would have been saved before that. It is
  // not handled once more, since the client goes on, and what is in its memory is its own again.
  const answeredOnce = planned.redo !== null && statusCall(planned.redo.status) === SENDREC && !(yield* isWaiting(messageSource(planned.redo.message)));
  const comesAgain = planned.redo !== null && spec.comesAgain?.(planned.redo.message, planned.redo.status) === true;
  const redo = answeredOnce || comesAgain ? null : planned.redo;
  const answered = queue.filter(({ how }) => how === "sendnb").map(({ to }) => to);
  const asks = redo === null ? [] : [messageSource(redo.message)];
  yield* clearWaiters([...(spec.owes?.(saved.state) ?? []), ...answered, ...asks]);
  const sef = context();
  sef.kept = true;
  sef.redo = redo;
  sef.tries = tries;
  for (const one of queue) {
    // Who has its answer already may wait for another one by now, or not at all.
    if (one.how !== "sendnb" || (yield* isWaiting(one.to))) sef.queue.push(one);
  }
}
