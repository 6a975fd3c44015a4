import { RS_INIT, RS_LU_PREPARE } from "@procyon-os/contract-rs";
import { ANY, INIT, isNotify, m2, i32, messageSource, messageType, RS, SYSTEM, u32, type Endpoint, type Program } from "@procyon-os/message";
import { notify, receive, type Received } from "@procyon-os/syslib";
import { context } from "./context.ts";
import { beforeReceive, handlePrepare } from "./live-update.ts";
import { saveState } from "./saved-state.ts";
import { deliverSignal, handleKernelSignals, SIGS_SIGNAL_RECEIVED } from "./signals.ts";

const notifyArgument = m2.l1(u32);
const forwardedSignal = m2.i1(i32);

/** Takes an event of the system out of what the service receives; false where it is the service's own. */
function* intercept({ message, status }: Received): Program<boolean> {
  const source = messageSource(message);
  if (isNotify(status)) {
    if (source === RS) {
      yield* (context().callbacks?.pingReply ?? notify)(source);
      return true;
    }
    if (source !== SYSTEM) return false;
    yield* handleKernelSignals(notifyArgument.read(message));
    return true;
  }
  if (messageType(message) === RS_LU_PREPARE && source === RS) {
    yield* handlePrepare(message);
    return true;
  }
  if (messageType(message) === RS_INIT && source === RS) return true; // for a new version that died before it took this
  if (messageType(message) === SIGS_SIGNAL_RECEIVED && source < INIT) {
    yield* deliverSignal(forwardedSignal.read(message));
    return true;
  }
  return false;
}

/**
 * Receives the next message that is the service's own. Pings, updates and signals are dealt with here; the state's copy is
 * taken here too, since here no request is in work (reference/rs-sef-ds-syslib.md 1.2).
 */
export function* sefReceive(from: Endpoint = ANY): Program<Received> {
  for (;;) {
    yield* saveState();
    yield* beforeReceive();
    const received = yield* receive(from);
    if (received.result !== 0 || !(yield* intercept(received))) return received;
  }
}
