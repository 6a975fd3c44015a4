import { MIN_USER_Q } from "@procyon-os/contract-sched";
import { fail, isFromKernel, type Program, type Ticks } from "@procyon-os/message";
import { NO_REPLY, kernel, printf, systemHz } from "@procyon-os/syslib";
import type { SchedHandlers } from "./control.ts";
import { schedule } from "./schedule.ts";
import { change, findScheduled, type SchedState } from "./state.ts";

const BALANCE_SECONDS = 5;

/** A process has used its quantum up: it sinks one queue and gets another. Only the kernel can say so. */
export const noQuantum: SchedHandlers["noQuantum"] = function* (state, caller, _request, { status }) {
  if (!isFromKernel(status)) return fail("EPERM");
  const process = findScheduled(state, caller);
  if (typeof process === "string") {
    yield* printf(`sched: ${caller} is not scheduled here\n`);
    return NO_REPLY;
  }
  if (process.priority < MIN_USER_Q) change(process).priority++;
  yield* schedule(process);
  return NO_REPLY;
};

/** Asks for the next `balance`. */
export function* armBalance(): Program<void> {
  yield* kernel.setalarm({ expiresAt: (BALANCE_SECONDS * (yield* systemHz())) as Ticks, absolute: false });
}

/** Lifts every process that has sunk by one queue toward its best. */
export function* balance(state: SchedState): Program<void> {
  for (const process of state.processes.values()) {
    if (process.priority <= process.maxPriority) continue;
    change(process).priority--;
    yield* schedule(process);
  }
  yield* armBalance();
}
