import { SYS_STATE_WATCHDOG } from "@procyon-os/contract-kernel";
import { NONE, RS, type GrantId, type Program, type Ticks, type VirtAddr } from "@procyon-os/message";
import { kernel, notify, panic } from "@procyon-os/syslib";
import { RS_ACTIVE, RS_DELTA_SECONDS, RS_INIT_SECONDS, RS_INITIALIZING, RS_NOPINGREPLY, RS_SILENT_SECONDS, RS_TERMINATED, RS_UPDATING, STOP_PERIODS } from "./flags.ts";
import { linkBackups, takeDeadReplicas } from "./backups.ts";
import { cleanup } from "./create.ts";
import { byEndpoint, instances, noteTime, type RsState } from "./rs-state.ts";
import { keepReplica, restartService } from "./restart.ts";
import { crashService } from "./run.ts";
import type { Service } from "./service.ts";
import { checkUpdateTime } from "./update.ts";

/** Lets the kernel end RS, so that its replica goes on, where it does not say in time that it is there. */
export function* watchRs(state: RsState, seconds: number): Program<void> {
  const length = seconds * state.hz;
  yield* kernel.statectl({ request: SYS_STATE_WATCHDOG, process: NONE, grant: -1 as GrantId, length, address: 0 as VirtAddr });
}

/** Sets the alarm for the next period, and says that RS is there. */
export function* armPeriod(state: RsState): Program<void> {
  yield* watchRs(state, RS_SILENT_SECONDS);
  const set = yield* kernel.setalarm({ expiresAt: (RS_DELTA_SECONDS * state.hz) as Ticks, absolute: false });
  if (!set.ok) yield* panic(`no alarm: ${set.error}`);
}

function* lookAfter(state: RsState, service: Service, time: number): Program<void> {
  const delta = RS_DELTA_SECONDS * state.hz;
  const initializing = (service.flags & RS_INITIALIZING) !== 0;
  const period = initializing ? RS_INIT_SECONDS * state.hz : service.period;
  if (service.backoff > 0) {
    service.backoff--;
    if (service.backoff === 0) yield* restartService(state, service);
  } else if ((service.flags & RS_TERMINATED) !== 0) {
    return; // its restart is under way, or its script's
  } else if (service.stopTime > 0 && time - service.stopTime > STOP_PERIODS * delta && service.pid > 0) {
    service.stopTime = 0;
    yield* crashService(service);
  } else if (period > 0 && service.aliveTime < service.checkTime) {
    if (time - service.aliveTime <= 2 * period || service.pid <= 0 || (service.flags & RS_NOPINGREPLY) !== 0) return;
    const starting = instances(state).some((other) => other !== service && (other.flags & RS_INITIALIZING) !== 0);
    if (starting && !initializing) {
      service.aliveTime = time; // another service's start may hold it up
      service.checkTime = time + 1;
    } else {
      service.flags |= RS_NOPINGREPLY;
      yield* crashService(service);
    }
  } else if (period > 0 && !initializing && time - service.checkTime > service.period) {
    yield* notify(service.endpoint);
    service.checkTime = time;
  }
}

/** Replicas of RS that somebody has killed: others take their place. */
function* lookAfterReplicas(state: RsState): Program<void> {
  const rs = byEndpoint(state, RS);
  const dead = rs === null ? [] : yield* takeDeadReplicas(state, rs);
  if (rs === null || dead.length === 0) return;
  yield* linkBackups(state, rs);
  for (const one of dead) yield* cleanup(state, one);
  yield* keepReplica(state, rs);
}

/** Once a period: pings, time-outs, back-off, updates (reference/rs-sef-ds-syslib.md 2.13; the init time-out fires here). */
export function* doPeriod(state: RsState, time: number): Program<void> {
  noteTime(time);
  yield* checkUpdateTime(state, time);
  yield* lookAfterReplicas(state);
  for (const service of instances(state)) {
    // While it prepares for an update its own time counts; the new version has as long as any to initialize.
    const prepares = (service.flags & RS_UPDATING) !== 0 && (service.flags & RS_INITIALIZING) === 0;
    if ((service.flags & RS_ACTIVE) !== 0 && !prepares) yield* lookAfter(state, service, time);
  }
  yield* armPeriod(state);
}
