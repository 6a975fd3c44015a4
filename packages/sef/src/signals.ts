import { SYS_STATE_RETAKE_SIGNALS } from "@procyon-os/contract-kernel";
import { errorCode, newMessage, NONE, NSIG, SIGKSIG, SIGKSIGSM, signalInSet, type GrantId, type Program, type VirtAddr } from "@procyon-os/message";
import { kernel, panic } from "@procyon-os/syslib";
import { context } from "./context.ts";
import { queueMessage, sendQueued } from "./queue.ts";

/** A manager forwards a signal to a service: m2_i1 is its number. */
export const SIGS_SIGNAL_RECEIVED = 0xe00;

const FIRST_KERNEL_SIGNAL = 27;
const LAST_KERNEL_SIGNAL = 30;

/** Hands a signal to the service's handler. */
export function* deliverSignal(signal: number): Program<void> {
  const { callbacks, state } = context();
  if (callbacks?.signalHandler !== undefined) yield* callbacks.signalHandler(state, signal);
}

/** As a signal manager: takes the signals of each process that has some, and says when they are dealt with. */
function* drainManaged(): Program<void> {
  const gone = [errorCode("EDEADEPT"), errorCode("EDEADSRCDST")];
  for (;;) {
    const taken = yield* kernel.getksig({});
    if (!taken.ok) return yield* panic(`sef: GETKSIG failed`);
    const { process, signals } = taken.value;
    if (process === NONE) return;
    let result = 0;
    for (let signal = 1; signal <= NSIG && !gone.includes(result); signal++) {
      const { callbacks, state } = context();
      if (!signalInSet(signals, signal) || callbacks?.signalManager === undefined) continue;
      result = yield* callbacks.signalManager(state, process, signal);
    }
    // Else the process is gone, or its manager keeps it stopped.
    if (result === 0) queueMessage(process, newMessage(), "endksig");
    yield* sendQueued();
  }
}

/** After a crash: signals that the instance before had taken, and whose end it did not report, are dealt with (again). */
export function* retakeSignals(): Program<void> {
  const sef = context();
  sef.retake = false;
  if (sef.callbacks?.signalManager === undefined) return;
  yield* kernel.statectl({ request: SYS_STATE_RETAKE_SIGNALS, process: NONE, grant: -1 as GrantId, length: 0, address: 0 as VirtAddr });
  sef.retaking = true;
  yield* drainManaged();
  sef.retaking = false;
}

/** A notification from SYSTEM: a set of kernel signals. */
export function* handleKernelSignals(set: number): Program<void> {
  for (let signal = FIRST_KERNEL_SIGNAL; signal <= LAST_KERNEL_SIGNAL; signal++) {
    if (!signalInSet(set, signal)) continue;
    yield* deliverSignal(signal);
    if (signal === SIGKSIG) yield* drainManaged();
    if (signal === SIGKSIGSM) {
      for (let own = 1; own < FIRST_KERNEL_SIGNAL; own++) if (signalInSet(set, own)) yield* deliverSignal(own);
    }
  }
}
