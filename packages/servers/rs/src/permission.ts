import { SYS_PROC } from "@procyon-os/contract-kernel";
import { rsContract, SF_CORE_SRV } from "@procyon-os/contract-rs";
import type { Endpoint, ErrorName, Program } from "@procyon-os/message";
import { RS_INITIALIZING, RS_STARTING, RS_TERMINATED, RS_UPDATING } from "./flags.ts";
import { byEndpoint, type RsState } from "./rs-state.ts";
import { pmCall } from "./servers.ts";
import type { Service } from "./service.ts";
import { isUpdated } from "./update.ts";

type RequestName = keyof typeof rsContract.calls;

/**
 * Whether a caller may make a request, for a service where there is a target; the error that it gets where not
 * (reference/rs-sef-ds-syslib.md 2.7). Runs in a task.
 */
export function* refusal(state: RsState, caller: Endpoint, request: RequestName, target: Service | null): Program<"EPERM" | "EBUSY" | null> {
  const who = yield* pmCall("getEpInfo", { endpoint: caller });
  const controls = target !== null && (byEndpoint(state, caller)?.control.includes(target.processName) ?? false);
  if (!(who.ok && who.value.uid === 0) && !controls) return "EPERM";
  if (target === null) return null;
  if ((target.privileges.flags & SYS_PROC) === 0 && request !== "edit") return "EPERM";
  if (target.waiter !== null || isUpdated(state, target) || (target.flags & (RS_INITIALIZING | RS_UPDATING | RS_STARTING)) !== 0) return "EBUSY";
  if ((target.flags & RS_TERMINATED) !== 0 && request !== "down" && request !== "restart") return "EPERM";
  if ((target.sysFlags & SF_CORE_SRV) !== 0 && request === "down") return "EPERM";
  return null;
}

/** For handlers whose contract names both errors. */
export type Refusal = Extract<ErrorName, "EPERM" | "EBUSY">;
