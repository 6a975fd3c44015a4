import {
  SIGACTION_BYTES, SIG_BLOCK, SIG_DFL, SIG_IGN, SIG_INQUIRE, SIG_SETMASK, SIG_UNBLOCK, decodeSigAction, encodeSigAction,
} from "@procyon-os/contract-pm";
import { NSIG, SIGKILL, fail, ok } from "@procyon-os/message";
import { NO_REPLY, kernel, readProcess, writeProcess } from "@procyon-os/syslib";
import { actionOf, setAction } from "./actions.ts";
import type { PmHandler } from "./handlers.ts";
import { UNMASKABLE, checkPending } from "./signals.ts";

/** SIGACTION: what happens on a signal. SIGKILL is accepted and nothing is done. */
export const sigaction: PmHandler<"sigaction"> = function* (_state, caller, request) {
  const { signal } = request;
  if (signal === SIGKILL) return ok({});
  if (signal < 1 || signal >= NSIG) return fail("EINVAL");
  if (request.oldAction !== 0) {
    const old = encodeSigAction(actionOf(caller, signal));
    if (!(yield* writeProcess(caller.endpoint, request.oldAction, old)).ok) return fail("EFAULT");
  }
  if (request.action === 0) return ok({});
  const bytes = yield* readProcess(caller.endpoint, request.action, SIGACTION_BYTES);
  if (!bytes.ok) return fail("EFAULT");

  const action = decodeSigAction(bytes.value);
  const bit = 1 << signal;
  caller.ignored &= ~bit;
  caller.caught &= ~bit;
  if (action.handler === SIG_IGN) {
    caller.ignored |= bit;
    caller.pending &= ~bit;
    caller.pendingFromKernel &= ~bit;
  } else if (action.handler !== SIG_DFL) caller.caught |= bit;
  setAction(caller, signal, { ...action, mask: action.mask & ~UNMASKABLE });
  caller.returnStub = request.returnStub;
  return ok({});
};

/** SIGPENDING: what waits because it is blocked. */
export const sigpending: PmHandler<"sigpending"> = function* (_state, caller) {
  return ok({ set: caller.pending >>> 0 });
};

/** SIGPROCMASK: changes the mask; what is unblocked and pending happens before the caller goes on. */
export const sigprocmask: PmHandler<"sigprocmask"> = function* (state, caller, { how, set }) {
  const oldMask = caller.mask >>> 0;
  const maskable = set & ~UNMASKABLE;
  switch (how) {
    case SIG_BLOCK: caller.mask |= maskable; break;
    case SIG_UNBLOCK: caller.mask &= ~set; break;
    case SIG_SETMASK: caller.mask = maskable; break;
    case SIG_INQUIRE: return ok({ oldMask });
    default: return fail("EINVAL");
  }
  if (how !== SIG_BLOCK) yield* checkPending(state, caller);
  return ok({ oldMask });
};

/** SIGSUSPEND: waits for a signal under another mask. */
export const sigsuspend: PmHandler<"sigsuspend"> = function* (state, caller, { mask }) {
  caller.suspendedMask = caller.mask;
  caller.mask = mask & ~UNMASKABLE;
  yield* checkPending(state, caller);
  return NO_REPLY;
};

/** PAUSE: waits for a signal. */
export const pause: PmHandler<"pause"> = function* (_state, caller) {
  caller.paused = true;
  return NO_REPLY;
};

/** SIGRETURN. The answer only releases the caller from its call: its registers, the result's too, are the restored ones. */
export const sigreturn: PmHandler<"sigreturn"> = function* (state, caller, { mask, context }) {
  caller.mask = mask & ~UNMASKABLE;
  const restored = yield* kernel.sigreturn({ process: caller.endpoint, context });
  yield* checkPending(state, caller);
  return restored.ok ? ok({}) : fail("EFAULT");
};
