import { ok, type Program, type Result } from "@procyon-os/message";
import { vm } from "@procyon-os/syslib";
import { RS_TERMINATED, RS_UPDATING } from "./flags.ts";
import { readPrivileges } from "./privileges.ts";
import type { Service } from "./service.ts";

/** What belongs to the code that runs, and not to the endpoint at which it runs. */
const INSTANCE_FLAGS = RS_TERMINATED | RS_UPDATING;

/**
 * Lets two instances change places: the service keeps its endpoint, its pid and its entry, and `other` gets what ran there
 * before (reference/rs-sef-ds-syslib.md 2.10). A second call undoes the first.
 */
export function* swapInstances(service: Service, other: Service): Program<Result<null>> {
  const swapped = yield* vm.rsUpdate({ source: service.endpoint, target: other.endpoint });
  if (!swapped.ok) return swapped;
  const flags = service.flags;
  service.flags = (flags & ~INSTANCE_FLAGS) | (other.flags & INSTANCE_FLAGS);
  other.flags = (other.flags & ~INSTANCE_FLAGS) | (flags & INSTANCE_FLAGS);
  const { program, command, script, processName, vmCalls } = service;
  Object.assign(service, { program: other.program, command: other.command, script: other.script, processName: other.processName, vmCalls: other.vmCalls });
  Object.assign(other, { program, command, script, processName, vmCalls });
  yield* readPrivileges(service);
  yield* readPrivileges(other);
  return ok(null);
}
