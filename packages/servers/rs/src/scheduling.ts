import { SCHEDCTL_FLAG_KERNEL } from "@procyon-os/contract-kernel";
import { fail, HARDWARE, NONE, ok, RS, SCHED, type Program, type Result } from "@procyon-os/message";
import { kernel, printf } from "@procyon-os/syslib";
import { schedContract } from "@procyon-os/contract-sched";
import type { Service } from "./service.ts";
import { RS_AHEAD } from "./flags.ts";
import { taskCall } from "./task.ts";

/** The kernel as scheduler (MINIX: KERNEL, the endpoint -1). */
export const KERNEL_SCHEDULER = HARDWARE;
const BOOT_CPU = 0;
/** The queue and quantum (ms) of an instance that others wait for: those of PM and DS. */
const AHEAD = { priority: 4, quantumMs: 500 } as const;

/** Gives the process to its scheduler: the kernel, SCHED (then it runs in a task), or none at all. */
export function* startScheduling(service: Service): Program<Result<null>> {
  const { endpoint: process, scheduler, priority, quantum, cpu } = service;
  if (scheduler === NONE) return ok(null);
  if (scheduler === KERNEL_SCHEDULER) {
    const give = (where: number) => kernel.schedctl({ flags: SCHEDCTL_FLAG_KERNEL, process, quantumMs: quantum, priority, cpu: where });
    let given = yield* give(cpu);
    if (!given.ok && given.error === "EBADCPU") {
      yield* printf(`RS: ${service.label}: there is no processor ${cpu}, it runs on the first\n`);
      given = yield* give(BOOT_CPU);
    }
    return given.ok ? ok(null) : given;
  }
  if (scheduler !== SCHED) return fail("EINVAL");
  const started = yield* taskCall(schedContract, SCHED, "start", { process, quantum, parent: RS, maxPriority: priority });
  return started.ok ? ok(null) : started;
}

/** Takes the process from its scheduler, since it ends or gets another. What SCHED says to that is of no interest. Runs in a task. */
export function* stopScheduling({ scheduler, endpoint: process }: Pick<Service, "scheduler" | "endpoint">): Program<void> {
  if (scheduler === SCHED && process !== NONE) yield* taskCall(schedContract, SCHED, "stop", { process });
}

/**
 * Lets a new version run ahead of users' processes from now on, since nobody is served until it has taken over. One that uses up its
 * quantum at the service's endpoint is SCHED's again. Runs in a task.
 */
export function* runAhead(version: Service): Program<void> {
  const { scheduler, priority, endpoint: process } = version;
  if (scheduler === NONE || (scheduler === KERNEL_SCHEDULER && priority <= AHEAD.priority)) return;
  yield* stopScheduling(version);
  const given = yield* kernel.schedctl({ flags: SCHEDCTL_FLAG_KERNEL, process, cpu: -1, ...AHEAD });
  if (!given.ok) yield* printf(`RS: ${version.label}: its new version has no scheduler until it serves: ${given.error}\n`);
  version.flags |= RS_AHEAD;
}

/** Lets an instance that ran ahead run as its settings say. Runs in a task. */
export function* runAsSet(service: Service): Program<void> {
  if ((service.flags & RS_AHEAD) === 0) return;
  const scheduled = yield* startScheduling(service);
  service.flags &= ~RS_AHEAD;
  if (!scheduled.ok) yield* printf(`RS: ${service.label}: is scheduled as while it was updated: ${scheduled.error}\n`);
}
