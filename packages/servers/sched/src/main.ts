import { GET_MACHINE, machine } from "@procyon-os/contract-kernel";
import { schedContract } from "@procyon-os/contract-sched";
import { CLOCK, fail, isNotify, messageSource, ok, type Program, type Result, type ServiceImage } from "@procyon-os/message";
import { queueReply, restoreState, sefReceive, sefStartup, type InitInfo } from "@procyon-os/sef";
import { dispatch, kernelStructure, panic } from "@procyon-os/syslib";
import { inherit, setNice, start, stop, type SchedHandlers } from "./control.ts";
import { armBalance, balance, noQuantum } from "./quantum.ts";
import { schedule } from "./schedule.ts";
import { schedState, type SchedState } from "./state.ts";

const handlers: SchedHandlers = { noQuantum, start, stop, setNice, inherit };

function* initFresh(): Program<Result<SchedState>> {
  const bytes = yield* kernelStructure(GET_MACHINE, machine.bytes);
  if (bytes === null) return fail("EGENERIC");
  const { processors, bootProcessor } = machine.decode(bytes);
  return ok({ processes: new Map(), bootCpu: bootProcessor, deadCpus: Array.from({ length: Math.max(1, processors) }, () => false) });
}

/** After a crash: whoever was out of quantum when SCHED died has a new one at once. */
function* initRestart(info: InitInfo, saved: SchedState | null): Program<Result<SchedState>> {
  for (const process of saved?.processes.values() ?? []) yield* schedule(process);
  return yield* restoreState(info, saved);
}

/** SCHED: decides who runs when, for every process that PM and RS hand to it (reference/posix-abi.md 3). */
function* main(): Program<never> {
  const state = yield* sefStartup(schedState, { initFresh, initRestart });
  yield* armBalance();
  for (;;) {
    const received = yield* sefReceive();
    if (received.result !== 0) return yield* panic(`receive failed: ${received.result}`);
    const source = messageSource(received.message);
    if (isNotify(received.status)) {
      if (source === CLOCK) yield* balance(state);
      continue;
    }
    const answer = yield* dispatch(schedContract, handlers, state, received);
    if (answer !== null) queueReply(received, answer);
  }
}

/** The scheduler as a hosted service. */
export const sched: ServiceImage = { name: "@procyon-os/sched", version: "0.1.0", dataBytes: 128 * 1024, stackBytes: 32 * 1024, contract: schedContract, state: schedState, main };
