import { CLOCK, isNotify, m1, m2, i32, messageSource, messageType, newMessage, PM, RS, SENDA, SENDREC, statusCall, u32, type Message, type Program } from "@procyon-os/message";
import { sendNb, type Received } from "@procyon-os/syslib";
import { context } from "./context.ts";

/**
 * Asks a service to print what it knows: m1_i1 says of what. To be asked by SEND or by SENDREC, which is answered 0. What is sent
 * asynchronously is none: it may be an answer, whose type is anything (a pid of 0xe03, for example).
 */
export const SEF_DEBUG_DUMP = 0xe03;

const notifyTime = m2.l2(u32);
const dumpWhat = m1.i1(i32);

/** A SEF_DEBUG_DUMP for a service. */
export function debugDumpRequest(what: number): Message {
  const message = newMessage(SEF_DEBUG_DUMP);
  dumpWhat.write(message, what);
  return message;
}

/**
 * The events that concern every service and that few want to hear of: the system goes down (a notification from PM), the
 * alarm (from CLOCK), a dump. True where it was one; an alarm without a callback is the service's own.
 */
export function* handleEvent({ message, status }: Received): Program<boolean> {
  const { callbacks, state, endpoint } = context();
  const source = messageSource(message);
  if (isNotify(status)) {
    if (source === PM && endpoint !== RS) { // RS has asked PM whether it is alive
      if (callbacks?.shutdown !== undefined) yield* callbacks.shutdown(state);
      return true;
    }
    if (source !== CLOCK || callbacks?.alarm === undefined) return false;
    yield* callbacks.alarm(state, notifyTime.read(message));
    return true;
  }
  if (messageType(message) !== SEF_DEBUG_DUMP || statusCall(status) === SENDA) return false;
  if (callbacks?.debugDump !== undefined) yield* callbacks.debugDump(state, dumpWhat.read(message));
  if (statusCall(status) === SENDREC) yield* sendNb(source, newMessage(0));
  return true;
}
