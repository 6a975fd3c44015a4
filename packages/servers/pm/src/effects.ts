import {
  GET_PROC, MF_REPLY_PEND, PROCESS_BYTES, RC_RESUME, RTS_NO_PRIV, RTS_RECEIVING, RTS_SENDING, processEntry,
} from "@procyon-os/contract-kernel";
import { fail, ok, PM, type Endpoint, type Program, type Result, type Ticks, type VirtAddr } from "@procyon-os/message";
import { kernel, kernelStructure, panic, scratchBytes, textBytes, vm } from "@procyon-os/syslib";
import type { PmState } from "./state.ts";

const NAME_BYTES = 16;

/**
 * What PM does to a process that cannot be taken back: it runs on, it is gone, it is signalled. Such effects are part of the
 * state until they are done, and are done when that state is saved. So a request that PM's death cuts off has let nobody run
 * on, and can be handled again from its beginning; and what was decided happens, if need be by the next instance.
 */
export type Effect =
  | { readonly what: "resume"; readonly endpoint: Endpoint }
  | { readonly what: "exec"; readonly endpoint: Endpoint; readonly stackPointer: number; readonly entry: number; readonly name: string }
  | { readonly what: "clear"; readonly endpoint: Endpoint }
  | { readonly what: "vmExit"; readonly endpoint: Endpoint }
  | { readonly what: "kill"; readonly endpoint: Endpoint; readonly signal: number }
  | { readonly what: "timer"; readonly endpoint: Endpoint; readonly timer: number; readonly ticks: number }
  | { readonly what: "trace"; readonly endpoint: Endpoint; readonly request: number; readonly address: number; readonly data: number };

/** Notes an effect: it comes when this round is saved, after the answers. */
export function afterwards(state: PmState, effect: Effect): void {
  state.effects.push(effect);
}

/** What would let a process run on in this round is off: it is stopped after all. */
export function staysStopped(state: PmState, endpoint: Endpoint): void {
  if (state.effects.length === 0) return;
  state.effects = state.effects.filter((effect) => effect.endpoint !== endpoint || effect.what !== "resume");
}

/** The process ends: nothing but its end is done to it any more. */
export function letRest(state: PmState, endpoint: Endpoint): void {
  if (state.effects.length > 0) state.effects = state.effects.filter((effect) => effect.endpoint !== endpoint);
}

/** Whether a process is in a call to PM that PM has taken, or has not begun to run at all: its new program has not started. */
function* hasNotStarted(endpoint: Endpoint): Program<boolean> {
  const bytes = yield* kernelStructure(GET_PROC, PROCESS_BYTES, endpoint);
  if (bytes === null) return false;
  const { rtsFlags, miscFlags, getFrom } = processEntry.decode(bytes);
  if ((rtsFlags & (RTS_RECEIVING | RTS_SENDING)) !== RTS_RECEIVING) return false;
  return (rtsFlags & RTS_NO_PRIV) !== 0 || (getFrom === PM && (miscFlags & MF_REPLY_PEND) !== 0);
}

function* startProgram(effect: Effect & { what: "exec" }): Program<Result<unknown>> {
  const padded = new Uint8Array(NAME_BYTES);
  padded.set(textBytes(effect.name));
  const name = yield* scratchBytes(padded);
  return yield* kernel.exec({ process: effect.endpoint, stackPointer: effect.stackPointer as VirtAddr, name, entry: effect.entry as VirtAddr });
}

function* make(effect: Effect): Program<Result<unknown>> {
  const process = effect.endpoint;
  switch (effect.what) {
    case "resume":
      return yield* kernel.runctl({ process, action: RC_RESUME, flags: 0 });
    case "exec":
      return yield* startProgram(effect);
    case "clear":
      return yield* kernel.clear({ process });
    case "vmExit":
      return yield* vm.exit({ process });
    case "kill":
      return yield* kernel.kill({ process, signal: effect.signal });
    case "timer":
      return yield* kernel.vtimer({ timer: effect.timer, set: true, value: effect.ticks as Ticks, process });
    case "trace":
      return yield* kernel.trace({ process, request: effect.request, address: effect.address, data: effect.data });
  }
}

/** A process may be gone by the time that it is signalled. */
const mayFail = ({ what }: Effect): boolean => what === "kill";

/** Makes an effect before the state is saved: on a process that does not run on until PM has answered, and that may be made twice. */
export function* makeNow(effect: Effect): Program<Result<Record<never, never>, "ESRCH">> {
  const made = yield* make(effect);
  return made.ok ? ok({}) : fail("ESRCH");
}

/** Makes what was noted. True where there was something. */
export function* makeEffects(state: PmState): Program<boolean> {
  if (state.effects.length === 0) return false;
  for (const effect of state.effects) {
    const done = yield* make(effect);
    if (!done.ok && !mayFail(effect)) return yield* panic(`${effect.what} of ${effect.endpoint} failed: ${done.error}`);
  }
  state.effects = [];
  return true;
}

/** After a crash: makes what the instance before had noted and perhaps made in part. What is done already may fail, or is left out. */
export function* makeEffectsAgain(state: PmState): Program<void> {
  for (const effect of state.effects) {
    if (effect.what === "kill" && effect.endpoint === PM) continue; // it was for the instance that is gone
    if (effect.what !== "exec" || (yield* hasNotStarted(effect.endpoint))) yield* make(effect);
  }
  state.effects = [];
}
