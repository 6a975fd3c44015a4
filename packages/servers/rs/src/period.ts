import { SYS_STATE_WATCHDOG } from "@procyon-os/contract-kernel";
import { instanceLocal, NONE, RS, type GrantId, type Program, type Ticks, type VirtAddr } from "@procyon-os/message";
import { kernel, notify, panic } from "@procyon-os/syslib";
import { RS_ACTIVE, RS_DELTA_SECONDS, RS_INIT_SECONDS, RS_INITIALIZING, RS_NOPINGREPLY, RS_SILENT_SECONDS, RS_TERMINATED, RS_UPDATING, STOP_PERIODS } from "./flags.ts";
import { whatDoes } from "./at-work.ts";
import { linkBackups, takeDeadReplicas } from "./backups.ts";
import { cleanup } from "./create.ts";
import { byEndpoint, instances, lately, noteTime, type RsState } from "./rs-state.ts";
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

/** Whether a service that has not answered for two periods goes on all the same. */
function* isSpared(state: RsState, service: Service, time: number): Program<boolean> {
  if (instances(state).some((other) => other !== service && (other.flags & RS_INITIALIZING) !== 0)) {
    service.aliveTime = time; // another service's start may hold it up
    service.checkTime = time + 1;
    return true;
  }
  if (service.patience === 0) return false;
  const doing = yield* whatDoes(state, service, time);
  return doing === "starves" || (doing === "works" && time - service.aliveTime <= service.patience);
}

const periods = instanceLocal<{ wasBehind: boolean }>("rs periods", () => ({ wasBehind: false }));

/** Whether RS has got no CPU for some periods: it reads what came meanwhile before it says that somebody is late, in the next period. */
function isBehind(state: RsState, time: number): boolean {
  periods().wasBehind = time - lately() > 2 * RS_DELTA_SECONDS * state.hz && !periods().wasBehind;
  return periods().wasBehind;
}

/** Another instance of RS has begun, and answers to the one before may be lost: nobody is late, and all are asked again. */
export function forgiveAll(state: RsState, time: number): void {
  for (const service of instances(state)) {
    if ((service.flags & RS_INITIALIZING) === 0 && service.aliveTime < service.checkTime) Object.assign(service, { aliveTime: time, checkTime: 0 });
  }
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
    if (!initializing && (yield* isSpared(state, service, time))) return;
    service.flags |= RS_NOPINGREPLY;
    yield* crashService(service);
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
  const behind = isBehind(state, time);
  noteTime(time);
  yield* checkUpdateTime(state, time);
  yield* lookAfterReplicas(state);
  for (const service of instances(state)) {
    // While it prepares for an update its own time counts; the new version has as long as any to initialize.
    const prepares = (service.flags & RS_UPDATING) !== 0 && (service.flags & RS_INITIALIZING) === 0;
    if ((service.flags & RS_ACTIVE) !== 0 && !prepares && !behind) yield* lookAfter(state, service, time);
  }
  yield* armPeriod(state);
}
