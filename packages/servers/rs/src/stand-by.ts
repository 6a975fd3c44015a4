import { SYS_PRIV_ALLOW, SYS_PRIV_DISALLOW, SYS_STATE_SUCCESSOR } from "@procyon-os/contract-kernel";
import { errorCode, fail, messageType, newMessage, ok, RS, type GrantId, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { kernel } from "@procyon-os/syslib";
import { RS_INIT_SECONDS, RS_STANDING_BY, RS_TERMINATED } from "./flags.ts";
import { privctl } from "./privileges.ts";
import { instances, now, type RsState, type Update } from "./rs-state.ts";
import type { Service } from "./service.ts";
import { answerTask, awaitWord } from "./task.ts";

/** Whether a version makes itself ready while the old one serves. A program in C begins when it has its place; what replaces RS too. */
function beginsEarly(service: Service, version: Service): boolean {
  return version.program?.kind === "hosted" && service.endpoint !== RS;
}

/**
 * Lets a new version run until it waits to be initialized, and holds it again: what it can do without the state is done before the
 * old one is asked to make way. Runs in a task.
 */
export function* standBy(state: RsState, update: Update, service: Service, version: Service): Program<Result<null, "ERESTART">> {
  if (!beginsEarly(service, version)) return ok(null);
  update.phase = "standing by";
  update.startTime = yield* now();
  version.flags |= RS_STANDING_BY;
  // It may read the state while the old one serves; where it may not, it does so later.
  yield* kernel.statectl({ request: SYS_STATE_SUCCESSOR, process: version.endpoint, grant: -1 as GrantId, length: service.endpoint >>> 0, address: 0 as VirtAddr });
  const allowed = yield* privctl(version.endpoint, SYS_PRIV_ALLOW);
  const word = allowed.ok ? yield* awaitWord(version.endpoint) : newMessage(errorCode("EINVAL"));
  version.flags &= ~RS_STANDING_BY;
  if (messageType(word) !== 0) return fail("ERESTART");
  const held = yield* privctl(version.endpoint, SYS_PRIV_DISALLOW);
  return held.ok && (version.flags & RS_TERMINATED) === 0 ? ok(null) : fail("ERESTART");
}

/** A version says that it is ready, or has ended (a negative error): its update goes on. */
export function* endStandBy(state: RsState, version: Service, result: number): Program<void> {
  if ((version.flags & RS_STANDING_BY) !== 0) yield* answerTask(state, version.endpoint, newMessage(result));
}

/** A version that does not get ready is given up. */
export function* checkStandBy(state: RsState, update: Update, time: number): Program<void> {
  if (update.phase !== "standing by" || time - update.startTime <= 2 * RS_INIT_SECONDS * state.hz) return;
  for (const version of instances(state)) yield* endStandBy(state, version, errorCode("ERESTART"));
}
