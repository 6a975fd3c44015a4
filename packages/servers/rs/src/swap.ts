import { ok, type Program, type Result } from "@procyon-os/message";
import { vm } from "@procyon-os/syslib";
import { RS_INITIALIZING, RS_NOPINGREPLY, RS_TERMINATED, RS_UPDATING } from "./flags.ts";
import { readPrivileges } from "./privileges.ts";
import type { Service } from "./service.ts";

/** What belongs to the code that runs, and not to the endpoint at which it runs. */
const INSTANCE_FLAGS = RS_TERMINATED | RS_UPDATING | RS_NOPINGREPLY | RS_INITIALIZING;
const instanceFields = [
  "program", "keepProgram", "command", "script", "processName", "vmCalls", "sysFlags", "period", "ipcList", "control", "uid", "priority",
  "quantum", "cpu",
] as const satisfies readonly (keyof Service)[];

function swapField<Name extends keyof Service>(one: Service, other: Service, name: Name): void {
  const kept = one[name];
  one[name] = other[name];
  other[name] = kept;
}

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
  for (const name of instanceFields) swapField(service, other, name);
  yield* readPrivileges(service);
  yield* readPrivileges(other);
  return ok(null);
}
