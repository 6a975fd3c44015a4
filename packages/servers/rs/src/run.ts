import { RS_INIT, rsContract, SEF_INIT_LU } from "@procyon-os/contract-rs";
import { SYS_PRIV_ALLOW, SYS_PROC } from "@procyon-os/contract-kernel";
import { vfsContract } from "@procyon-os/contract-vfs";
import { encodeRequest, NONE, ok, RS, SIGKILL, SIGTERM, VFS, type Message, type Program, type Result } from "@procyon-os/message";
import { queueMessage } from "@procyon-os/sef";
import { allocate, free, kernel, printf, store, textBytes } from "@procyon-os/syslib";
import { RS_ACTIVE, RS_EXITING, RS_INITIALIZING } from "./flags.ts";
import { publishLabel } from "./labels.ts";
import { isHeld, privctl } from "./privileges.ts";
import { lately, linked, now, showPublic, type RsState } from "./rs-state.ts";
import type { Service } from "./service.ts";
import { taskCall } from "./task.ts";

/** Marks an instance as one that was asked to initialize, and gives the request. */
export function* initRequest(state: RsState, service: Service, type: number): Program<Message> {
  service.flags |= RS_INITIALIZING;
  service.aliveTime = type === SEF_INIT_LU ? lately() : yield* now();
  service.checkTime = service.aliveTime + 1; // an answer is expected
  // After the swap the entry of the new version stands for the old instance.
  const other = linked(state, type === SEF_INIT_LU ? service.newVersion : service.previous);
  const message = encodeRequest(rsContract.base, rsContract.calls.init, {
    result: 0, type, kept: 0, rprocTable: state.publicGrant, oldEndpoint: other === null ? NONE : other.endpoint, self: service.endpoint,
  });
  message[1] = RS_INIT;
  return message;
}

/** Lets an instance run, and asks it to initialize. */
export function* runService(state: RsState, service: Service, type: number): Program<Result<unknown>> {
  const allowed = yield* privctl(service.endpoint, SYS_PRIV_ALLOW);
  if (!allowed.ok && (yield* isHeld(service.endpoint))) return allowed;
  // For a RECEIVE alone: where the new version dies before it takes this, it must not end the SENDREC of the old one.
  if ((service.privileges.flags & SYS_PROC) !== 0) queueMessage(service.endpoint, yield* initRequest(state, service, type), "senda");
  return ok(null);
}

function* mapDriver(service: Service): Program<Result<unknown>> {
  // VFS finds the process by its label, which DS has already.
  const name = textBytes(service.label, true);
  const label = yield* allocate(name.length);
  yield* store(label, name);
  const mapped = yield* taskCall(vfsContract, VFS, "mapDriver", {
    label, labelLength: service.label.length, major: service.major, style: service.deviceStyle, flags: service.deviceFlags,
  });
  free(label);
  return mapped;
}

/** Makes a service known: its label in DS, its device in VFS, its entry in the public table. Runs in a task. */
export function* publishService(state: RsState, service: Service): Program<Result<unknown>> {
  service.flags |= RS_ACTIVE;
  yield* showPublic(state, service.index);
  const published = yield* publishLabel(service.label, service.endpoint);
  if (!published.ok) return published;
  return service.major > 0 ? yield* mapDriver(service) : ok(null);
}

/** Says what happened, ends the process by force, and does not start it again. */
export function* killService(state: RsState, service: Service, why: string): Program<void> {
  if (!state.shuttingDown) yield* printf(`RS: ${service.label}: ${why}\n`);
  service.flags |= RS_EXITING;
  yield* kernel.kill({ process: service.endpoint, signal: SIGKILL });
}

/** Ends a process by force; what follows depends on its flags. */
export function* crashService(service: Service): Program<void> {
  yield* kernel.kill({ process: service.endpoint, signal: SIGKILL });
}

/** Asks a service to end; two periods later it is killed. */
export function* stopService(service: Service, how: number): Program<void> {
  service.flags |= how;
  if (service.endpoint !== RS) yield* kernel.kill({ process: service.endpoint, signal: SIGTERM }); // to RS this says that the system goes down
  service.stopTime = yield* now();
}
