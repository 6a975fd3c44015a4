import { ok, VM, type Endpoint, type Program, type Result } from "@procyon-os/message";
import { kernel } from "@procyon-os/syslib";
import { RS_AHEAD, RS_HIT, RS_INITIALIZING, RS_NOPINGREPLY, RS_TERMINATED, RS_UPDATING } from "./flags.ts";
import { isHeld, isStopped } from "./privileges.ts";
import { vmCall } from "./servers.ts";
import type { Service } from "./service.ts";

/** What belongs to the code that runs, and not to the endpoint at which it runs. */
const INSTANCE_FLAGS = RS_TERMINATED | RS_UPDATING | RS_NOPINGREPLY | RS_INITIALIZING | RS_AHEAD;
const instanceFields = [
  "program", "provides", "keepProgram", "command", "script", "processName", "vmCalls", "sysFlags", "period", "patience", "ipcList", "control", "uid", "priority",
  "quantum", "cpu",
] as const satisfies readonly (keyof Service)[];

function swapField<Name extends keyof Service>(one: Service, other: Service, name: Name): void {
  const kept = one[name];
  one[name] = other[name];
  other[name] = kept;
}

/** What changes in the entries when what runs at their endpoints has changed places. Their privileges are still to be read back. */
export function noteSwap(service: Service, other: Service): void {
  const { flags } = service;
  service.flags = (flags & ~INSTANCE_FLAGS) | (other.flags & INSTANCE_FLAGS);
  other.flags = (other.flags & ~INSTANCE_FLAGS) | (flags & INSTANCE_FLAGS);
  for (const name of instanceFields) swapField(service, other, name);
}

/** VM has a part in every swap but its own: of that one it hears when it starts. */
function* exchange(source: Endpoint, target: Endpoint): Program<Result<unknown>> {
  return source === VM ? yield* kernel.update({ source, target }) : yield* vmCall("rsUpdate", { source, target });
}

/**
 * Lets two instances change places: the service keeps its endpoint, its pid and its entry, and `other` gets what ran there
 * before (reference/rs-sef-ds-syslib.md 2.10). A second call undoes the first. Privileges are to be
 * read back then. Runs in a task.
 * @param how "again": an instance of RS that died meanwhile may have begun it
 */
export function* swapInstances(service: Service, other: Service, how: "again" | "once" = "once"): Program<Result<null>> {
  // Who waits to take the place is held until it has it: else the swap has been made.
  const done = how === "again" && !(yield* isHeld(other.endpoint));
  const swapped = done ? ok(null) : yield* exchange(service.endpoint, other.endpoint);
  const wasHit = (service.flags & RS_HIT) !== 0;
  service.flags &= ~RS_HIT;
  if (swapped.ok) noteSwap(service, other);
  // Which of the two a signal meant depends on when it came: the kernel knows whom it stopped.
  for (const one of wasHit ? [service, other] : []) if (yield* isStopped(one.endpoint)) one.flags |= RS_TERMINATED;
  return swapped.ok ? ok(null) : swapped;
}
