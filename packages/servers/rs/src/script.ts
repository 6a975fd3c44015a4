import type { Program } from "@procyon-os/message";
import { printf } from "@procyon-os/syslib";
import { RS_NOPINGREPLY, RS_REFRESHING } from "./flags.ts";
import type { RsState } from "./rs-state.ts";
import type { Service } from "./service.ts";
import { killService } from "./run.ts";

/** Why a script runs, as its second argument says. */
export function scriptReason(service: Service): "restart" | "no-heartbeat" | "terminated" {
  if ((service.flags & RS_REFRESHING) !== 0) return "restart";
  return (service.flags & RS_NOPINGREPLY) !== 0 ? "no-heartbeat" : "terminated";
}

/** The one policy that needs no process: bring the service down. */
const DOWN_SCRIPT = "/etc/rs.single";

/**
 * Runs the recovery script of a service. A hosted RS cannot fork itself into a shell; the stock script `/etc/rs.single`
 * (bring it down) is done here, any other ends the service with a clear word.
 */
export function* runScript(state: RsState, service: Service): Program<void> {
  const reason = scriptReason(service);
  if (service.script === DOWN_SCRIPT) return yield* killService(state, service, `${reason}: brought down, as ${DOWN_SCRIPT} says`);
  yield* printf(`RS: ${service.label}: recovery script ${service.script} (${reason}) cannot run in this version\n`);
  yield* killService(state, service, "brought down, since its recovery script cannot run");
}
