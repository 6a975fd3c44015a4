import { RS_INIT, RS_LU_PREPARE } from "@procyon-os/contract-rs";
import { ANY, INIT, isNotify, m2, i32, messageSource, messageType, RS, SYSTEM, u32, type Endpoint, type Program } from "@procyon-os/message";
import { notify, receiveNoted, type Received } from "@procyon-os/syslib";
import { context, type SefContext } from "./context.ts";
import { handleEvent } from "./events.ts";
import { beforeReceive, handlePrepare } from "./live-update.ts";
import { sendQueued } from "./queue.ts";
import { deliverSignal, handleKernelSignals, retakeSignals, SIGS_SIGNAL_RECEIVED } from "./signals.ts";

const notifyArgument = m2.l1(u32);
const forwardedSignal = m2.i1(i32);

/** Takes an event of the system out of what the service receives; false where it is the service's own. */
function* intercept(received: Received): Program<boolean> {
  const { message, status } = received;
  const source = messageSource(message);
  if (isNotify(status)) {
    if (source === RS) {
      yield* (context().callbacks?.pingReply ?? notify)(source);
      return true;
    }
    if (source !== SYSTEM) return yield* handleEvent(received);
    yield* handleKernelSignals(notifyArgument.read(message));
    return true;
  }
  if (messageType(message) === RS_LU_PREPARE && source === RS) {
    yield* handlePrepare(message);
    return true;
  }
  if (messageType(message) === RS_INIT && source === RS) return true; // for a new version that died before it took this
  // RS has no manager but itself; what comes to it with this type is an answer, a pid for example.
  if (messageType(message) === SIGS_SIGNAL_RECEIVED && source < INIT && context().endpoint !== RS) {
    yield* deliverSignal(forwardedSignal.read(message));
    return true;
  }
  return yield* handleEvent(received);
}

/** What the instance before had in hand, and then what was on its way to it from RS: these come before anything else. */
function takePending(sef: SefContext): Received | null {
  const { redo } = sef;
  if (redo === null && sef.early.length > 0) return sef.early.shift() as Received;
  sef.redo = null;
  sef.redoing = redo !== null;
  return redo === null ? null : { result: 0, ...redo };
}

function* takeNext(sef: SefContext, from: Endpoint): Program<Received> {
  const received = yield* receiveNoted(from);
  if (received.result === 0) sef.received++;
  return received;
}

/** How many messages this instance has received, as its saved state counts them too: a measure of what came before what. */
export function messagesReceived(): number {
  return context().received;
}

/**
 * Receives the next message that is the service's own. Pings, updates and signals are dealt with here; the state is
 * saved here, and what is queued goes out, since here no request is in work (reference/rs-sef-ds-syslib.md 1.2).
 */
export function* sefReceive(from: Endpoint = ANY): Program<Received> {
  const sef = context();
  for (;;) {
    yield* sendQueued();
    if (sef.retake && sef.redo === null) {
      yield* retakeSignals();
      continue;
    }
    yield* beforeReceive();
    if (sef.queue.length > 0) continue; // the end of an update has something to say
    const received = takePending(sef) ?? (yield* takeNext(sef, from));
    if (received.result !== 0 || !(yield* intercept(received))) return received;
  }
}
