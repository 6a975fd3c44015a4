import { SF_USE_REPL } from "@procyon-os/contract-rs";
import { fail, ok, type Endpoint, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { bytesText, NO_REPLY, printf, readProcess, type NoReply, type Received } from "@procyon-os/syslib";
import { messageType } from "@procyon-os/message";
import { readLabel } from "./configure.ts";
import { addReplica } from "./create.ts";
import { RS_CLONING, RS_EXITING, RS_REFRESHING, RS_TERMINATED } from "./flags.ts";
import { refusal } from "./permission.ts";
import { restartService } from "./restart.ts";
import { byLabel, instances, type RsState } from "./rs-state.ts";
import { stopService } from "./run.ts";
import type { Service } from "./service.ts";
import { startTask } from "./task.ts";
import { endForGood } from "./terminate.ts";

type LabelRequest = { readonly label: VirtAddr; readonly labelLength: number };
type Answer = Result<Record<never, never>, any>;

function* findTarget(state: RsState, caller: Endpoint, name: "down" | "refresh" | "restart" | "clone", request: LabelRequest): Program<Result<Service, any>> {
  const label = yield* readLabel(caller, { address: request.label, length: request.labelLength });
  if (!label.ok) return label;
  const service = byLabel(state, label.value);
  if (service === null) return fail("ESRCH");
  const refused = yield* refusal(state, caller, name, service);
  return refused === null ? ok(service) : fail(refused);
}

/** RS_DOWN: ends a service; the answer comes when it is gone. */
export function* down(state: RsState, caller: Endpoint, request: LabelRequest, received: Received): Program<Answer | NoReply> {
  const found = yield* findTarget(state, caller, "down", request);
  if (!found.ok) return found;
  const service = found.value;
  service.waiter = { endpoint: caller, request: messageType(received.message) };
  if ((service.flags & RS_TERMINATED) !== 0) {
    service.flags |= RS_EXITING;
    yield* endForGood(state, service);
  } else {
    yield* stopService(service, RS_EXITING);
  }
  return NO_REPLY;
}

/** RS_REFRESH: ends a service and starts it again; answers at once. */
export function* refresh(state: RsState, caller: Endpoint, request: LabelRequest): Program<Answer> {
  const found = yield* findTarget(state, caller, "refresh", request);
  if (!found.ok) return found;
  yield* stopService(found.value, RS_REFRESHING);
  return ok({});
}

/** RS_RESTART: starts a service again that has ended; for recovery scripts and people. */
export function* restart(state: RsState, caller: Endpoint, request: LabelRequest): Program<Answer> {
  const found = yield* findTarget(state, caller, "restart", request);
  if (!found.ok) return found;
  if ((found.value.flags & RS_TERMINATED) === 0) return fail("EBUSY");
  found.value.backoff = 0;
  yield* restartService(state, found.value, false);
  return ok({});
}

/** RS_CLONE: keeps a replica of a service ready from now on. */
export function* clone(state: RsState, caller: Endpoint, request: LabelRequest): Program<Answer> {
  const found = yield* findTarget(state, caller, "clone", request);
  if (!found.ok) return found;
  const service = found.value;
  if (service.replicas.length > 0 || (service.flags & RS_CLONING) !== 0) return fail("EEXIST");
  service.sysFlags |= SF_USE_REPL;
  yield* startTask(state, (function* (): Program<void> {
    const made = yield* addReplica(state, service);
    if (made.ok) return;
    service.sysFlags &= ~SF_USE_REPL;
    yield* printf(`RS: ${service.label}: no replica: ${made.error}\n`);
  })());
  return ok({});
}

/** RS_SHUTDOWN: what ends from now on stays down. */
export function* shutdown(state: RsState, caller: Endpoint): Program<Answer> {
  const refused = yield* refusal(state, caller, "shutdown", null);
  if (refused !== null) return fail("EPERM");
  state.shuttingDown = true;
  for (const service of instances(state)) service.flags |= RS_EXITING;
  return ok({});
}

/** RS_LOOKUP: the endpoint behind a label; open to all. */
export function* lookup(state: RsState, caller: Endpoint, request: { name: VirtAddr; nameLength: number }): Program<Result<{ endpoint: Endpoint }, "EINVAL" | "ESRCH" | "EFAULT">> {
  if (request.nameLength < 2 || request.nameLength >= 100) return fail("EINVAL");
  const bytes = yield* readProcess(caller, request.name, request.nameLength);
  if (!bytes.ok) return fail("EFAULT");
  const service = byLabel(state, bytesText(bytes.value));
  return service === null ? fail("ESRCH") : ok({ endpoint: service.endpoint });
}

